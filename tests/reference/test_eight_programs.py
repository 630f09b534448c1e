"""The eight programs that decide the design, each in the literal reference, against mathematics or an oracle.

IWAE, MIWAE (with PIWAE's two players), M2's unlabelled bound, MVAE, WGAN-GP, a deep Markov model, MINE, DPO.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support import cases
from tests.support.oracles import gradients_of, oracle
from tests.support.reference import reference, resolved

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def double(value: object) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64)


# -- IWAE ----------------------------------------------------------------------------------------------


def test_iwae() -> None:
    """The log of a mean over K draws, inside the mean over the batch."""
    known = oracle("pythae_iwae")
    nets = known.networks()
    judge = reference(
        r"\mathbb{E}_{z_{1:K}\sim q(z|x)}\left[\log\frac1K\sum_{k=1}^K\frac{p(x,z_k)}{q(z_k|x)}\right]",
        {
            "q(z|x)": f2d.Normal(nets["enc"]),
            "p(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0),
            "K": int(known.number("input/K")),
        },
        {"x": known.tensor("input/x")},
        {"z": known.tensor("noise/eps").transpose(0, 1)},
    )
    out = judge.run()
    assert_close(out.loss.item(), known.number("value"), **EXACT)
    out.loss.backward()
    assert_close(gradients_of(nets), known.gradients(), **EXACT)


# -- MIWAE and PIWAE -----------------------------------------------------------------------------------


def test_piwae_has_two_players_on_the_same_draws() -> None:
    """The encoder maximises M bounds of K samples each, the decoder one bound of M K samples; one statement draws."""
    known = oracle("pythae_piwae")
    expected = {"phi": known.gradients("enc"), "theta": known.gradients("dec")}
    for player in ("phi", "theta"):
        nets = known.networks()
        judge = reference(
            [
                r"z_{m,k} \sim q_\phi(z|x)",
                r"w_{m,k} = \frac{p_\theta(x,z_{m,k})}{q_\phi(z_{m,k}|x)}",
                r"\phi:\ \max_\phi \frac1M\sum_{m=1}^M\log\frac1K\sum_{k=1}^K w_{m,k}",
                r"\theta:\ \max_\theta \log\frac{1}{M K}\sum_{m=1}^M\sum_{k=1}^K w_{m,k}",
            ],
            {
                r"q_\phi(z|x)": f2d.Normal(nets["enc"]),
                r"p_\theta(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
                r"p_\theta(z)": f2d.Normal(loc=0.0, scale=1.0),
                "M": int(known.number("input/M")),
                "K": int(known.number("input/K")),
            },
            {"x": known.tensor("input/x")},
            {"z": known.tensor("noise/eps").movedim(0, 2)},
        )
        out = judge.run(player)
        assert_close(out.loss.item(), known.number(f"value/{player}"), **EXACT)
        out.loss.backward()
        own = {"phi": "enc", "theta": "dec"}[player]
        assert_close({k: v for k, v in gradients_of(nets).items() if k.startswith(own)}, expected[player], **EXACT)
        other = {k: v for k, v in gradients_of(nets).items() if not k.startswith(own)}
        assert all(not v.any() for v in other.values()), "a gradient reached the other player"


def test_miwae_replicates_the_expectation() -> None:
    """``1/M sum_m E[...]``, m in no body, draws M times: the PIWAE encoder's bound, written as MIWAE's paper does."""
    known = oracle("pythae_piwae")
    nets = known.networks()
    judge = reference(
        r"\frac1M\sum_{m=1}^M\mathbb{E}_{z_{1:K}\sim q(z|x)}"
        r"\left[\log\frac1K\sum_{k=1}^K\frac{p(x,z_k)}{q(z_k|x)}\right]",
        {
            "q(z|x)": f2d.Normal(nets["enc"]),
            "p(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0),
            "M": int(known.number("input/M")),
            "K": int(known.number("input/K")),
        },
        {"x": known.tensor("input/x")},
        {"z": known.tensor("noise/eps").movedim(0, 2)},
    )
    assert_close(judge.run().loss.item(), known.number("value/phi"), **EXACT)


# -- M2 ------------------------------------------------------------------------------------------------


def test_m2_unlabelled_bound_sums_over_y() -> None:
    """A sum over all labels of an expectation given the label."""
    name = "m2_unlabelled_bound_enumerated"
    formula = (
        r"\sum_y q(y|x)\left(\mathbb{E}_{q(z|x,y)}[\log p(x|z,y)] + \log p(y)"
        r" - KL[q(z|x,y)||p(z)] - \log q(y|x)\right)"
    )
    judge = reference(
        formula, cases.bindings(name), cases.data(name, "x"), cases.noise(name), maximize=True, reduction="none"
    )
    assert_close(judge.run().value, cases.expected(name), **EXACT)


def test_m2_as_an_expectation_over_y_is_the_same() -> None:
    """``E_{q(y|x)}`` of a finite variable is enumerated: the sum written out."""
    name = "m2_unlabelled_bound_enumerated"
    formula = (
        r"\mathbb{E}_{q(y|x)}\left[\mathbb{E}_{q(z|x,y)}[\log p(x|z,y)] + \log p(y)"
        r" - KL[q(z|x,y)||p(z)] - \log q(y|x)\right]"
    )
    judge = reference(
        formula, cases.bindings(name), cases.data(name, "x"), cases.noise(name), maximize=True, reduction="none"
    )
    assert_close(judge.run().value, cases.expected(name), **EXACT)


# -- MVAE ----------------------------------------------------------------------------------------------


def test_mvae_has_three_posteriors_over_one_z() -> None:
    """q(z|x,y) is a product of experts; the three brackets draw from three laws, so from three sites."""
    name = "mvae"
    noise = cases.noise(name)["z"]
    judge = reference(
        [
            r"q(z|x,y) \propto p(z) q(z|x) q(z|y)",
            r"\mathrm{mean}(KL[q(z|x,y)||p(z)]-\mathbb{E}_{q(z|x,y)}[\log p(x,y|z)])"
            r" + \mathrm{mean}(KL[q(z|x)||p(z)]-\mathbb{E}_{q(z|x)}[\log p(x|z)])"
            r" + \mathrm{mean}(KL[q(z|y)||p(z)]-\mathbb{E}_{q(z|y)}[\log p(y|z)])",
        ],
        cases.bindings(name),
        cases.data(name, "x", "y"),
        {"q(z|x, y)": noise[0], "q(z|x)": noise[1], "q(z|y)": noise[2]},
    )
    assert_close(judge.run().loss, cases.expected(name), **EXACT)


# -- GAN and WGAN-GP -----------------------------------------------------------------------------------


def test_minimax_gan_for_both_players() -> None:
    """One game, two losses: each player's loss holds the terms that depend on it."""
    known = oracle("torchgan_minimax")
    for player in ("G", "D"):
        nets = known.networks()
        judge = reference(
            r"\min_G\max_D\ \mathbb{E}_{p_{data}(x)}[\log D(x)]+\mathbb{E}_{p(z)}[\log(1-D(G(z)))]",
            {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3)},
            {"x": known.tensor("input/x")},
            {"z": known.tensor("noise/z")},
        )
        out = judge.run(player)
        assert_close(out.loss.item(), known.number(f"value/{player}"), **EXACT)
        out.loss.backward()
        assert_close(
            {k: v for k, v in gradients_of(nets).items() if k.startswith(player)}, known.gradients(player), **EXACT
        )


def test_wgan_gp_by_hand() -> None:
    """A critic w.x and a generator g z: every number can be written down.

    D(x) = w.x, so grad D = w at every point; G(z) = g z elementwise; the penalty is (||w|| - 1)^2.
    """
    torch.manual_seed(0)
    critic, generator = nn.Linear(2, 1, bias=False), nn.Linear(2, 2, bias=False)
    critic, generator = critic.double(), generator.double()
    x, z, eps = double([[1.0, 2.0], [-1.0, 0.5]]), double([[0.3, -0.2], [1.0, 0.4]]), double([0.25, 0.75])
    formula = [
        r"z \sim p(z)",
        r"\tilde x = G(z)",
        r"\epsilon \sim U(0,1)",
        r"\hat x = \epsilon x + (1 - \epsilon) \tilde x",
        r"\min_G \max_D \mathbb{E}_{x}[D(x)] - \mathbb{E}_{\tilde x}[D(\tilde x)]"
        r" - \lambda \mathbb{E}_{\hat x}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]",
    ]
    bindings = {
        "D": critic,
        "G": generator,
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        "lambda": 10.0,
    }
    w, g = critic.weight.detach(), generator.weight.detach()
    fake = z @ g.T
    difference = (x @ w.T).mean() - (fake @ w.T).mean()
    penalty = (w.norm() - 1) ** 2
    for player, value in (("D", -(difference - 10 * penalty)), ("G", -(fake @ w.T).mean())):
        critic.zero_grad(), generator.zero_grad()
        judge = reference(formula, bindings, {"x": x}, {"z": z, "epsilon": eps})
        out = judge.run(player)
        assert_close(out.loss, value.squeeze(), **EXACT)
        out.loss.backward()
        if player == "D":
            slope = -(x - fake).mean(0) + 20 * (w.norm() - 1) * w.squeeze() / w.norm()
            assert_close(critic.weight.grad.squeeze(), slope, **EXACT)
            assert generator.weight.grad is None or not generator.weight.grad.any()
        else:
            assert_close(generator.weight.grad, -w.T @ z.mean(0, keepdim=True), **EXACT)
            assert critic.weight.grad is None or not critic.weight.grad.any()


# -- deep Markov model ---------------------------------------------------------------------------------


def test_deep_markov_model() -> None:
    """A sum over time whose z_{t-1} is the previous step's draw; z_0 = 0."""
    name = "dmm_iterative"
    formula = (
        r"\sum_{t=1}^{T} \left(KL[q(z_t|h_t,z_{t-1})||p(z_t|z_{t-1})]"
        r" - \mathbb{E}_{q(z_t|h_t,z_{t-1})}[\log p(x_t|z_t)]\right)"
    )
    by_batch = {key: value.transpose(0, 1) for key, value in cases.data(name, "x", "h").items()}
    judge = reference(
        formula, cases.bindings(name), by_batch, {"z": cases.noise(name)["z"].transpose(0, 1)}, reduction="none"
    )
    assert_close(judge.run().loss, cases.expected(name), **EXACT)


# -- MINE ----------------------------------------------------------------------------------------------


def test_mine_by_hand() -> None:
    """E_{p(x,y)}[T] - log E_{p(x)p(y)}[e^T]: joint pairs in the first, permuted pairs under the log of a mean."""

    class Critic(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Parameter(double(0.7))

        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return self.a * (x * y).sum(-1)

    x, y = double([[1.0], [2.0], [-1.0]]), double([[0.5], [-1.0], [2.0]])
    permutation = torch.tensor([1, 2, 0])
    critic = Critic()
    judge = reference(
        r"\max_T \mathbb{E}_{p(x,y)}[T(x,y)] - \log \mathbb{E}_{p(x)p(y)}[e^{T(x,y)}]",
        {"T": critic},
        {"x": x, "y": y},
        {"y": permutation},
    )
    out = judge.run()
    joint, crossed = (x * y).sum(-1), (x * y[permutation]).sum(-1)
    value = 0.7 * joint.mean() - torch.log(torch.exp(0.7 * crossed).mean())
    assert_close(out.value, value, **EXACT)
    out.loss.backward()
    weights = torch.softmax(0.7 * crossed, 0)
    assert_close(critic.a.grad, -(joint.mean() - (weights * crossed).sum()), **EXACT)


# -- DPO -----------------------------------------------------------------------------------------------


def test_dpo_by_hand() -> None:
    """Two policies of one letter; the reference policy is frozen. One Bernoulli-like action of three categories."""
    torch.manual_seed(1)
    policy, frozen = nn.Linear(2, 3).double(), nn.Linear(2, 3).double()
    x = double([[0.2, -1.0], [1.5, 0.3]])
    wins, loses = torch.tensor([0, 2]), torch.tensor([1, 1])
    judge = reference(
        r"\mathcal{L}_{\mathrm{DPO}}(\pi_\theta; \pi_{ref}) = -\mathbb{E}_{(x,y_w,y_l)\sim\mathcal{D}}"
        r"\left[\log\sigma\left(\beta\log\frac{\pi_\theta(y_w|x)}{\pi_{ref}(y_w|x)}"
        r" - \beta\log\frac{\pi_\theta(y_l|x)}{\pi_{ref}(y_l|x)}\right)\right]",
        {
            r"\pi_\theta(y|x)": f2d.Categorical(policy),
            r"\pi_{ref}(y|x)": f2d.Categorical(frozen),
            "beta": 0.5,
        },
        {"x": x, "y_w": wins, "y_l": loses},
        {},
    )
    out = judge.run()
    with torch.no_grad():
        reference_log = torch.log_softmax(frozen(x), -1)
    log = torch.log_softmax(policy(x), -1)
    rows = torch.arange(2)
    margin = 0.5 * (log[rows, wins] - reference_log[rows, wins] - log[rows, loses] + reference_log[rows, loses])
    loss = -torch.log(1 / (1 + torch.exp(-margin))).mean()
    assert_close(out.loss, loss.detach(), **EXACT)
    expected = torch.autograd.grad(loss, policy.weight)[0]
    out.loss.backward()
    assert_close(policy.weight.grad, expected, **EXACT)
    assert frozen.weight.grad is None or not frozen.weight.grad.any(), "the reference policy got a gradient"


def test_dpo_freezes_the_reference_as_an_assumption() -> None:
    program, _ = resolved(
        r"\mathbb{E}_{(x,y)\sim\mathcal{D}}[\log\pi_\theta(y|x) - \log\pi_{ref}(y|x)]",
        {r"\pi_\theta(y|x)": f2d.Categorical(nn.Linear(1, 2)), r"\pi_{ref}(y|x)": f2d.Categorical(nn.Linear(1, 2))},
        maximize=True,
    )
    assert any("pi_ref" in each.text and "frozen" in each.text for each in program.assumptions)
