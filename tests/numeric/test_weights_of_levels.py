r"""Weights at one of several levels, ``\lambda(\sigma_i)``, and levels that are powers of whole numbers: by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import codes

X = torch.tensor([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], dtype=torch.float64)
NOISE = torch.tensor([[1.0, 0.5], [-0.5, 2.0], [0.25, -1.0]], dtype=torch.float64)
LEVELS = (1.0, 0.1, 0.01)
TEXT = (
    r"\mathcal{L} = \frac13 \sum_{i=1}^3 \lambda(\sigma_i) E_{p_{data}(x)} [\|s_\theta(x, \sigma_i) - x\|^2];"
    r" \sigma_i = 10^{1-i}"
)


class Score(nn.Module):
    """Linear in the value and in its level."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        return self.inner(torch.cat([x, level.reshape(-1, 1).expand(len(x), 1)], -1))


class Square(nn.Module):
    """The usual weight."""

    def forward(self, level: Tensor) -> Tensor:
        return level**2


def by_hand(net: nn.Module, weights: tuple[float, ...]) -> Tensor:
    terms = [
        weight * (net(X, torch.full((len(X),), level)) - X).square().sum(-1).mean()
        for weight, level in zip(weights, LEVELS, strict=True)
    ]
    return torch.stack(terms).mean()


@pytest.mark.parametrize(
    ("bound", "weights"),
    [({}, (1.0, 1.0, 1.0)), ({"lambda": 3.0}, (3.0, 3.0, 3.0)), ({"lambda": Square()}, (1.0, 1e-2, 1e-4))],
)
def test_a_weight_is_a_function_of_its_level(bound: dict[str, object], weights: tuple[float, ...]) -> None:
    """It is no product with the level: the same at every level where nothing but a number is bound, or bound."""
    torch.manual_seed(0)
    net = Score().double()
    objective = assert_agrees(TEXT, {"s_theta": net, **bound}, {"x": X}, scaffold=True)
    loss = objective(x=X).loss
    expected = by_hand(net, weights)
    torch.testing.assert_close(loss, expected)
    (wanted,) = torch.autograd.grad(expected, [net.inner.weight])
    (found,) = torch.autograd.grad(loss, [net.inner.weight])
    torch.testing.assert_close(found, wanted)
    said = [each.text for each in objective.program.assumptions]
    assert ("lambda(sigma_i) is lambda, the same at every sigma_i" in said) is not any(
        isinstance(each, nn.Module) for each in bound.values()
    )


@pytest.mark.parametrize(
    ("levels", "expected"), [("10^{-i}", 0.111), ("2^{1-i}", 1.75), ("10^{i-2}", 11.1), ("i^{-1}", 11 / 6)]
)
def test_powers_of_whole_numbers_are_real(levels: str, expected: float) -> None:
    """torch takes 10 ** -torch.arange(1, 4) for zeros."""
    net = nn.Linear(2, 2).double()
    text = rf"L = \sum_{{i=1}}^3 E_{{x \sim p_{{data}}}}[\sigma_i \|x - f(x)\|^2]; \sigma_i = {levels}"
    objective = assert_agrees(text, {"f": net}, {"x": X})
    torch.testing.assert_close(objective(x=X).loss, expected * (X - net(X)).square().sum(-1).mean())


def test_a_hyperparameter_that_is_a_whole_number_is_real_too() -> None:
    net = nn.Linear(2, 2).double()
    text = r"L = \sum_{i=1}^3 E_{x \sim p_{data}}[\sigma_i \|x - f(x)\|^2]; \sigma_i = b^{-i}"
    objective = assert_agrees(text, {"f": net, "b": 2}, {"x": X})
    torch.testing.assert_close(objective(x=X).loss, 0.875 * (X - net(X)).square().sum(-1).mean())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"\min E_{q(z|x)}[\|x - p(x|z)\|^2]", "F2D-0630"),
        (r"L = E_{t, q(x_1), p_t(x|x_1)}\|v_t(x) - u_t(x|x_1)\|^2", "F2D-0558"),
        (r"L = E_{t, x}\|v_t(x) - u_t(x)\|^2", "F2D-0558"),
    ],
)
def test_no_target_is_a_number_or_unsaid(text: str, code: str) -> None:
    assert codes(text, {}, scaffold=True, dims={"x": 2}) == [code]


def test_a_density_in_a_norm_of_numbers_is_one() -> None:
    """``\\|p(x|z) - 1\\|`` is the size of a number: nothing there is a vector."""
    density = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
    assert codes(r"\min |p(x) - 1|", {"p(x)": density}) == []
