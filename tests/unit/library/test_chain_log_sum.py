"""Sums over all paths of a finite state, against going through the paths."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library.chain_log_sum import chain_log_sum


def by_paths(first: Tensor, moves: Tensor, steps: Tensor) -> Tensor:
    """The same path by path, all K^T of them."""
    states, count = first.shape[0], steps.shape[-1]
    moves = moves.expand(*moves.shape[:-1], count)
    potentials = []
    for path in product(range(states), repeat=count):
        total = first[path[0]]
        for t, state in enumerate(path):
            total = total + steps[state, ..., t]
        for t in range(1, count):
            total = total + moves[path[t - 1], path[t], ..., t]
        potentials.append(total)
    return torch.logsumexp(torch.stack(potentials), 0)


def potentials(states: int, batch: int, count: int, *, moving: bool = False, seed: int = 0) -> list[Tensor]:
    """Random potentials; ``moving``: each step and example moves in its own way."""
    generator = torch.Generator().manual_seed(seed)
    lead = (batch, count) if moving else (1, 1)
    shapes = [(states, 1), (states, states, *lead), (states, batch, count)]
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("states, count", [(1, 4), (2, 1), (2, 7), (3, 5), (5, 3)])
def test_it_is_the_sum_over_all_paths(states: int, count: int, moving: bool) -> None:
    values = potentials(states, 3, count, moving=moving)
    assert chain_log_sum(*values).shape == (3,)
    assert_close(chain_log_sum(*values), by_paths(*values))


@pytest.mark.parametrize("moving", [False, True])
def test_its_gradients_are_those_of_the_sum(moving: bool) -> None:
    values = [each.requires_grad_() for each in potentials(3, 2, 4, moving=moving)]
    assert torch.autograd.gradcheck(chain_log_sum, values)
    assert torch.autograd.gradgradcheck(chain_log_sum, values)


@pytest.mark.parametrize("moving", [False, True])
def test_steps_behind_the_end_count_nowhere(moving: bool) -> None:
    first, moves, steps = [each.requires_grad_() for each in potentials(3, 4, 5, moving=moving)]
    lengths = torch.tensor([5, 1, 3, 2])
    found = chain_log_sum(first, moves, steps, lengths)
    for i, count in enumerate(lengths.tolist()):
        own = moves[:, :, i : i + 1, :count] if moving else moves
        assert_close(found[i], chain_log_sum(first, own, steps[:, i : i + 1, :count]).squeeze())
    found.sum().backward()
    assert steps.grad is not None
    assert (steps.grad[:, 1, 1:] == 0).all() and (steps.grad[:, 2, 3:] == 0).all()


def test_normalised_laws_without_data_sum_to_one() -> None:
    first, moves, steps = potentials(4, 2, 6)
    total = chain_log_sum(first.log_softmax(0), moves.log_softmax(1), torch.zeros_like(steps))
    assert_close(total, torch.zeros(2, dtype=torch.float64))


def test_long_sequences_neither_under_nor_overflow() -> None:
    """With one state for sure, the sum is the only path: 1000 steps of log-density -300 each, in float32."""
    first, moves = torch.tensor([[0.0], [-torch.inf]]), torch.full((2, 2, 1, 1), -torch.inf)
    moves[0, 0] = moves[1, 1] = 0.0
    steps = torch.full((2, 1, 1000), -300.0)
    assert_close(chain_log_sum(first, moves, steps), torch.tensor([-300_000.0]))


def test_states_that_no_path_reaches_leave_finite_gradients() -> None:
    """From left to right: the second state only follows the first, the third the second."""
    first, moves, steps = potentials(3, 2, 4)
    first = torch.tensor([[0.0], [-torch.inf], [-torch.inf]], dtype=torch.float64)
    allowed = torch.tensor([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=torch.bool)[..., None, None]
    moves, steps = moves.requires_grad_(), steps.requires_grad_()
    value = chain_log_sum(first, torch.where(allowed, moves, -torch.inf), steps)
    assert_close(value, by_paths(first, torch.where(allowed, moves, -torch.inf), steps))
    value.sum().backward()
    assert moves.grad is not None and steps.grad is not None
    assert moves.grad.isfinite().all() and steps.grad.isfinite().all()
    assert (moves.grad[~allowed] == 0).all()
    assert_close(steps.grad[0, :, 0], torch.ones(2, dtype=torch.float64))  # the first step is in the first state


def test_a_far_state_counts_in_single_precision() -> None:
    """A path whose potential is 200 lower at one step and 400 higher at the next is the one that matters."""
    first, moves = torch.zeros(2, 1), torch.tensor([[0.0, -torch.inf], [-torch.inf, 0.0]])[..., None, None]
    steps = torch.tensor([[0.0, 0.0], [-200.0, 400.0]]).unsqueeze(1)
    assert_close(chain_log_sum(first, moves, steps), torch.tensor([200.0]))


@pytest.mark.parametrize("shape", [(3, 2, 1, 1), (2, 2, 1, 1), (3, 3, 2, 5)])
def test_another_number_of_states_or_steps_is_told(shape: tuple[int, ...]) -> None:
    first, _, steps = potentials(3, 2, 4)
    with pytest.raises(ValueError, match=r"a chain of 3 states moves by .* \[3, 3, ..., 4 or 1\]"):
        chain_log_sum(first, torch.zeros(shape, dtype=torch.float64), steps)


def test_what_is_kept_for_the_gradient_grows_linearly_with_the_steps() -> None:
    def kept(count: int) -> int:
        values = [each.requires_grad_() for each in potentials(3, 2, count)]
        sizes: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            chain_log_sum(*values)
        return sum(sizes.values())

    assert kept(200) - kept(100) == pytest.approx(kept(300) - kept(200), rel=0.05)
