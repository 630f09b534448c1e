"""Conditions as numbers, entry by entry and of whole events."""

from __future__ import annotations

import pytest
import torch

from formula2dgm.library import conditions as c

A, B = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (c.equal, [0, 1, 0]),
        (c.not_equal, [1, 0, 1]),
        (c.less, [1, 0, 0]),
        (c.less_equal, [1, 1, 0]),
        (c.greater, [0, 0, 1]),
        (c.greater_equal, [0, 1, 1]),
    ],
)
def test_one_where_it_holds(function: object, expected: list[int]) -> None:
    assert function(A, B).tolist() == expected
    assert function(A, 2.0).tolist() == expected
    assert function(A.double(), B.double()).dtype == torch.float64
    assert function(A.long(), B.long()).dtype == torch.get_default_dtype()


def test_two_values_are_the_same_in_every_entry() -> None:
    x = torch.tensor([[1.0, 2.0], [1.0, 3.0], [0.0, 0.0]])
    assert c.same(x, torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 0.0]]), 1).tolist() == [1, 0, 0]
    assert c.same(torch.tensor([1, 2]), torch.tensor([1, 3]), 1).tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"event shapes \(2,\) and \(3,\) are compared"):
        c.same(x, torch.zeros(3, 3), 1)


def test_a_class_is_an_index_or_one_hot() -> None:
    hot = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    for pair in ((hot, torch.tensor([2, 1])), (torch.tensor([2, 1]), hot)):
        assert c.same(*pair, 1).tolist() == [1, 0]
        assert c.same(*pair, 1).dtype == torch.float32
