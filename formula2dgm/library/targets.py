"""Target networks: copies that no optimiser trains, and that follow the weights they are copies of."""

from __future__ import annotations

import copy

from torch import Tensor, nn


def target_of(module: nn.Module) -> nn.Module:
    """A copy of a module with its weights as buffers: they are saved and loaded, and are nothing's to train."""
    target = copy.deepcopy(module).requires_grad_(False)
    held: dict[nn.Parameter, Tensor] = {}
    for each in target.modules():
        for name, parameter in list(each._parameters.items()):
            if parameter is not None:
                del each._parameters[name]
                each.register_buffer(name, held.setdefault(parameter, parameter.detach()))
    return target


def follow(target: nn.Module, module: nn.Module, decay: float) -> None:
    """Each weight becomes ``decay * own + (1 - decay) * followed``; buffers (running statistics) are copied."""
    weights = dict(module.named_parameters(remove_duplicate=False))
    buffers = dict(module.named_buffers(remove_duplicate=False))
    moved: set[int] = set()
    for name, own in target.named_buffers(remove_duplicate=False):
        if id(own) in moved:
            continue
        moved.add(id(own))
        if name in weights:
            follow_tensor(own, weights[name], decay)
        else:
            own.copy_(buffers[name])


def follow_tensor(target: Tensor, tensor: Tensor, decay: float) -> None:
    """The tensor becomes ``decay * own + (1 - decay) * followed``, in place."""
    if not 0 <= decay < 1:
        raise ValueError(f"the decay of a moving average is at least 0 and less than 1, not {decay}")
    target.copy_(decay * target + (1 - decay) * tensor)
