"""Critics and their games: each player's value and gradient against code written by hand, and what it leaves out."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, softplus
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import codes

GAN = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]"
WASSERSTEIN = r"E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(G(z))]"
PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)


class Counted(nn.Module):
    """A critic that counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.calls = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.body(x)


@pytest.fixture
def nets() -> dict[str, nn.Module]:
    torch.manual_seed(0)
    return {"D": Counted(), "G": nn.Linear(2, 3)}


def gradients(net: nn.Module) -> list[Tensor | None]:
    return [each.grad for each in net.parameters()]


def compare(
    objective: f2d.Objective, nets: dict[str, nn.Module], player: str, x: Tensor, z: Tensor, loss: Tensor
) -> None:
    """The player's loss and gradient are those of the hand-written loss, and nobody else is given a gradient."""
    expected = torch.autograd.grad(loss, list(nets[player].parameters()))
    out = objective(x=x, noise={"z": z}, player=player)
    assert_close(out.loss, loss)
    out.loss.backward()
    assert_close(tuple(each for each in gradients(nets[player]) if each is not None), expected)
    assert all(each is None for name, net in nets.items() if name != player for each in gradients(net))


def test_gan(nets: dict[str, nn.Module]) -> None:
    objective = f2d.compile(GAN, {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": PRIOR})
    x, z = torch.randn(6, 3), torch.randn(6, 2)
    d, fake = nets["D"], nets["G"](z)
    compare(objective, nets, "D", x, z, -(logsigmoid(d(x)).mean() + logsigmoid(-d(fake.detach())).mean()))
    nets["D"].zero_grad(set_to_none=True)
    compare(objective, nets, "G", x, z, logsigmoid(-d(fake)).mean())


def test_the_generator_never_asks_for_the_data(nets: dict[str, nn.Module]) -> None:
    objective = f2d.compile(GAN, {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": PRIOR})
    critic = nets["D"]
    objective(x=torch.randn(6, 3), player="G")
    assert isinstance(critic, Counted) and critic.calls == 1
    objective(x=torch.randn(6, 3), player="D")
    assert critic.calls == 1 + 2


def test_the_saturating_loss_is_said_and_can_be_changed(nets: dict[str, nn.Module]) -> None:
    bound = {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": PRIOR}
    assert any("saturates" in each for each in f2d.compile(GAN, bound).assumptions)
    objective = f2d.compile(GAN, bound, non_saturating=True)
    x, z = torch.randn(6, 3), torch.randn(6, 2)
    compare(objective, nets, "G", x, z, -logsigmoid(nets["D"](nets["G"](z))).mean())
    assert list(objective(x=x, player="G").terms) == ["log D(G(z))"]
    assert any("in place of" in each for each in objective.assumptions)
    written = f2d.compile([r"\max_D " + GAN.split(r"\max_D")[1], r"\max_G E_{p(z)}[\log D(G(z))]"], bound)
    assert not any("saturates" in each for each in written.assumptions)


def test_f_gan(nets: dict[str, nn.Module]) -> None:
    """KL: f*(t) = exp(t - 1), written as a function of its own."""
    formula = [r"\min_G \sup_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[f^*(D(G(z)))]", r"f^*(t) = \exp(t - 1)"]
    objective = f2d.compile(formula, {"D": nets["D"], "G": nets["G"], "p(z)": PRIOR})
    x, z = torch.randn(6, 3), torch.randn(6, 2)
    d, fake = nets["D"], nets["G"](z)
    compare(objective, nets, "D", x, z, -(d(x).mean() - torch.exp(d(fake.detach()) - 1).mean()))
    nets["D"].zero_grad(set_to_none=True)
    compare(objective, nets, "G", x, z, -torch.exp(d(fake) - 1).mean())


def test_adversarial_jensen_shannon(nets: dict[str, nn.Module]) -> None:
    """f-GAN's own form of JS, for a critic of any sign: f*(t) = -log(2 - exp(t)) at t = log 2 - softplus(-V)."""
    formula = r"\min_G \max_D E_{p_{data}(x)}[-\mathrm{softplus}(-D(x))] - E_{p(z)}[\mathrm{softplus}(D(G(z)))]"
    objective = f2d.compile(formula, {"D": nets["D"], "G": nets["G"], "p(z)": PRIOR})
    x, z = torch.randn(6, 3), torch.randn(6, 2)
    d, fake = nets["D"], nets["G"](z)
    compare(objective, nets, "D", x, z, softplus(-d(x)).mean() + softplus(d(fake.detach())).mean())


def test_gradient_penalty(nets: dict[str, nn.Module]) -> None:
    formula = [
        rf"\min_G \max_D {WASSERSTEIN} - \lambda E_{{\hat x}}[(\|\nabla_{{\hat x}} D(\hat x)\|_2 - 1)^2]",
        r"\hat x = \epsilon x + (1 - \epsilon) G(z)",
        r"\epsilon \sim U(0, 1)",
    ]
    objective = f2d.compile(formula, {"D": nets["D"], "G": nets["G"], "p(z)": PRIOR, "lambda": 10.0})
    x, z, share = torch.randn(6, 3), torch.randn(6, 2), torch.rand(6)
    d, fake = nets["D"], nets["G"](z).detach()
    mixed = (share[:, None] * x + (1 - share[:, None]) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
    loss = -(d(x).mean() - d(fake).mean() - 10 * ((slope.norm(dim=1) - 1) ** 2).mean())
    expected = torch.autograd.grad(loss, list(d.parameters()), allow_unused=True)
    out = objective(x=x, noise={"z": z, "epsilon": share}, player="D")
    assert_close(out.loss, loss)
    got = torch.autograd.grad(out.loss, list(d.parameters()), allow_unused=True)
    assert_close([each for each in got if each is not None], [each for each in expected if each is not None])
    assert len(objective(x=x, player="G").terms) == 1


# -- what keeps a critic Lipschitz ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        [rf"\min_G \max_D {WASSERSTEIN}", r"\theta_D \in [-c, c]"],
        [rf"\min_G \max_{{D \in [-c, c]^d}} {WASSERSTEIN}"],
        [rf"\min_G \max_{{\|D\|_L \le 1}} {WASSERSTEIN}", r"\theta_D := \mathrm{clip}(\theta_D, -c, c)"],
    ],
)
def test_clipping(nets: dict[str, nn.Module], formula: list[str]) -> None:
    objective = f2d.compile(formula, {"D": nets["D"], "G": nets["G"], "p(z)": PRIOR, "c": 0.01})
    before = [each.clone() for each in nets["G"].parameters()]
    expected = [each.detach().clamp(-0.01, 0.01) for each in nets["D"].parameters()]
    objective.project("G")
    objective.project("D")
    assert_close([each.detach() for each in nets["D"].parameters()], expected)
    assert_close(list(nets["G"].parameters()), before)


def test_a_tensor_is_clipped_as_a_network_is() -> None:
    w = nn.Parameter(torch.tensor([-3.0, 0.05, 2.0]))
    objective = f2d.compile([r"\min_w E_{p_{data}(x)}[\|x - w\|^2]", r"w \in [-0.1, 0.2]"], {"w": w})
    objective.project()
    assert_close(w.detach(), torch.tensor([-0.1, 0.05, 0.2]))


def test_a_group_of_roman_weights(nets: dict[str, nn.Module]) -> None:
    """WGAN writes the critic as f_w, w in a box, the generator as g_theta."""
    formula = r"\min_\theta \max_{w \in [-0.01, 0.01]} E_{p_{data}(x)}[f_w(x)] - E_{p(z)}[f_w(g_\theta(z))]"
    objective = f2d.compile(formula, {"f_w": nets["D"], "g_theta": nets["G"], "p(z)": PRIOR})
    assert objective.players == ("w", "theta")
    objective.project("w")
    assert max(each.abs().max().item() for each in nets["D"].parameters()) <= 0.01


def test_spectral_norm(nets: dict[str, nn.Module]) -> None:
    formula = rf"\min_G \max_{{\|D\|_L \le 1}} {WASSERSTEIN}"
    bound = {"G": nets["G"], "p(z)": PRIOR}
    assert codes(formula, {**bound, "D": nets["D"]}) == ["F2D-0506"]
    critic = f2d.SpectralNorm(nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1)))
    twin = copy.deepcopy(critic)
    objective = f2d.compile(formula, {**bound, "D": critic})
    x, z = torch.randn(6, 3), torch.randn(6, 2)
    out = objective(x=x, noise={"z": z}, player="G")
    expected = -twin(nets["G"](z)).mean()
    assert_close(out.loss, expected)
    out.loss.backward()
    assert all(each is None for each in gradients(critic)) and all(each is not None for each in gradients(nets["G"]))


def test_spectral_norm_of_an_other_hand_is_seen() -> None:
    critic = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(3, 1))
    objective = f2d.compile(r"\max_{\|D\|_L \le 1} E_{p_{data}(x)}[D(x)] - E_{p_{data}(y)}[D(y)]", {"D": critic})
    assert [str(each.axes[0]) for each in objective.inputs] == ["x", "y"]


def test_a_default_critic_has_spectral_norms() -> None:
    objective = f2d.compile(rf"\min_G \max_{{\|D\|_L \le 1}} {WASSERSTEIN}", scaffold=True, dims={"x": 3, "z": 2})
    x = torch.randn(50, 3)
    for _ in range(50):  # the power iteration settles
        objective(x=x, player="D")
    objective.eval()
    with torch.no_grad():
        slopes = (objective.D(x) - objective.D(x + 0.1)).abs() / (0.1 * 3**0.5)
    assert slopes.max() <= 1 + 1e-4
    assert any("spectral norm" in each for each in objective.assumptions)


# -- who trains what -----------------------------------------------------------------------------------


def test_a_loss_is_its_players() -> None:
    bound = {"D": f2d.Sigmoid(nn.Linear(3, 1)), "G": nn.Linear(2, 3), "p(z)": PRIOR}
    real, fake = r"-E_{p_{data}(x)}[\log D(x)] - E_{p(z)}[\log(1 - D(G(z)))]", r"-E_{p(z)}[\log D(G(z))]"
    for d, g in (("_D", "_G"), ("(D)", "(G)"), (r"_{\text{disc}}", r"_{\text{gen}}")):
        objective = f2d.compile([rf"\mathcal{{L}}{d} = {real}", rf"\mathcal{{L}}{g} = {fake}"], bound)
        assert objective.players == ("D", "G")
        assert objective.player_parameters("G") == list(bound["G"].parameters())  # type: ignore[union-attr]
    assert codes([rf"\mathcal{{L}}_1 = {real}", rf"\mathcal{{L}}_2 = {fake}"], bound) == ["F2D-0507"] * 2


def test_a_class_of_functions_is_no_constraint(nets: dict[str, nn.Module]) -> None:
    formula = rf"\min_G \max_{{D \in \mathcal{{D}}}} {WASSERSTEIN}"
    assert f2d.compile(formula, {"D": nets["D"], "G": nets["G"], "p(z)": PRIOR}).players == ("D", "G")


def test_the_first_batch_of_each_player_is_checked() -> None:
    """The discriminator's first batch, which passes, leaves the generator's checks in place."""
    spoiled = nn.Linear(2, 2)
    text = [
        r"\min_\theta -E_{q_\phi(z|x)}[\log p_\theta(x|z)]",
        r"\min_\phi KL[q_\phi(z|x) || p(z)]",
    ]
    bound = {
        "q_phi(z|x)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0),
        "p_theta(x|z)": f2d.Normal(loc=spoiled, scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    objective = f2d.compile(text, bound)
    x = torch.randn(3, 2)
    objective(x=x, player="phi")
    assert objective.check_values == {"theta"}
    with torch.no_grad():
        spoiled.weight.fill_(torch.nan)
    with pytest.raises(f2d.FormulaError) as caught:
        objective(x=x, player="theta")
    assert caught.value.diagnostics[0].code == "F2D-0607"
    assert objective.example_noise(3, x=x) and objective.check_values == {"theta"}
