"""Entries of vectors as a dimension of their own."""

from __future__ import annotations

import pytest
import torch

from formula2dgm.library.vectors import entries_along


def test_the_last_dimension_moves() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    torch.testing.assert_close(entries_along(x, 2, 0), x.permute(2, 0, 1))
    torch.testing.assert_close(entries_along(x, 2, 1), x.permute(0, 2, 1))


def test_values_that_are_no_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="2 dimensions, not one"):
        entries_along(torch.zeros(2, 3, 4), 1, 0)
    with pytest.raises(ValueError, match="0 dimensions, not one"):
        entries_along(torch.zeros(2), 1, 0)


def test_the_size_that_a_formula_says_has_to_be_so() -> None:
    with pytest.raises(ValueError, match="runs to 5, over vectors of 4 entries"):
        entries_along(torch.zeros(2, 4), 1, 0, 5)
