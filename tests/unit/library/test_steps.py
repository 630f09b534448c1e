"""Values along a dimension of time, with and without lengths of their own."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from formula2dgm.library import sequences as s

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
LENGTHS = torch.tensor([3, 2])


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (-1, [[9, 1, 2], [9, 4, 5]]),
        (1, [[2, 3, 9], [5, 6, 9]]),
        (2, [[3, 9, 9], [6, 9, 9]]),
        (-5, [[9, 9, 9], [9, 9, 9]]),
    ],
)
def test_shifted(by: int, expected: list[list[float]]) -> None:
    assert_close(s.shifted(X, by, 1, 9.0), torch.tensor(expected).float())
    assert_close(s.shifted(X.unsqueeze(-1), by, 1, torch.tensor(9.0)), torch.tensor(expected).float().unsqueeze(-1))


def test_nothing_stands_behind_the_end_of_a_sequence() -> None:
    assert_close(s.shifted(X, 1, 1, 0.0, LENGTHS), torch.tensor([[2.0, 3, 0], [5, 0, 0]]))
    assert_close(s.windowed(X, 1, 1, 0, LENGTHS), torch.tensor([[1.0, 2, 3], [4, 5, 0]]))
    assert_close(s.windowed(X, 1, 2, 1, LENGTHS, outside=-1.0), torch.tensor([[-1.0, 2, -1], [-1, -1, -1]]))
    assert_close(s.mean_in_window(X, 1, 1, 0, LENGTHS), torch.tensor([2.0, 4.5]))
    assert_close(s.at_end(X, 1, 0, LENGTHS), torch.tensor([3.0, 5.0]))
    assert_close(s.at_end(X.unsqueeze(-1), 1, 1, LENGTHS), torch.tensor([[2.0], [4.0]]))
    assert_close(s.until_end(2, LENGTHS, X, torch.zeros(2, 3)), torch.tensor([[1.0, 2, 3], [0, 0, 0]]))


def test_a_window_of_all_sequences() -> None:
    assert_close(s.windowed(X, 1, 2, 0), torch.tensor([[0.0, 2, 3], [0, 5, 6]]))
    assert_close(s.windowed(X, 1, 2, 2), torch.zeros(2, 3))


def test_a_first_step_of_its_own() -> None:
    assert_close(s.first_then(torch.tensor([[7.0], [8.0]]), X, 1, 3), torch.tensor([[7.0, 2, 3], [8, 5, 6]]))
    assert_close(s.first_then(0.0, X, 1, 3), torch.tensor([[0.0, 2, 3], [0, 5, 6]]))
    assert_close(s.first_then(torch.tensor([0.5]), torch.tensor([2.0]), 0, 3), torch.tensor([0.5, 2, 2]))


def test_a_recurrent_layer_stops_at_the_end_of_each_sequence() -> None:
    torch.manual_seed(0)
    layer, x = nn.GRU(1, 2, batch_first=True, bidirectional=True), X.unsqueeze(-1)
    found, state = s.with_lengths(layer, LENGTHS, x)
    alone, last = layer(x[1:, :2])
    assert_close(found[1:, :2], alone)
    assert_close(state[:, 1:], last)
    assert found.shape == (2, 3, 4)


def test_any_other_network_is_told_the_lengths() -> None:
    class Told(nn.Module):
        def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            return x * lengths[:, None]

    assert_close(s.with_lengths(Told(), LENGTHS, X), X * torch.tensor([[3], [2]]))


def test_a_network_that_reads_later_steps_is_refused() -> None:
    s.check_causal("f", nn.Linear(1, 1), 1, X.unsqueeze(-1))
    s.check_causal("f", lambda x: x.cumsum(1), 1, X.unsqueeze(-1))
    s.check_causal("f", lambda x: x.flip(1).cumsum(1).flip(1), 1, X.unsqueeze(-1), backward=True)
    with pytest.raises(ValueError, match="depends on later ones"):
        s.check_causal("f", lambda x: x - x.mean(1, keepdim=True), 1, X.unsqueeze(-1))
    with pytest.raises(ValueError, match="depends on later ones"):
        s.check_causal("f", lambda x: x.float().flip(1), 1, torch.tensor([[0, 1, 2]]))
    for constant in (torch.zeros(2, 3), torch.ones(2, 3)):  # nothing to exchange: other values all the same
        with pytest.raises(ValueError, match="later ones"):
            s.check_causal("f", lambda x: x.flip(1), 1, constant)
    with pytest.raises(ValueError, match=r"returns as many steps as it is given, \[n, 3, event\.\.\.\]"):
        s.check_causal("f", lambda x: x[:, -1], 1, X.unsqueeze(-1))


def test_each_example_is_read_at_its_own_step() -> None:
    assert_close(s.at_drawn(X, 1, torch.tensor([3.0, 1.0])), torch.tensor([3.0, 4.0]))
    assert_close(s.at_drawn(X.unsqueeze(-1), 1, torch.tensor([3, 1])), torch.tensor([[3.0], [4.0]]))
    assert_close(s.at_drawn(X[:1], 1, torch.tensor([2, 3])), torch.tensor([2.0, 3.0]))  # one table for all


def test_a_drawn_step_is_one_of_the_sequence() -> None:
    s.check_steps("t", torch.tensor([1.0, 3.0]), 3)
    for wrong in (0.0, 4.0):
        with pytest.raises(ValueError, match="t is a step from 1 to 3"):
            s.check_steps("t", torch.tensor([1.0, wrong]), 3)
    s.check_steps("t", torch.tensor([3.0, 2.0]), LENGTHS)
    with pytest.raises(ValueError, match="the length of its sequence"):
        s.check_steps("t", torch.tensor([2.0, 3.0]), LENGTHS)
