r"""Levels of noise under a sum, ``\frac1L \sum_{i=1}^L \lambda(\sigma_i) \ell(\theta; \sigma_i)``: against the loss of
Song and Ermon (2019) written by hand, level by level."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.numeric.networks import AtTime
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

N, D, L = 4, 2, 5
SUM = r"\min_\theta \frac1L \sum_{i=1}^L \lambda(\sigma_i) \ell(\theta; \sigma_i), \quad \lambda(\sigma) = \sigma^2"
LOSSES = [
    r"\ell(\theta; \sigma) = \frac12 \mathbb{E}_{p_{data}(x)} \mathbb{E}_{\tilde x \sim \mathcal{N}(x, \sigma^2 I)}"
    r"\left[\left\| s_\theta(\tilde x, \sigma) + \frac{\tilde x - x}{\sigma^2} \right\|_2^2\right]",
    r"\ell(\theta; \sigma) = \frac12 \mathbb{E}_{p_{data}(x)} \mathbb{E}_{q_\sigma(\tilde x|x)}"
    r"[\|s_\theta(\tilde x, \sigma) - \nabla_{\tilde x} \log q_\sigma(\tilde x|x)\|^2]; "
    r"q_\sigma(\tilde x|x) = \mathcal{N}(\tilde x; x, \sigma^2 I)",
]
SPACE = r"x \in \mathbb{R}^2"
FALLING = r"\frac{\sigma_1}{\sigma_2} = \cdots = \frac{\sigma_{L-1}}{\sigma_L} > 1"
RISING = r"\frac{\sigma_2}{\sigma_1} = \cdots = \frac{\sigma_L}{\sigma_{L-1}} < 1"
ENDS = r"\sigma_1 = 2, \quad \sigma_L = 0.1, \quad L = 5"
GEOMETRIC = 2 * (0.1 / 2) ** (torch.arange(5).double() / 4)
LEVELS = [
    (r"\sigma_i = 0.7^i, \quad L = 5", 0.7 ** torch.arange(1, 6).double()),
    (
        r"\sigma_i = \sigma_1 r^{i-1}, \quad \sigma_1 = 2, \quad r = 0.6, \quad L = 5",
        2 * 0.6 ** torch.arange(5).double(),
    ),
    (f"{FALLING}; {ENDS}", GEOMETRIC),
    (f"{RISING}; {ENDS}", GEOMETRIC),
    (r"\sigma_i = 2 (0.1 / 2)^{(i - 1) / (L - 1)}, \quad L = 5", GEOMETRIC),
]
DEFAULTS = [
    (FALLING, 0.01 ** (torch.arange(10).double() / 9)),
    ("L = 5", 0.01 ** (torch.arange(5).double() / 4)),
    (r"\lambda_0 = 1", 0.01 ** (torch.arange(10).double() / 9)),
    (ENDS, GEOMETRIC),
]


def by_hand(net: nn.Module, x: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
    """The mean over the levels of sigma^2 times half the squared error of the score; noise [n, levels, d]."""
    total = torch.zeros((), dtype=torch.float64)
    for i, level in enumerate(levels):
        noisy = x + level * noise[:, i]
        error = net(noisy, level.expand(len(x))) + (noisy - x) / level**2
        total = total + level**2 * (error**2).sum(1).mean() / 2
    return total / len(levels)


def check(text: list[str], levels: Tensor, **options: object) -> f2d.Objective:
    net = AtTime(D)
    torch.manual_seed(2)
    x, noise = torch.randn(N, D).double(), torch.randn(N, len(levels), D).double()
    objective = f2d.compile(text, {r"s_\theta": net}, **options)
    found = objective(x=x, noise={"x_tilde": noise}).loss
    assert_close(found, by_hand(net, x, noise, levels), rtol=1e-6, atol=1e-6)
    return objective


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("said", "levels"), LEVELS)
def test_the_loss_is_that_of_the_paper(loss: str, said: str, levels: Tensor) -> None:
    check([SUM, loss, said, SPACE], levels)


@pytest.mark.parametrize(("said", "_"), LEVELS[:3])
def test_the_reference_agrees(said: str, _: Tensor) -> None:
    torch.manual_seed(0)
    x = torch.randn(N, D).double()
    assert_agrees([SUM, LOSSES[0], said, SPACE], {r"s_\theta": AtTime(D)}, {"x": x})


@pytest.mark.parametrize(("said", "levels"), DEFAULTS)
def test_levels_that_nothing_says_are_a_default(said: str, levels: Tensor) -> None:
    objective = check([SUM, LOSSES[0], said, SPACE], levels, scaffold=True)
    ends = "2 to 0.1" if "0.1" in said else "1 to 0.01"
    assert f"sigma_i is a geometric sequence from {ends}" in objective.assumptions
    assert_defaults_agree([SUM, LOSSES[0], said, SPACE], {})


def test_a_letter_of_any_name_and_formulas_of_it() -> None:
    text = SUM.replace("sigma_i", "tau_j").replace("i=1", "j=1")
    check([text, LOSSES[0], r"\tau_j = \exp(-j / 2), \quad L = 5", SPACE], (-torch.arange(1, 6).double() / 2).exp())


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (rf"{FALLING}; \sigma_1 = 0.1, \sigma_L = 2, L = 5", "F2D-0543"),
        (rf"{RISING}; \sigma_1 = 0.1, \sigma_L = 2, L = 5", "F2D-0543"),
        (rf"{FALLING}; \sigma_1 = 2, L = 5", "F2D-0543"),
    ],
)
def test_ends_that_are_missing_or_exchanged_are_refused(said: str, code: str) -> None:
    with pytest.raises(FormulaError, match=code):
        f2d.compile([SUM, LOSSES[0], said, SPACE], {r"s_\theta": AtTime(D)})


def test_a_mixture_of_scales_keeps_its_learned_scales() -> None:
    r"""``\sigma_k`` of a density's components is no level of noise."""
    text = [r"\max E_{p_{data}(x)}[\log p(x)]", r"p(x) = \sum_{k=1}^3 \pi_k \mathcal{N}(x; \mu_k, \sigma_k^2 I)", SPACE]
    objective = f2d.compile(text, scaffold=True)
    assert not any("geometric" in each for each in objective.assumptions)
