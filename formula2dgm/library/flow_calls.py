"""Calls of functions whose log-determinant is wanted beside their value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def with_log_det(output: Any, like: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """What an invertible module returned for ``like`` [n, event...], a value and log|det| [n], once it is seen to be
    that."""
    fits = isinstance(output, tuple | list) and len(output) == 2 and all(isinstance(each, Tensor) for each in output)
    if not fits or output[1].shape != like.shape[:1]:
        given = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        if fits:
            given = f"log|det| of shape {tuple(output[1].shape)}"
        raise ValueError(
            f"{name} is invertible, so it returns its value and log|det| of shape {tuple(like.shape[:1])}, one number "
            f"an example, but it returned {given}"
        )
    return output[0], output[1]


def differentiated(f: Callable[..., Any], x: Tensor, *context: Tensor) -> tuple[Tensor, Tensor]:
    """f(x) and log|det ∂f/∂x| of each example, from the whole Jacobian: one backward pass for each output.

    The examples do not depend on each other: f has no batch statistics and no randomness.
    """
    with torch.enable_grad():
        point = x if x.requires_grad else x.detach().requires_grad_()
        y = f(point, *context)
        if not isinstance(y, Tensor) or y.shape[0] != x.shape[0] or y[0].numel() != x[0].numel():
            given = tuple(y.shape[1:]) if isinstance(y, Tensor) else type(y).__name__
            raise ValueError(
                "a determinant needs as many outputs as inputs, but this function takes the event shape "
                f"{tuple(x.shape[1:])} to {given}"
            )
        return y, log_det_jacobian(y, point, 1)


def log_det_jacobian(y: Tensor, x: Tensor, lead: int) -> Tensor:
    """log|det ∂y/∂x| for each position of the first ``lead`` dimensions, of which y at each depends on x there alone:
    [..., event...] -> [...]."""
    if y.shape[:lead] != x.shape[:lead] or y.shape[lead:].numel() != x.shape[lead:].numel():
        raise ValueError(
            "a determinant needs as many outputs as inputs, but this function takes the event shape "
            f"{tuple(x.shape[lead:])} to {tuple(y.shape[lead:])}"
        )
    rows = [
        torch.autograd.grad(each.sum(), x, create_graph=True, materialize_grads=True)[0].flatten(lead)
        for each in y.flatten(lead).unbind(lead)
    ]
    return torch.linalg.slogdet(torch.stack(rows, dim=lead))[1]


def inverse_of(module: nn.Module) -> _Backwards:
    """The inverse of a module, as one."""
    return _Backwards(module)


class _Backwards(nn.Module):
    """A module that runs another's inverse."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module: Any = module

    def forward(self, *args: Tensor) -> Any:
        return self.module.inverse(*args)


def several_outputs(output: Any, count: int, name: str) -> tuple[Any, ...]:
    """What a network with several outputs returned, once there are as many as the formula names."""
    if not isinstance(output, tuple | list) or len(output) != count:
        given = f"{len(output)} outputs" if isinstance(output, tuple | list) else f"one {type(output).__name__}"
        raise ValueError(f"the formula names {count} outputs of {name}, so it returns a tuple of them, not {given}")
    return tuple(output)
