"""The part of a sequence that each step reads."""

from __future__ import annotations

import torch

from formula2dgm.library.sequences import from_each_step, up_to_each_step


def test_each_step_begins_or_ends_its_part() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert [each.tolist() for each in from_each_step(x, 1)] == [
        [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        [[2.0, 3.0], [5.0, 6.0]],
        [[3.0], [6.0]],
    ]
    assert [each.tolist() for each in up_to_each_step(x, 0)] == [[[1.0, 2.0, 3.0]], x.tolist()]
