r"""``(x', y') \sim p(x, y)`` beside x or y: both values of one other example."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.numeric.test_written_densities import linear, tensor
from tests.support.reference import reference

X, Y = tensor(6, 3, seed=1), tensor(6, 2, seed=2)
DATA = r"p_{data}(x, y)"
BODY = r"\|f_\theta(x) - f_\theta(x')\|^2 \|y - y'\|^2"


@pytest.mark.parametrize(
    "text",
    [
        rf"\min_\theta E_{{{DATA}}} E_{{(x', y') \sim {DATA}}}[{BODY}]",
        rf"\min_\theta E_{{(x, y), (x', y') \sim D}}[{BODY}]",
        rf"\min_\theta E_{{(x, y) \sim D, (x', y') \sim D}}[{BODY}]",
    ],
)
def test_the_two_are_of_one_other_example(text: str) -> None:
    network, order = linear(3, 2), torch.tensor([2, 0, 1, 5, 3, 4])
    objective = f2d.compile(text, {"f_theta": network})
    made = network(X)
    expected = (((made - made[order]) ** 2).sum(1) * ((Y - Y[order]) ** 2).sum(1)).mean()
    found = objective(x=X, y=Y, noise={"x_prime, y_prime": order})
    torch.testing.assert_close(found.value, expected)
    literal = reference(text, {"f_theta": network}, {"x": X, "y": Y}, {"x_prime, y_prime": order}).run()
    torch.testing.assert_close(literal.value, expected)
    (slope,) = torch.autograd.grad(expected, network.weight)
    for each in (found, literal):
        torch.testing.assert_close(torch.autograd.grad(each.loss, network.weight)[0], slope)


def test_the_two_are_of_one_other_example_without_given_noise() -> None:
    """y is what the network makes of x: of every pair the difference is zero."""
    network = linear(3, 2)
    text = rf"\min_\theta E_{{{DATA}}} E_{{(x', y') \sim {DATA}}}[\|x - x'\|^2 \|f_\theta(x') - y'\|^2]"
    objective = f2d.compile(text, {"f_theta": network})
    for _ in range(5):
        assert objective(x=X, y=network(X).detach()).value.abs() < 1e-20
