"""Elementwise functions, and the values of finite events."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from formula2dgm.library.bernoulli import bernoulli_values
from formula2dgm.library.categorical import categorical_values, categorical_values_one_hot
from formula2dgm.library.functions import log_sigmoid, maximum, minimum, softplus
from formula2dgm.library.tensors import as_tensors


def test_softplus_and_log_sigmoid_at_every_size() -> None:
    x = torch.tensor([-700.0, -30.0, 0.0, 25.0, 40.0, 700.0], dtype=torch.float64, requires_grad=True)
    expected = torch.tensor([max(v, 0) + math.log1p(math.exp(-abs(v))) for v in x.tolist()], dtype=torch.float64)
    torch.testing.assert_close(softplus(x), expected, rtol=1e-15, atol=0.0)
    torch.testing.assert_close(log_sigmoid(-x), -expected, rtol=1e-15, atol=0.0)
    (slope,) = torch.autograd.grad(softplus(x).sum(), x)
    torch.testing.assert_close(slope, torch.sigmoid(x).detach(), rtol=1e-14, atol=0.0)


def test_maximum_and_minimum() -> None:
    x, y = torch.tensor([1.0, 5.0]), torch.tensor([[2.0], [4.0]])
    assert maximum(x, y).tolist() == [[2.0, 5.0], [4.0, 5.0]]
    assert minimum(0.5, x, y).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert maximum(x, 3).tolist() == [3.0, 5.0]
    assert maximum(x).tolist() == [1.0, 5.0]


def test_numbers_take_the_dtype_of_the_first_floating_tensor() -> None:
    whole, single, number = as_tensors(torch.arange(2), torch.ones(2, dtype=torch.float64), 3)
    assert (whole.dtype, single.dtype, number.dtype) == (torch.int64, torch.float64, torch.float64)
    assert as_tensors(1, 2.5)[1].dtype == torch.get_default_dtype()


@pytest.mark.parametrize("event", [(), (1,), (3,), (2, 2)])
def test_bernoulli_values(event: tuple[int, ...]) -> None:
    places = math.prod(event)
    values = bernoulli_values(torch.zeros(7, *event, dtype=torch.float64), 1)
    assert values.dtype == torch.float64 and values.shape == (2**places, *event)
    assert values.reshape(-1, places).tolist() == [list(bits) for bits in itertools.product((0.0, 1.0), repeat=places)]


def test_categorical_values() -> None:
    assert categorical_values(torch.zeros(7, 4), 1).tolist() == [0, 1, 2, 3]
    assert categorical_values(torch.zeros(4), 0).tolist() == [0, 1, 2, 3]
    pairs = categorical_values(torch.zeros(7, 2, 3), 1)
    assert pairs.tolist() == [list(pair) for pair in itertools.product(range(3), repeat=2)]
    one_hot = categorical_values_one_hot(torch.zeros(7, 3), 1)
    assert one_hot.dtype == torch.float32 and torch.equal(one_hot, torch.eye(3))
    assert categorical_values_one_hot(torch.zeros(7, 2, 3), 1).shape == (9, 2, 3)


def test_too_many_values_are_refused() -> None:
    with pytest.raises(ValueError, match=r"2\^64 values are too many"):
        bernoulli_values(torch.zeros(2, 64), 1)
