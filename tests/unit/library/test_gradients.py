"""Gradients of several values at once, and derivatives along directions, by hand."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.testing import assert_close

from formula2dgm.library import gradients


def test_each_draw_has_the_gradient_of_its_own() -> None:
    """y_kn = w_k x_n^2, so that dy_kn/dx_n = 2 w_k x_n."""
    x = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64, requires_grad=True)
    w = torch.tensor([0.5, 2.0], dtype=torch.float64)
    found = gradients.gradient_of_each(w[:, None] * x**2, x, (0,))
    assert_close(found, torch.tensor([[1.0, -2.0, 3.0], [4.0, -8.0, 12.0]], dtype=torch.float64))
    (again,) = torch.autograd.grad(found.sum(), x)  # 2 (0.5 + 2) each: it can be derived once more
    assert_close(again, torch.full((3,), 5.0, dtype=torch.float64))
    turned = gradients.gradient_of_each(x[:, None] ** 2 * w, x, (1,))
    assert_close(turned, found.mT)


def test_the_gradient_of_a_function_at_a_point() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]], dtype=torch.float64)
    gradient, number = gradients.gradient_at(lambda each: (each**2).sum(-1), x)
    assert_close(gradient, 2 * x)
    assert_close(number, torch.tensor([5.0, 10.0], dtype=torch.float64))
    gradient, (number, other) = gradients.gradient_at(lambda each: ((each**3).sum(-1), 7 * each), x)
    assert_close(gradient, 3 * x**2)
    assert_close(number, torch.tensor([9.0, 26.0], dtype=torch.float64))
    assert_close(other, 7 * x)
    own = x.clone().requires_grad_()
    gradient, _ = gradients.gradient_at(lambda each: (each**3).sum(-1), own)
    (second,) = torch.autograd.grad(gradient.sum(), own)
    assert_close(second, 6 * x)
    with torch.no_grad():
        gradient, _ = gradients.gradient_at(lambda each: (each**2).sum(-1), x)
    assert not gradient.requires_grad


def test_a_derivative_along_directions_by_gradients() -> None:
    """d(a b^2) along (1, 2) is b^2 + 4 a b."""
    a = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([3.0, -1.0], dtype=torch.float64)
    one = torch.ones(2, dtype=torch.float64)

    def product(first: Tensor, second: Tensor) -> Tensor:
        return first * second**2

    value, moved = gradients.jvp_by_gradients(product, (a, b), (one, 2 * one))
    assert_close(value, torch.tensor([9.0, 2.0], dtype=torch.float64))
    assert_close(moved, torch.tensor([21.0, -7.0], dtype=torch.float64))
    (again,) = torch.autograd.grad(moved.sum(), a)  # 4 b
    assert_close(again, torch.tensor([12.0, -4.0], dtype=torch.float64))
    with torch.no_grad():
        assert not gradients.jvp_by_gradients(product, (a, b), (one, one))[1].requires_grad
