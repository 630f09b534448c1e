"""Linear recurrences and the weights of a batch that stands for a data set, by hand."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from formula2dgm.library import batches, sequences
from formula2dgm.library.recurrences import linear_recurrence


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 8])
def test_a_recurrence_is_its_loop(steps: int) -> None:
    factor = torch.linspace(0.5, 1.5, steps, dtype=torch.float64)
    rest = torch.linspace(-1.0, 2.0, steps, dtype=torch.float64)
    expected, c = [], 0.7
    for a, b in zip(factor.tolist(), rest.tolist(), strict=True):
        c = a * c + b
        expected.append(c)
    wanted = torch.tensor(expected, dtype=torch.float64)
    assert_close(linear_recurrence(factor, rest, 0.7, 0), wanted)
    rows = torch.stack([factor, factor])
    assert_close(linear_recurrence(rows, rest, 0.7, 1), torch.stack([wanted, wanted]))


def test_a_batch_stands_for_the_data() -> None:
    """Of 10 examples 3 are here: an example weighs 1/10, the one after it (10 - 2) / (10 * 2), the others 1/2."""
    found = batches.log_stratum_weights(3, 10, torch.zeros((), dtype=torch.float64)).exp()
    expected = [[0.1, 0.5, 0.4], [0.4, 0.1, 0.5], [0.5, 0.4, 0.1]]
    assert_close(found, torch.tensor(expected, dtype=torch.float64))
    assert_close(batches.log_stratum_weights(2, 2, torch.zeros(())).exp(), torch.full((2, 2), 0.5))
    for batch, examples in ((1, 10), (4, 3)):
        with pytest.raises(ValueError, match="stratified weights need 2 examples or more"):
            batches.log_stratum_weights(batch, examples, torch.zeros(()))


def test_zeros_before_and_behind_steps() -> None:
    x = torch.tensor([[[1.0], [2.0]]])  # [examples, steps, entries]
    assert sequences.zeros_then(x, 1, 4).tolist() == [[[0.0], [0.0], [1.0], [2.0]]]
    assert sequences.then_zeros(x, 1, 4).tolist() == [[[1.0], [2.0], [0.0], [0.0]]]
    steps = torch.tensor([[1.0, 2.0, 3.0]])
    assert [each.tolist() for each in sequences.from_each_step(steps, 1)] == [[[1, 2, 3]], [[2, 3]], [[3]]]
    assert [each.tolist() for each in sequences.up_to_each_step(steps, 1)] == [[[1]], [[1, 2]], [[1, 2, 3]]]
