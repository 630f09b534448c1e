r"""Steps that are drawn, ``x_{t_1}``, and sums over how far a step is away, ``\sum_k \log p(x_{t+k}|x_t)``."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

DIMS = {"x": 3, "z": 2, "b": 4, "a": 2, "h": 4}

SKIP = (
    r"\max E_{p_B(z_{t_2}|b_{t_2}) q(z_{t_1}|z_{t_2}, b_{t_1}, b_{t_2})}[\log p_D(x_{t_2}|z_{t_2})"
    r" + \log p_B(z_{t_1}|b_{t_1}) + \log p_T(z_{t_2}|z_{t_1}) - \log p_B(z_{t_2}|b_{t_2})"
    r" - \log q(z_{t_1}|z_{t_2}, b_{t_1}, b_{t_2})]"
)
CLOSED = (
    r"\min E_{p_B(z_{t_2}|b_{t_2})}[KL[q(z_{t_1}|z_{t_2},b_{t_1},b_{t_2})||p_B(z_{t_1}|b_{t_1})]"
    r" + E_{q(z_{t_1}|z_{t_2},b_{t_1},b_{t_2})}[\log p_B(z_{t_2}|b_{t_2}) - \log p_D(x_{t_2}|z_{t_2})"
    r" - \log p_T(z_{t_2}|z_{t_1})]]"
)
BELIEF = "b_t = f(b_{t-1}, x_t)"
STEPS = [r"t_1 \sim \mathcal{U}\{1, T-1\}", "t_2 = t_1 + 1"]
JUMPS = [r"t_1 \sim \mathcal{U}\{1, T-3\}", r"\delta \sim \mathcal{U}\{1, \dots, 3\}", r"t_2 = t_1 + \delta"]

FORMULAS: dict[str, str | list[str]] = {
    "of an expectation": r"\min E_{t \sim \mathcal U\{1,T\}}[\|x_t - f(a, t)\|^2]",
    "two steps, a belief that is carried": [SKIP, BELIEF, *STEPS],
    "two steps, beliefs of a whole sequence": [SKIP, r"b_{1:T} = f(x_{1:T})", *STEPS],
    "a jump": [SKIP, BELIEF, *JUMPS],
    "a divergence": [CLOSED, BELIEF, *STEPS],
    "givens in another order": [
        SKIP.replace(r"\log q(z_{t_1}|z_{t_2}, b_{t_1}, b_{t_2})", r"\log q(z_{t_1}|z_{t_2}, b_{t_2}, b_{t_1})"),
        BELIEF,
        *STEPS,
    ],
    "a declared belief": [SKIP, r"p_B(z_t|b_t) = N(z_t; \mu(b_t), \sigma^2(b_t) I)", BELIEF, *STEPS],
    "a step later": r"\max E_{t \sim \mathcal U\{1,T-2\}}[\log p(x_{t+2}|x_t)]",
    "a latent of all steps": (
        r"\max E_{t \sim \mathcal U\{1,T\}} E_{q(z_{1:T}|x_{1:T})}[\log p(x_t|z_t)]"
        r" - KL[q(z_{1:T}|x_{1:T})||p(z_{1:T})]"
    ),
    "an index that is drawn elsewhere": [
        r"\max E_{t \sim \mathcal U\{1,\dots,T\}} E_{q(z|x_{1:T})}[\log p(x_t|z, h_t)] - KL[q(z|x_{1:T})||p(z)]",
        "h_t = f(h_{t-1}, x_{t-1})",
    ],
    "beside a sum over steps": [
        r"\max \sum_{t=1}^T E_{q(z_t|x_t)}[\log p(x_t|z_t, x_s)]",
        r"s \sim \mathcal U\{1,T\}",
    ],
    "distances": r"\max \sum_{t=1}^T \sum_{k=1}^3 \log p(x_{t+k}|x_t)",
    "distances outside": r"\max \sum_{k=1}^3 \sum_{t=1}^T \log p(x_{t+k}|x_t)",
    "distances back": r"\max \sum_{t=1}^T \sum_{k=1}^2 \log p(x_t|x_{t-k})",
    "distances of a drawn step": r"\max E_{t \sim \mathcal U\{1,T-3\}}[\sum_{k=1}^3 \log p(x_{t+k}|x_t)]",
    "mean over distances": [
        r"\max \frac1T \sum_{t=1}^T \frac1K \sum_{k=1}^K \log p(x_{t+k}|h_t)",
        "h_t = f(h_{t-1}, x_t)",
        "K = 2",
    ],
    "latents at distances": [
        r"\max E_{q(z_{1:T}|x_{1:T})}[\sum_{t=1}^T (\log p(x_t|z_t)"
        r" + \sum_{k=1}^2 (\log p_k(z_t|z_{t-k}) - \log q(z_t|z_{t-1},x_t)))]",
        r"q(z_{1:T}|x_{1:T}) = \prod_{t=1}^T q(z_t|z_{t-1}, x_t)",
    ],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_generated_code_is_the_reference(name: str) -> None:
    assert_defaults_agree(FORMULAS[name], DIMS)


class _Gaussian(nn.Module):
    """The mean and the standard deviation of a Normal, linear in all that it is given."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.loc = nn.Linear(inputs, outputs)
        self.scale = nn.Linear(inputs, outputs)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        both = torch.cat(given, -1)
        return self.loc(both), nn.functional.softplus(self.scale(both)) + 0.1


def _known_networks() -> dict[str, nn.Module]:
    torch.manual_seed(1)
    return {
        "f": nn.GRU(3, 4, batch_first=True),
        "p_B(z|b)": _Gaussian(4, 2),
        "q": _Gaussian(10, 2),
        "p_T": _Gaussian(2, 2),
        "p_D": _Gaussian(2, 3),
    }


def test_the_loss_at_two_drawn_steps_is_that_of_a_loop_over_the_examples() -> None:
    """Each example has steps of its own, counted from 1; both beliefs are one density."""
    nets = _known_networks()
    bound = {
        "f": nets["f"],
        "p_B(z_{t_2}|b_{t_2})": f2d.Normal(nets["p_B(z|b)"], event_shape=2),
        "q(z_{t_1}|z_{t_2}, b_{t_1}, b_{t_2})": f2d.Normal(nets["q"], event_shape=2),
        "p_T(z_{t_2}|z_{t_1})": f2d.Normal(nets["p_T"], event_shape=2),
        "p_D(x_{t_2}|z_{t_2})": f2d.Normal(nets["p_D"], event_shape=3),
    }
    objective = f2d.compile([SKIP, r"b_{1:T} = f(x_{1:T})", *JUMPS], bound).double()
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    first, jump = torch.tensor([1, 4, 2, 3]), torch.tensor([3, 3, 1, 2])
    noise = {"z_t_1": torch.randn(4, 2, dtype=torch.float64), "z_t_2": torch.randn(4, 2, dtype=torch.float64)}
    out = objective(x=x, noise={**noise, "t_1": first.double(), "delta": jump.double()})
    beliefs = nets["f"](x)[0]
    total = x.new_zeros(())
    for i in range(4):
        one, two = beliefs[i, first[i] - 1], beliefs[i, first[i] + jump[i] - 1]
        belief, before = Normal(*nets["p_B(z|b)"](two)), Normal(*nets["p_B(z|b)"](one))
        later = belief.loc + belief.scale * noise["z_t_2"][i]
        smoothed = Normal(*nets["q"](later, one, two))
        earlier = smoothed.loc + smoothed.scale * noise["z_t_1"][i]
        seen = x[i, first[i] + jump[i] - 1]
        total = total + Normal(*nets["p_D"](later)).log_prob(seen).sum() + before.log_prob(earlier).sum()
        total = total + Normal(*nets["p_T"](earlier)).log_prob(later).sum()
        total = total - belief.log_prob(later).sum() - smoothed.log_prob(earlier).sum()
    torch.testing.assert_close(out.value, total / 4)
    parameters = list(objective.parameters())
    ours = torch.autograd.grad(out.value, parameters)
    theirs = torch.autograd.grad(total / 4, parameters)
    for one, two in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, two)


def test_givens_are_told_apart_by_their_steps() -> None:
    """``q(z|b_{t_2}, b_{t_1})`` is ``q(z|b_{t_1}, b_{t_2})``, whichever is written first."""
    values = []
    for written in ("b_{t_1}, b_{t_2}", "b_{t_2}, b_{t_1}"):
        torch.manual_seed(0)
        formula = SKIP.replace(r"\log q(z_{t_1}|z_{t_2}, b_{t_1}, b_{t_2})", rf"\log q(z_{{t_1}}|z_{{t_2}}, {written})")
        assert written in formula
        objective = f2d.compile([formula, BELIEF, *STEPS], scaffold=True, dims=DIMS)
        x = torch.randn(3, 5, 3)
        values.append(objective(x=x, noise=objective.example_noise(x=x)).value)
    torch.testing.assert_close(*values)


def test_all_steps_together_are_the_mean_over_them() -> None:
    """``E_{t ~ U{1,T}}``, summed over all its values, is 1/T times the sum over the steps."""
    given = {"f": nn.Identity()}
    drawn = f2d.compile(r"\min E_{t \sim U\{1,T\}}[\|x_t - f(y_t)\|^2]", given, estimators={"t": "enumerate"})
    x, y = torch.randn(3, 6, 2), torch.randn(3, 6, 2)
    torch.testing.assert_close(drawn(x=x, y=y).value, ((x - y) ** 2).sum(-1).mean())


def test_a_table_is_read_at_the_number_that_is_drawn() -> None:
    """Denoising at a level that is drawn: the bound tensor holds the levels 1 to T."""
    torch.manual_seed(0)
    levels, net = torch.linspace(0.9, 0.1, 10), nn.Linear(4, 3)

    class Denoise(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.net(torch.cat([x, t.unsqueeze(-1)], -1))

    formula = [
        r"\min E_{t \sim \mathcal U\{1,T\}, q(x_t|x_0)}[\|x_0 - f(x_t, t)\|^2]",
        r"q(x_t|x_0) = N(x_t; \sqrt{\bar\alpha_t} x_0, (1-\bar\alpha_t) I)",
        r"x_0 \in \mathbb{R}^3",
    ]
    objective = f2d.compile(formula, {r"\bar\alpha": levels, "T": 10, "f": Denoise()})
    x, t, eps = torch.randn(5, 3), torch.tensor([1, 10, 4, 4, 7]), torch.randn(5, 3)
    level = levels[t - 1].unsqueeze(-1)
    noisy = level.sqrt() * x + (1 - level).sqrt() * eps
    expected = ((x - net(torch.cat([noisy, t.unsqueeze(-1).to(x)], -1))) ** 2).sum(-1).mean()
    found = objective(x_0=x, noise={"t": t.to(x), "x_t": eps}).value
    torch.testing.assert_close(found, expected)


def test_drawn_steps_are_all_steps_in_equal_parts() -> None:
    """Each step from 1 to T - 1, and none other, is drawn: x holds the number of its step."""
    objective = f2d.compile(r"\min E_{t \sim U\{1,T-1\}}[\|x_t\|^2]")
    x = torch.arange(1.0, 6.0).sqrt().reshape(1, 5, 1).expand(40000, 5, 1)
    torch.manual_seed(0)
    assert objective(x=x).value.item() == pytest.approx(2.5, abs=0.03)  # the mean of 1, 2, 3, 4


def test_distances_count_within_the_sequence() -> None:
    r"""``\sum_t \sum_{k=1}^3 ||x_{t+k} - x_t||^2`` with x_t = t is, over the steps there are, (T-k) k^2."""
    x = torch.arange(1.0, 6.0).reshape(1, 5, 1)
    expected = 4 * 1 + 3 * 4 + 2 * 9
    for formula in (
        r"\min \sum_{t=1}^T \sum_{k=1}^3 \|x_{t+k} - x_t\|^2",
        r"\min \sum_{k=1}^3 \sum_{t=1}^T \|x_{t+k} - x_t\|^2",
        r"\min \sum_{k=1}^3 \sum_{t=1}^{T-k} \|x_{t+k} - x_t\|^2",
        r"\min \sum_{t=1}^T \sum_{k=1}^3 \|x_{t-k} - x_t\|^2",
    ):
        assert f2d.compile(formula)(x=x).value.item() == pytest.approx(expected)


def test_distances_end_with_each_sequence() -> None:
    x = torch.arange(1.0, 6.0).reshape(1, 5, 1).expand(2, 5, 1)
    objective = f2d.compile(r"\min \sum_{t=1}^T \sum_{k=1}^2 \|x_{t+k} - x_t\|^2", ragged=True)
    value = objective(x=x, lengths=torch.tensor([5, 3])).value.item()
    assert value == pytest.approx(((4 + 3 * 4) + (2 + 4)) / 2)


def test_drawn_steps_of_sequences_of_several_lengths() -> None:
    """Each example's step is one of its own sequence: a sequence of one step has that one alone."""
    objective = f2d.compile(r"\min E_{t \sim U\{1,T\}}[\|x_t\|^2]", ragged=True)
    x = torch.full((64, 5, 1), 9.0)
    x[:, 0] = 1.0
    assert objective(x=x, lengths=torch.ones(64)).value.item() == 1.0
    beyond = f2d.compile(r"\min E_{t \sim U\{2,3\}}[\|x_t\|^2]", ragged=True)
    with pytest.raises((f2d.FormulaError, ValueError), match="length of its sequence"):
        beyond(x=x, lengths=torch.ones(64))


def test_the_loss_at_drawn_steps_is_trained_from_its_formula_alone() -> None:
    """Rows of images of digits, each an observation of eight numbers."""
    datasets = pytest.importorskip("sklearn.datasets")
    rows = torch.tensor(datasets.load_digits().images[:256], dtype=torch.get_default_dtype()) / 16
    torch.manual_seed(0)
    objective = f2d.compile([SKIP, BELIEF, *STEPS], scaffold=True, dims={"x": 8, "z": 4, "b": 32})
    noise = objective.example_noise(x=rows)
    before = objective(x=rows, noise=noise).loss.item()
    optimiser = torch.optim.Adam(objective.parameters(), 3e-3)
    for _ in range(60):
        optimiser.zero_grad()
        objective(x=rows).loss.backward()
        optimiser.step()
    assert objective(x=rows, noise=noise).loss.item() < before - 0.5


@pytest.mark.parametrize(
    ("formula", "code", "words"),
    [
        (r"\max E_{t \sim U\{1,T\}}[\log p(x_{t+2}|x_t)]", "F2D-0459", "can be T + 2"),
        (r"\max E_{t \sim U\{0,T\}}[\log p(x_t|a)]", "F2D-0459", "can be 0"),
        (r"\min E_{k \sim U\{1,3\}}[\|x - f_k(x)\|^2]", "F2D-0459", "another network"),
        (r"\min E_{t \sim U\{1,T\}}[\lambda_t \|x_t - f(a)\|^2]", "F2D-0459", "has no steps"),
        (r"\max E_{t \sim U\{2,T\}}[\log p(x_t|x_{<t})]", "F2D-0405", "ends at a step that is drawn"),
        (r"\max E_{t \sim U\{1,3,T\}}[\log p(x_t|a)]", "F2D-0301", "no range"),
        (r"\max \sum_{t=1}^T \sum_{k=1}^K \log p(x_{t+k}|x_t)", "F2D-0416", "K = 3"),
        (r"\max \sum_{t=1}^T \sum_{s=2 t}^T \log p(x_s|x_t)", "F2D-0416", "s=2 t"),
    ],
)
def test_refused_with_its_place(formula: str, code: str, words: str) -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, scaffold=True, dims=DIMS)
    assert code in str(caught.value) and words in str(caught.value) and "-->" in str(caught.value)


def test_a_step_that_a_batch_does_not_have() -> None:
    objective = f2d.compile(r"\min E_{t \sim U\{1,4\}}[\|x_{t+1}\|^2]")
    with pytest.raises((f2d.FormulaError, ValueError)):
        for _ in range(20):
            objective(x=torch.ones(8, 2, 1))


def test_a_subscript_that_nothing_draws_is_a_name() -> None:
    """``x_{t_1}`` where nothing says what t_1 is: data of its own."""
    objective = f2d.compile(r"\min \|x_{t_1} - x_{t_2}\|^2")
    one, two = torch.zeros(2, 3), torch.ones(2, 3)
    assert objective(x_t_1=one, x_t_2=two).value.item() == 3.0


def test_a_bound_table_says_up_to_which_number_is_drawn() -> None:
    r"""T of ``t \sim U\{1, T\}`` is the number of rows of what is read at t, where nothing else says it."""
    rows = torch.linspace(0.9, 0.1, 4, dtype=torch.float64)
    x, t = torch.randn(3, 2, dtype=torch.float64), torch.tensor([1, 4, 2])
    net = nn.Linear(2, 2).double()
    text = [r"\min_\theta E_{t, x}\|x - f_\theta(\sqrt{\bar\alpha_t} x)\|^2", r"t \sim \mathcal U\{1, T\}"]
    objective = f2d.compile(text, {r"f_\theta": net, r"\bar\alpha_t": rows})
    expected = (x - net(rows[t - 1].sqrt()[:, None] * x)).pow(2).sum(1).mean()
    torch.testing.assert_close(objective(x=x, noise={"t": t}).loss, expected)
    assert "T is 4, the number of rows that are bound" in objective.assumptions
    assert max(objective.T, 0) == 4
