"""Modules as wholes: their parameters held constant, and where they live."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn


def frozen(module: nn.Module) -> Callable[..., object]:
    """The module with its parameters held constant: gradients pass through to its inputs alone."""

    def held(*args: object, **kwargs: object) -> object:
        if torch.compiler.is_compiling():
            parameters = {name: parameter.detach() for name, parameter in module.named_parameters()}
            return torch.func.functional_call(module, parameters, args, kwargs)
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        try:
            for parameter in trained:
                parameter.requires_grad = False
            return module(*args, **kwargs)
        finally:
            for parameter in trained:
                parameter.requires_grad = True

    return held


def tensor_of(module: nn.Module) -> Tensor:
    """A tensor of the module, whose dtype and device new ones take."""
    return next(itertools.chain(module.parameters(), module.buffers()), torch.empty(()))
