r"""Networks that predict noise, however the text says what they are given: the loss by hand, or a refusal.

Ho et al. 2020, equation 14: \|\epsilon - f(\sqrt{\bar\alpha_t} x_0 + \sqrt{1-\bar\alpha_t} \epsilon, t)\|^2.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime

STEPS, N, D = 5, 3, 2
SQUARE = r"\|\epsilon - \epsilon_\theta(x_t, t)\|^2"
MIXED = r"\|\epsilon - \epsilon_\theta(\sqrt{\bar\alpha_t} x + \sqrt{1-\bar\alpha_t} \epsilon, t)\|^2"
DRAWN = {
    "of x": rf"\min_\theta E_{{x, \epsilon \sim N(0, 1), t}}[{SQUARE}]; T = 5",
    "of x, in Unicode": "min_θ 𝔼_{x, ε ~ N(0, I), t}[‖ε - ε_θ(x_t, t)‖^2]; T = 5",
    "of x, steps said": rf"\min_\theta E_{{t \sim U\{{1, \dots, T\}}, x, \epsilon}}[{SQUARE}]; T = 5",
    "of x, written out": rf"\min_\theta E_{{x, \epsilon, t}}[{MIXED}]; T = 5",
    "of x_0": rf"\min_\theta E_{{t, x_0, \epsilon}}[{SQUARE}]; T = 5",
}
SUMMED = {
    "around": (rf"\min_\theta \sum_{{t=1}}^T E_{{x_0, \epsilon}}[{SQUARE}]; T = 5", 1),
    "around, of five": (rf"\min_\theta \sum_{{t=1}}^5 E_{{x_0, \epsilon}}[{SQUARE}]", 1),
    "inside": (rf"\min_\theta E_{{x_0, \epsilon}}[\sum_{{t=1}}^T {SQUARE}]; T = 5", 1),
    "a mean": (rf"\min_\theta \frac1T \sum_{{t=1}}^T E_{{x_0, \epsilon}}[{SQUARE}]; T = 5", STEPS),
}


def kept() -> Tensor:
    """The share of the data by the usual variances, from 1e-4 to 0.02."""
    return torch.cumprod(1 - torch.linspace(1e-4, 0.02, STEPS, dtype=torch.float64), 0)


def losses(net: AtTime, x: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Equation 14 of each example."""
    bar = kept()[t - 1][:, None]
    return (noise - net(bar.sqrt() * x + (1 - bar).sqrt() * noise, t.double())).square().sum(1)


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randn(N, D, dtype=torch.float64), torch.randn(N, D, dtype=torch.float64)


def assert_same(loss: Tensor, expected: Tensor, net: AtTime) -> None:
    assert_close(loss, expected)
    own, other = (torch.autograd.grad(each, list(net.parameters())) for each in (loss, expected))
    assert_close(own, other)


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_step(name: str) -> None:
    net, (x, noise), t = AtTime(D, STEPS), data(), torch.tensor([1, 4, 5])
    start = "x_0" if name == "of x_0" else "x"
    objective = f2d.compile(DRAWN[name], {r"\epsilon_\theta": net}, dims={start: D}, scaffold=True).double()
    assert [each.name for each in objective.inputs] == [start]
    loss = objective(**{start: x}, noise={"epsilon": noise, "t": t.double()}).loss
    assert_same(loss, losses(net, x, noise, t).mean(), net)


@pytest.mark.parametrize("name", SUMMED)
def test_summed_steps(name: str) -> None:
    text, by = SUMMED[name]
    net, (x, noise) = AtTime(D, STEPS), data()
    objective = f2d.compile(text, {r"\epsilon_\theta": net}, dims={"x_0": D}, scaffold=True).double()
    loss = objective(x_0=x, noise={"epsilon": noise}).loss
    every = [losses(net, x, noise, torch.full((N,), t)).mean() for t in range(1, STEPS + 1)]
    assert_same(loss, torch.stack(every).sum() / by, net)


REFUSED = (
    r"\min_\theta E_{\mathcal{E}(x), \epsilon \sim N(0, 1), t}[\|\epsilon - \epsilon_\theta(z_t, t)\|^2]",
    r"\min_\theta \sum_{t=1}^{10} E_{q(x_t|x_0)}[\|\epsilon - \epsilon_\theta(x_t, t)\|^2]",
    r"\min_\theta E_{x, \epsilon \sim N(0, I)}[\|\epsilon - f_\theta(x)\|^2]",
    r"\min_\theta E_{x, \epsilon \sim N(0, I)}[\tfrac12 \|3 f_\theta(x) - \epsilon\|^2 + \|f_\theta(x)\|^2]",
)


@pytest.mark.parametrize("text", REFUSED)
def test_noise_that_is_never_seen_is_refused(text: str) -> None:
    codes = [each.code for each in f2d.check(text, scaffold=True, dims={"x": D, "x_0": D, "x_t": D})]
    assert codes == ["F2D-0593"]


ALLOWED = (
    r"\min_\theta E_{x, \epsilon \sim N(0, I)}[\|\epsilon - f_\theta(x + \epsilon)\|^2]",
    r"\min_\theta E_{x, z \sim N(0, I)}[\|x - f_\theta(z)\|^2]",
    r"\min_\theta E_{x, \epsilon \sim N(0, I)}[\|x + \epsilon - f_\theta(x)\|^2]",
    r"\min_D E_x[(D(x) - 1)^2] + E_{z \sim N(0, I)}[D(G(z))^2]",
)


@pytest.mark.parametrize("text", ALLOWED)
def test_noise_that_is_seen_or_added_to_data_is_not(text: str) -> None:
    """Targets with data in them are fitted by their mean, which depends on the input."""
    assert "F2D-0593" not in [each.code for each in f2d.check(text, scaffold=True, dims={"x": D, "z": D})]


def test_sequences_are_no_paths() -> None:
    r"""Other steps are read beside ``x_t``, or noise is added to it: t is a place in a sequence of data."""
    for text in (
        r"\min E_{x, \epsilon}[\sum_{t=1}^T \|x_t - f(x_{t-1}, \epsilon)\|^2]",
        r"\min E_{x, \epsilon}[\sum_{t=1}^T \|x_t - f(x_t + \epsilon, t)\|^2]",
    ):
        objective = f2d.compile(text, scaffold=True, dims={"x": D, "epsilon": D})
        assert not any("alpha" in str(each) for each in objective.assumptions)


class Entrywise(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([0.5, -1.0], dtype=torch.float64))

    def forward(self, x: Tensor, t: Tensor | None = None) -> Tensor:
        return self.weight * x if t is None else self.weight * x + t[:, None]


@pytest.mark.parametrize("letter", [r"\epsilon", r"\varepsilon", r"\xi"])
def test_noise_that_nothing_draws_is_standard_normal(letter: str) -> None:
    net, (x, noise) = Entrywise(), data()
    objective = f2d.compile(
        rf"\min \|f(x + \sigma {letter}) - x\|^2", {"f": net, r"\sigma": 0.3}, dims={"x": D}, scaffold=True
    ).double()
    name = letter[1:]
    loss = objective(x=x, noise={name: noise}).loss
    expected = (net.weight * (x + 0.3 * noise) - x).square().sum(1).mean()
    assert_close(loss, expected)
    assert_close(*(torch.autograd.grad(each, net.weight)[0] for each in (loss, expected)))
    assert any("drawn from a standard normal" in str(each) for each in objective.assumptions)


def test_noise_of_a_path_that_nothing_draws() -> None:
    net, (x, noise), t = Entrywise(), data(), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    text = r"\min E_{t \sim U(0, 1)}[\|\epsilon - f(x_t, t)\|^2]; x_t = (1 - t) x_0 + t \epsilon"
    objective = f2d.compile(text, {"f": net}, dims={"x_0": D}, scaffold=True).double()
    loss = objective(x_0=x, noise={"epsilon": noise, "t": t}).loss
    x_t = (1 - t)[:, None] * x + t[:, None] * noise
    assert_close(loss, (noise - net.weight * x_t - t[:, None]).square().sum(1).mean())


@pytest.mark.parametrize(
    "text",
    [
        r"\min_\theta -E_x[\log \frac{f_\theta(x)}{f_\theta(x) + \epsilon}]",
        r"\min_\theta \|x - f_\theta(x - \epsilon \nabla_x \|x\|^2)\|^2",
        r"\min_\theta E_x[\frac{\|x - f_\theta(x)\|^2}{\|x\|^2 + \epsilon}]",
    ],
)
def test_small_numbers_are_no_noise(text: str) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert not any("standard normal" in str(each) for each in objective.assumptions)


@pytest.mark.parametrize(
    "text",
    [
        r"\min \|x - g(z)\|^2; z = \mu(x) + \sigma(x) \odot \epsilon",
        r"\min \|x - g(\mu(x) + \sigma(x) \epsilon)\|^2",
        r"\min \|x - g(z)\|^2; z = \mu + \sigma \epsilon; \mu = m(x); \sigma = s(x)",
        "min ‖x - g(z)‖^2; z = μ(x) + σ(x) ⊙ ε",
    ],
)
def test_noise_around_a_mean_is_drawn(text: str) -> None:
    torch.manual_seed(0)
    (x, noise), nets = data(), [torch.nn.Linear(D, D).double() for _ in range(3)]
    mean, scale, out = nets
    own = {"m": mean, "s": scale} if "m(x)" in text else {r"\mu": mean, r"\sigma": scale}
    objective = f2d.compile(text, {**own, "g": out}, dims={"x": D, "epsilon": D}, scaffold=True).double()
    loss = objective(x=x, noise={"epsilon": noise}).loss
    expected = (x - out(mean(x) + scale(x) * noise)).square().sum(1).mean()
    assert_close(loss, expected)
    weights = [each for net in nets for each in net.parameters()]
    assert_close(*(torch.autograd.grad(each, weights) for each in (loss, expected)))


def test_noise_that_a_sum_counts_is_drawn_as_often() -> None:
    text = r"\min \frac1L \sum_{l=1}^L \|f(x + \sigma \epsilon_l) - x\|^2; L = 2"
    net, (x, _) = Entrywise(), data()
    objective = f2d.compile(text, {"f": net, r"\sigma": 0.3}, dims={"x": D}, scaffold=True).double()
    noise = torch.randn(2, N, D, dtype=torch.float64)
    expected = (net.weight * (x + 0.3 * noise) - x).square().sum(2).mean()
    assert_close(objective(x=x, noise={"epsilon": noise}).loss, expected)
