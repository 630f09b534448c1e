"""Entries that a category chooses, and the nearest of several rows, by hand."""

from __future__ import annotations

import pytest
import torch

from formula2dgm.library import vectors

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_a_category_chooses_an_entry() -> None:
    torch.testing.assert_close(vectors.entry_of(X, torch.tensor([2, 0]), 1), torch.tensor([3.0, 4.0]))
    marked = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    torch.testing.assert_close(vectors.entry_of(X, marked, 1), torch.tensor([2.0, 6.0]))
    several = vectors.entry_of(X, torch.tensor([[0, 1], [2, 2]]), 2)  # rows of categories for the same vectors
    torch.testing.assert_close(several, torch.tensor([[1.0, 5.0], [3.0, 6.0]]))


def test_the_nearest_row_by_the_distance_asked_for() -> None:
    rows = torch.tensor([[0.0, 0.0], [3.0, 0.0], [2.0, 2.0]])
    points = torch.tensor([[0.4, 0.3], [2.9, 0.2], [1.6, 1.5]])
    assert vectors.nearest_row(points, rows, 2.0).tolist() == [0, 1, 2]
    # from (3, 3): by the sum of distances 6, 4.5, 4.8; by the largest 3, 4.5, 2.4
    between = torch.tensor([[0.0, 0.0], [3.0, -1.5], [0.6, 0.6]])
    point = torch.tensor([[3.0, 3.0]])
    assert vectors.nearest_row(point, between, 1.0).tolist() == [1]
    assert vectors.nearest_row(point, between, float("inf")).tolist() == [2]
    assert vectors.nearest_row(points.reshape(3, 1, 2), rows, 2.0).tolist() == [[0], [1], [2]]
    with pytest.raises(ValueError, match="rows of shape"):
        vectors.nearest_row(torch.zeros(4, 3), rows, 2.0)


def test_a_sum_over_classes_is_of_vectors_of_that_many() -> None:
    found = vectors.log_sum_exp_of_classes(torch.log(X), 3, 1)
    torch.testing.assert_close(found, torch.log(torch.tensor([6.0, 15.0])))
    with pytest.raises(ValueError, match="4 classes is of a vector with 3 entries"):
        vectors.log_sum_exp_of_classes(X, 4, 1)
