"""The logarithm of a mean of importance weights, of weights that a test writes down."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from formula2dgm.library.importance import log_mean_weight


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 100])
def test_it_is_of_all_draws_whatever_is_computed_at_once(at_once: int) -> None:
    """The weights of two examples are 1, 2, ... and 10 times as much, in the order that they are asked for."""
    asked: list[int] = []

    def log_weight(x: Tensor, y: Tensor) -> Tensor:
        assert x.requires_grad is False and torch.equal(y, 2 * x)
        first = sum(asked) + 1
        asked.append(len(x) // 2)
        numbers = torch.arange(first, first + asked[-1], dtype=torch.float64)
        return (numbers[:, None] * torch.tensor([1.0, 10.0])).flatten().log()

    x = torch.tensor([[3.0], [4.0]])
    found = log_mean_weight(log_weight, {"x": x, "y": 2 * x}, 5, at_once)
    torch.testing.assert_close(found, torch.tensor([math.log(3), math.log(30)], dtype=torch.float64))
    assert sum(asked) == 5 and max(asked) == min(at_once, 5)


def test_weights_far_below_and_above_what_floats_hold() -> None:
    found = log_mean_weight(lambda x: torch.tensor([-1e4, -1e4 - 1]), {"x": torch.zeros(2, 1)}, 1, 8)
    assert found.tolist() == [-1e4, -1e4 - 1]
    both = log_mean_weight(lambda x: torch.tensor([1e4, 1e4 + math.log(3)]), {"x": torch.zeros(1, 1)}, 2, 2)
    assert both.tolist() == pytest.approx([1e4 + math.log(2)])


def test_no_gradient_passes() -> None:
    w = torch.ones(2, requires_grad=True)
    assert not log_mean_weight(lambda x: w * x[:, 0], {"x": torch.ones(2, 1)}, 1, 1).requires_grad
