"""Gradients with respect to values, ``\\nabla_x D(x)``, in an objective that is compiled: traced with the rest.

The compiler follows a gradient inside of what it compiles where it is told to, and where what the gradient is by needs
gradients when it comes in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def takes_gradients(program: Program) -> bool:
    """Is a gradient with respect to a value part of an objective?"""
    return any(isinstance(each, ir.Grad | ir.JacobianTrace) for each in walk(*program.roots))


def needing_gradients(prepared: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, floating tensors among them as leaves that need gradients; those of the caller are not changed."""
    return {
        name: value.detach().requires_grad_()
        if isinstance(value, Tensor) and value.is_floating_point() and not value.requires_grad
        else value
        for name, value in prepared.items()
    }


@contextmanager
def traced_gradients() -> Iterator[None]:
    """While a gradient inside of what is compiled is traced."""
    with torch._dynamo.config.patch(trace_autograd_ops=True):
        yield
