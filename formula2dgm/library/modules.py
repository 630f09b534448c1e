"""Modules as wholes: their parameters held constant, and where they live."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn


def frozen(module: nn.Module) -> Callable[..., object]:
    """The module with its parameters held constant: gradients pass through to its inputs alone."""
    parameters = {name: parameter.detach() for name, parameter in module.named_parameters()}
    return lambda *args, **kwargs: torch.func.functional_call(module, parameters, args, kwargs)


def tensor_of(module: nn.Module) -> Tensor:
    """A tensor of the module, whose dtype and device new ones take."""
    return next(itertools.chain(module.parameters(), module.buffers()), torch.empty(()))
