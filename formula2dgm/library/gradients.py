"""Gradients of several values by one: of each of several draws, at one point; of a function, at a point."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def gradient_of_each(y: Tensor, x: Tensor, own: tuple[int, ...]) -> Tensor:
    """∂y/∂x for each index along the dimensions ``own`` of y, which x lacks: [own..., shared..., event...], where y at
    each position of the shared dimensions depends on x there alone."""
    front = tuple(range(len(own)))
    rows = y.movedim(own, front)
    found = [
        torch.autograd.grad(each.sum(), x, create_graph=True, materialize_grads=True)[0]
        for each in rows.flatten(0, len(own) - 1).unbind(0)
    ]
    return torch.stack(found).unflatten(0, rows.shape[: len(own)]).movedim(front, own)


def gradient_at(
    function: Callable[[Tensor], Tensor | tuple[Tensor, ...]], x: Tensor
) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
    """The gradient at x of a function's number at each position, and all that the function returns, that number first.
    ``torch.compile`` traces ``torch.func.grad`` of the numbers' sum into one graph; elsewhere ``torch.autograd.grad``
    does with networks that have a state (batch norm), too."""

    def summed(point: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
        found = function(point)
        number = found[0] if isinstance(found, tuple) else found
        return number.sum(), found

    if torch.compiler.is_compiling():
        gradient, found = torch.func.grad(summed, has_aux=True)(x)
        return gradient, found
    again = torch.is_grad_enabled()  # may a gradient be taken of this one?
    with torch.enable_grad():
        point = x if x.requires_grad else x.detach().requires_grad_()
        total, found = summed(point)
        return torch.autograd.grad(total, point, create_graph=again)[0], found


def jvp_by_gradients(
    function: Callable[..., Tensor], points: tuple[Tensor, ...], directions: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """A function's value and its derivative as its points move along directions, as ``torch.func.jvp``, but by two
    gradients: the function may have a state (batch norm)."""
    again = torch.is_grad_enabled()  # may a gradient be taken of this one?
    with torch.enable_grad():
        leaves = [each if each.requires_grad else each.detach().requires_grad_() for each in points]
        value = function(*leaves)
        u = torch.zeros_like(value, requires_grad=True)
        rows = torch.autograd.grad(value, leaves, u, create_graph=True, materialize_grads=True)
        along = torch.stack([(row * each).sum() for row, each in zip(rows, directions, strict=True)]).sum()
        return value, torch.autograd.grad(along, u, create_graph=again)[0]
