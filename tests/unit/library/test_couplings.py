"""Assignments against all permutations and SciPy's; entropic plans against their definition."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library.couplings import (
    coupled_order,
    entropic_order,
    entropic_plan,
    least_assignment,
    squared_distances,
)


def total(cost: Tensor, rows: Tensor) -> float:
    """The cost of an assignment, each row assigned once."""
    assert sorted(rows.tolist()) == list(range(len(cost)))
    return cost[rows, torch.arange(len(cost))].sum().item()


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("ties", [False, True])
def test_no_permutation_is_cheaper(size: int, ties: bool) -> None:
    torch.manual_seed(size)
    for _ in range(20):
        cost = torch.randint(0, 3, (size, size)).double() if ties else torch.randn(size, size).double()
        columns = range(size)
        least = min(sum(cost[each[j], j].item() for j in columns) for each in permutations(columns))
        assert abs(total(cost, least_assignment(cost)) - least) < 1e-12


@pytest.mark.parametrize("size", [40, 130])
@pytest.mark.parametrize("entries", [1, 2, 50])
def test_it_costs_what_scipy_finds(size: int, entries: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    torch.manual_seed(size + entries)
    x, y = torch.randn(size, entries), 0.3 * torch.randn(size, entries) + 2 * torch.randint(0, 2, (size, 1))
    cost = squared_distances(x, y)
    rows, columns = optimize.linear_sum_assignment(cost.numpy())
    assert_close(total(cost, least_assignment(cost)), cost[rows, columns].sum().item(), rtol=1e-12, atol=1e-9)


def test_equal_costs_and_equal_rows() -> None:
    assert sorted(least_assignment(torch.ones(7, 7).double()).tolist()) == list(range(7))
    assert sorted(coupled_order(torch.zeros(30, 2), torch.ones(30, 2)).tolist()) == list(range(30))


def test_on_a_line_the_order_is_that_of_the_numbers() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(50, 1), torch.randn(50, 1)
    assert_close(x[coupled_order(x, y)].flatten().argsort(), y.flatten().argsort())


def test_events_of_any_shape_and_no_gradient() -> None:
    x, y = torch.randn(6, 2, 3, requires_grad=True), torch.randn(6, 2, 3)
    order = coupled_order(x, y)
    assert not order.requires_grad
    distances = ((x[:, None] - y[None]) ** 2).sum((2, 3)).double()
    assert_close(squared_distances(x, y), distances.detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("weight", [0.05, 1.0])
def test_an_entropic_plan_is_the_one_of_its_potentials(weight: float) -> None:
    """Both marginals are uniform, and log plan + cost / weight is a number of the row plus one of the column."""
    torch.manual_seed(1)
    cost = torch.rand(8, 8).double()
    plan = entropic_plan(cost, weight)
    assert_close(plan.sum(0), torch.full((8,), 1 / 8).double(), rtol=1e-5, atol=0)
    assert_close(plan.sum(1), torch.full((8,), 1 / 8).double(), rtol=1e-5, atol=0)
    potentials = plan.log() + cost / weight
    mixed = potentials - potentials[:1] - potentials[:, :1] + potentials[:1, :1]
    assert_close(mixed, torch.zeros(8, 8).double(), rtol=0, atol=1e-8)


def test_little_entropy_is_the_assignment_and_much_is_independence() -> None:
    torch.manual_seed(2)
    x, y = torch.randn(9, 2), torch.randn(9, 2)
    assert entropic_order(x, y, 1e-3).tolist() == coupled_order(x, y).tolist()
    assert_close(entropic_plan(squared_distances(x, y), 1e6), torch.full((9, 9), 1 / 81).double(), rtol=1e-4, atol=0)


def test_draws_of_a_plan_have_its_frequencies() -> None:
    torch.manual_seed(3)
    x, y = torch.randn(4, 2), torch.randn(4, 2)
    plan = entropic_plan(squared_distances(x, y).T, 1.0) * 4
    drawn = torch.stack([entropic_order(x, y, 1.0) for _ in range(4000)])
    counts = torch.stack([(drawn == each).double().mean(0) for each in range(4)], 1)
    assert_close(counts, plan, rtol=0, atol=0.04)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (torch.zeros(3, 2), torch.zeros(4, 2), "equally many rows"),
        (torch.zeros(3, 2), torch.zeros(3, 4), "rows of one size"),
        (torch.full((3, 2), torch.nan), torch.zeros(3, 2), "not finite"),
    ],
)
def test_what_cannot_be_paired_is_refused(x: Tensor, y: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        coupled_order(x, y)


def test_a_weight_is_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        entropic_order(torch.zeros(3, 2), torch.zeros(3, 2), 0.0)
