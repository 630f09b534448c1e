"""What data say of each state of a chain, against going through its paths."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library.chain_log_sum import chain_log_sum
from formula2dgm.library.chain_marginals import chain_filtered, chain_smoothed
from tests.unit.library.test_chain_log_sum import potentials


def by_paths(first: Tensor, moves: Tensor, steps: Tensor, at: int) -> Tensor:
    """The law of the state at a step: the share of the paths through each state, of all given data."""
    states, count = first.shape[0], steps.shape[-1]
    moves = moves.expand(*moves.shape[:-1], count)
    weights = torch.zeros(states, steps.shape[1], dtype=torch.float64)
    for path in product(range(states), repeat=count):
        total = first[path[0]] + sum(steps[state, ..., t] for t, state in enumerate(path))
        total = total + sum(moves[path[t - 1], path[t], ..., t] for t in range(1, count))
        weights[path[at]] += total.exp()
    return (weights / weights.sum(0)).log()


@pytest.mark.parametrize("moving", [False, True])
def test_filtered_states_are_given_the_data_so_far(moving: bool) -> None:
    first, moves, steps = potentials(3, 2, 5, moving=moving)
    found = chain_filtered(first, moves, steps)
    assert found.shape == (3, 2, 5)
    for t in range(5):
        own = moves[..., : t + 1] if moving else moves
        assert_close(found[..., t], by_paths(first, own, steps[..., : t + 1], t))


@pytest.mark.parametrize("moving", [False, True])
def test_smoothed_states_are_given_all_data(moving: bool) -> None:
    first, moves, steps = potentials(3, 2, 5, moving=moving)
    found = chain_smoothed(first, moves, steps)
    for t in range(5):
        assert_close(found[..., t], by_paths(first, moves, steps, t))


def test_the_gradient_of_the_sum_is_the_smoothed_law() -> None:
    """d log p(x) / d log p(x_t|z_t = k) is p(z_t = k | x)."""
    first, moves, steps = potentials(4, 3, 6)
    steps.requires_grad_()
    (gradient,) = torch.autograd.grad(chain_log_sum(first, moves, steps).sum(), steps)
    assert_close(gradient, chain_smoothed(first, moves, steps).exp())


def test_one_step_and_states_that_no_path_reaches() -> None:
    first, moves, steps = potentials(3, 2, 1)
    assert_close(chain_filtered(first, moves, steps), chain_smoothed(first, moves, steps))
    blocked = torch.tensor([[0.0], [-torch.inf], [-torch.inf]], dtype=torch.float64)
    assert_close(chain_filtered(blocked, moves, steps)[0].exp(), torch.ones(2, 1, dtype=torch.float64))
