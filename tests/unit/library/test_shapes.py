"""Event dimensions and leading axes."""

from __future__ import annotations

import math

import pytest
import torch

from formula2dgm.library import shapes

X = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("lead", "letters"), [(0, ""), (1, "a"), (2, "ab"), (3, "abc"), (4, "abcd")])
def test_reductions_over_the_event(lead: int, letters: str) -> None:
    torch.testing.assert_close(shapes.sum_event(X, lead), torch.einsum(f"abcd->{letters}", X))
    squares = torch.einsum(f"abcd,abcd->{letters}", X, X)
    torch.testing.assert_close(shapes.squared_norm_event(X, lead), squares)
    torch.testing.assert_close(shapes.norm_event(X, 2, lead), squares.sqrt())
    torch.testing.assert_close(shapes.norm_event(X, 1, lead), torch.einsum(f"abcd->{letters}", X.abs()))
    cubes = torch.einsum(f"abcd->{letters}", X.abs() ** 3)
    torch.testing.assert_close(shapes.norm_event(X, 3.0, lead), cubes ** (1 / 3))
    assert shapes.norm_event(X, math.inf, lead).shape == squares.shape


def test_the_norm_has_gradient_zero_at_zero_to_second_order() -> None:
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    norm = shapes.norm_event(x, 2, 1)
    assert norm.tolist() == [0.0, 5.0]
    (first,) = torch.autograd.grad(norm.sum(), x, create_graph=True)
    torch.testing.assert_close(first, torch.tensor([[0.0, 0.0], [0.6, 0.8]], dtype=torch.float64))
    (second,) = torch.autograd.grad(first[:, 0].sum(), x)
    # d/dx (x_1 / r) = (1/r - x_1^2/r^3, -x_1 x_2 / r^3)
    torch.testing.assert_close(second, torch.tensor([[0.0, 0.0], [0.2 - 9 / 125, -12 / 125]], dtype=torch.float64))


def test_over_event() -> None:
    number = torch.tensor([10.0, 20.0])
    assert (shapes.over_event(number, torch.zeros(2, 3), 1) + torch.zeros(2, 3)).tolist() == [[10.0] * 3, [20.0] * 3]
    assert shapes.over_event(number, torch.zeros(7, 2, 3, 4), 2).shape == (2, 1, 1)
    assert shapes.over_event(number, torch.zeros(2), 1).shape == (2,)
    assert shapes.over_event(torch.tensor(2.0), torch.zeros(2, 3), 1).shape == (1,)


def test_as_number() -> None:
    assert shapes.as_number(torch.zeros(2, 3), 2).shape == (2, 3)
    assert shapes.as_number(torch.zeros(2, 3, 1), 2).shape == (2, 3)
    assert shapes.as_number(torch.zeros(1), 1).shape == (1,)
    with pytest.raises(ValueError, match=r"D\(x\) is used as one number.*shape is \(2, 3\).*squared norm"):
        shapes.as_number(torch.zeros(2, 3), 1, "D(x)")
    with pytest.raises(ValueError, match=r"2 leading dimensions.*shape is \(6,\)"):
        shapes.as_number(torch.zeros(6), 2)


def test_fold_and_unfold_carry_every_row_home() -> None:
    x = torch.arange(3.0).reshape(1, 3, 1, 1).expand(1, 3, 4, 5)
    z = torch.arange(6.0).reshape(2, 3, 1)
    folded_x, folded_z = shapes.fold((2, 3), x, z)
    assert folded_x.shape == (6, 4, 5) and folded_z.shape == (6, 1)
    assert folded_x[:, 0, 0].tolist() == [0.0, 1.0, 2.0, 0.0, 1.0, 2.0] and folded_z[:, 0].tolist() == list(range(6))
    back = shapes.unfold({"loc": folded_z, "scale": (folded_x, torch.tensor(2.0), 3.0)}, (2, 3))
    assert torch.equal(back["loc"], z) and torch.equal(back["scale"][0], x.expand(2, 3, 4, 5))
    assert back["scale"][1].shape == () and back["scale"][2] == 3.0
    assert torch.equal(shapes.fold((2,), z)[0], z)


def test_fold_without_leading_axes_gives_one_row() -> None:
    (row,) = shapes.fold((), torch.ones(4))
    assert row.shape == (1, 4) and shapes.unfold(row, ()).shape == (4,)


def test_unfold_refuses_other_numbers_of_rows() -> None:
    with pytest.raises(ValueError, match=r"given 6 examples.*shape \(5, 2\)"):
        shapes.unfold(torch.zeros(5, 2), (2, 3))


def test_at_category() -> None:
    numbers = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])  # one row for each class, two examples
    index = torch.tensor([2, 0])
    expected = torch.tensor([5.0, 2.0])
    torch.testing.assert_close(shapes.at_category(index, *numbers), expected)
    torch.testing.assert_close(shapes.at_category(torch.eye(3)[index], *numbers), expected)
    every = shapes.at_category(torch.arange(3).unsqueeze(1), *numbers.unsqueeze(1))
    torch.testing.assert_close(every, numbers)
    with pytest.raises(ValueError, match="one-hot of 3 classes"):
        shapes.at_category(torch.zeros(2, 4), *numbers)


def test_log_mean_exp() -> None:
    x = torch.tensor([[1000.0, 1000.0], [0.0, math.log(3.0)]], dtype=torch.float64)
    expected = torch.tensor([1000.0, math.log(2.0)], dtype=torch.float64)
    torch.testing.assert_close(shapes.log_mean_exp(x, 1), expected)
    torch.testing.assert_close(shapes.log_mean_exp(x.T, 0), expected)
    torch.testing.assert_close(shapes.log_mean_exp(x.T, dim=-2), expected)


def test_numbers_are_the_entries_of_a_vector_in_the_precision_asked_for() -> None:
    like = torch.zeros(7, dtype=torch.float64)
    found = shapes.vector(like, torch.tensor([1.0, 2.0]), 3, torch.tensor([[4.0], [5.0]]))
    expected = [[[1.0, 3.0, 4.0], [2.0, 3.0, 4.0]], [[1.0, 3.0, 5.0], [2.0, 3.0, 5.0]]]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_a_category_chooses_among_values_at_each_position() -> None:
    a, b, c = (torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) + 10 * i for i in range(3))
    expected = torch.tensor([[21.0, 22.0], [3.0, 4.0], [15.0, 16.0]])
    torch.testing.assert_close(shapes.chosen(1, torch.tensor([2, 0, 1]), a, b, c), expected)
    marked = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(shapes.chosen(1, marked, a, b, c), expected)
    numbers = [torch.tensor([each]) for each in (7.0, 8.0, 9.0)]
    torch.testing.assert_close(shapes.chosen(1, torch.tensor([1, 2]), *numbers), torch.tensor([8.0, 9.0]))
    for wrong in (marked[:, :2], marked.long()):
        with pytest.raises(ValueError, match="one-hot of 3 classes"):
            shapes.chosen(1, wrong, a, b, c)


def test_entries_are_permuted_among_the_examples_each_for_itself() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    orders = torch.tensor([[2, 0, 1], [1, 2, 0]])  # [entries, examples]
    expected = torch.tensor([[5.0, 4.0], [1.0, 6.0], [3.0, 2.0]])
    torch.testing.assert_close(shapes.permuted_entries(x, orders, 1, 0), expected)
    draws = torch.stack([x, 10 * x])  # [draws, examples, entries]
    torch.testing.assert_close(shapes.permuted_entries(draws, orders, 2, 1), torch.stack([expected, 10 * expected]))
