"""Determinants and traces of Jacobians, and what a function of several outputs is held to."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from formula2dgm.library import flow_calls, traces

A = torch.tensor([[2.0, 1.0], [0.5, -3.0]], dtype=torch.float64)  # det A = -6.5, tr A = -1
X = torch.tensor([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]], dtype=torch.float64)


def cubes(x: Tensor, *context: Tensor) -> Tensor:
    """A x plus the cube of each entry, and what is given beside it."""
    return x @ A.mT + x**3 + sum(context)


def jacobian(x: Tensor) -> Tensor:
    return A + torch.diag(3 * x**2)


def test_the_determinant_is_that_of_the_jacobian_of_each_example() -> None:
    expected = torch.stack([torch.log(torch.abs(torch.det(jacobian(x)))) for x in X])
    value, found = flow_calls.differentiated(cubes, X, torch.tensor(4.0))
    assert_close(value, cubes(X) + 4)
    assert_close(found, expected)
    with torch.no_grad():
        assert_close(flow_calls.differentiated(cubes, X)[1], expected)
    point = X.clone().requires_grad_()
    flow_calls.differentiated(lambda x: x**3 / 3, point)[1].sum().backward()
    assert_close(point.grad, 2 / X)  # sum_i log x_i^2


def test_the_determinant_at_each_step() -> None:
    x = torch.stack([X, 2 * X]).requires_grad_()  # two examples of three steps
    found = flow_calls.log_det_jacobian(cubes(x), x, 2)
    assert_close(found, torch.stack([torch.stack([torch.slogdet(jacobian(step))[1] for step in each]) for each in x]))
    with pytest.raises(ValueError, match=r"takes the event shape \(2,\) to \(1,\)"):
        flow_calls.log_det_jacobian(cubes(x)[..., :1], x, 2)
    with pytest.raises(ValueError, match="as many outputs as inputs"):
        flow_calls.log_det_jacobian(cubes(x)[:1], x, 1)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: x[:, :1], r"to \(1,\)"),
        (lambda x: x[:2], r"to \(2,\)"),
        (lambda x: (x, x), "to tuple"),
    ],
)
def test_a_determinant_is_of_as_many_outputs_as_inputs(function: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        flow_calls.differentiated(function, X)


def test_an_invertible_module_returns_one_number_for_each_example() -> None:
    volume = torch.zeros(3)
    for kind in (tuple, list):
        value, found = flow_calls.with_log_det(kind((2 * X, volume)), X, "f")
        assert value.equal(2 * X) and found is volume
    for wrong, said in (
        (X, r"returned \(3, 2\)"),
        ((X, volume, volume), "returned tuple"),
        ((X, 0.0), "returned tuple"),
        ((X, torch.zeros(3, 2)), r"log\|det\| of shape \(3, 2\)"),
        (3, "returned int"),
    ):
        with pytest.raises(ValueError, match=said):
            flow_calls.with_log_det(wrong, X, "f")


def test_an_inverse_is_run_backwards() -> None:
    class Doubled(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * x

        def inverse(self, y: Tensor, c: float) -> Tensor:
            return y / 2 + c

    assert_close(flow_calls.inverse_of(Doubled())(X, 1.0), X / 2 + 1)


def test_as_many_outputs_as_the_formula_names() -> None:
    assert flow_calls.several_outputs([1, 2], 2, "f") == (1, 2)
    assert flow_calls.several_outputs((1, 2, 3), 3, "f") == (1, 2, 3)
    for wrong, said in (((1, 2, 3), "not 3 outputs"), (X, "not one Tensor"), (X[:2], "not one Tensor")):
        with pytest.raises(ValueError, match=f"names 2 outputs of f, .*{said}"):
            flow_calls.several_outputs(wrong, 2, "f")


def test_the_trace_is_that_of_the_jacobian_of_each_example() -> None:
    expected = -1 + 3 * (X**2).sum(-1)
    with torch.no_grad():
        found, value = traces.trace_at(cubes, X, 1)
    assert_close(found, expected)
    assert_close(value, cubes(X))
    found, (value, own) = traces.trace_at(lambda x: (cubes(x), 5.0), X, 1)
    assert_close(found, expected)
    assert_close(value, cubes(X))
    assert own == 5.0
    point = X.clone().requires_grad_()
    traces.trace_at(cubes, point, 1)[0].sum().backward()
    assert_close(point.grad, 6 * X)


def test_the_trace_of_numbers_and_of_images() -> None:
    x = X.clone().requires_grad_()
    assert_close(traces.jacobian_trace(x**3, x, 2), 3 * X**2)  # the event is one number
    image = X.reshape(1, 3, 2).requires_grad_()
    assert_close(traces.jacobian_trace(torch.sin(image), image, 1), torch.cos(X).sum().reshape(1))
    flipped = image.flip(1)  # of three rows the middle one stays where it is
    assert_close(traces.jacobian_trace(flipped, image, 1), torch.tensor([2.0], dtype=torch.float64))
    with pytest.raises(ValueError, match=r"takes the event shape \(2,\) to \(1,\)"):
        traces.jacobian_trace(x[:, :1], x, 1)


def test_the_trace_of_a_part_that_does_not_depend_on_x() -> None:
    x = X.clone().requires_grad_()
    found = traces.jacobian_trace(torch.stack([x[:, 0] ** 2, torch.full((3,), math.pi)], -1) + 0 * x, x, 1)
    assert_close(found, 2 * X[:, 0])
