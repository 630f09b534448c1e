"""Calls of networks in the reference interpreter: inputs with a batch, frozen parameters held constant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from formula2dgm.ir.nodes import Method
from formula2dgm.ir.program import Network
from formula2dgm.runtime.reference_values import Value

#: What a network is given as one argument: a value, or a tuple of them.
Given = Value | tuple[Value, ...]


def call_network(
    module: Callable[..., object],
    network: Network,
    args: Sequence[Given],
    frozen: bool,
    method: Method = "plain",
    told: int | None = None,
) -> tuple[object, bool]:
    """What a network returns, and whether that has a batch; without one, it is called on a batch of one.

    ``told`` is the place of a sequence whose length the network is told.

    A call with a log-determinant gives the value alone from the network: the determinant is that of its Jacobian.
    """
    values = [value for each in args for value in (each if isinstance(each, tuple) else (each,))]
    batched = any(each.batched for each in values)
    count = next((each.tensor.shape[0] for each in values if each.batched), 1)
    inputs = [_with_batch(each, count) for each in args]
    keywords: dict[str, Any] = dict(zip(network.inputs, inputs, strict=False)) if network.keywords else {}
    if told is not None and not isinstance(module, torch.nn.RNNBase):
        keywords["lengths"] = torch.full((count,), inputs[told].shape[1])
    positional = () if network.keywords else tuple(inputs)
    if method == "inverse":
        module = _Inverse(module)
    if method != "plain":
        output: object = _with_log_det(_held(module, frozen), inputs)
    else:
        output = _held(module, frozen)(*positional, **keywords)
    if batched or not args:
        return output, batched
    return map_tensors(output, lambda tensor: tensor[0]), False


def _with_batch(given: Given, count: int) -> Any:
    """The tensor of an argument, or the tuple of tensors, each with a batch."""
    if isinstance(given, tuple):
        return tuple(_with_batch(each, count) for each in given)
    return given.tensor if given.batched else given.tensor.expand(count, *given.tensor.shape)


class _Inverse(torch.nn.Module):
    """A module's inverse, as a module."""

    def __init__(self, module: object):
        super().__init__()
        self.module = module

    def forward(self, *args: Tensor) -> object:
        return self.module.inverse(*args)  # type: ignore[attr-defined]


def _held(module: Callable[..., object], frozen: bool) -> Callable[..., object]:
    """The module, its parameters held constant if it is frozen."""
    if not frozen or not isinstance(module, torch.nn.Module):
        return module
    fixed = {name: value.detach() for name, value in module.named_parameters()}
    return lambda *args, **keywords: functional_call(module, fixed, args, keywords)


def _with_log_det(module: Callable[..., object], inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """The value of a function and log|det| of its Jacobian in the first input, one example and one output at a time."""
    point = inputs[0] if inputs[0].requires_grad else inputs[0].detach().requires_grad_()
    output = module(point, *inputs[1:])
    value = output[0] if isinstance(output, tuple | list) else output
    assert isinstance(value, Tensor)
    return value, log_det_by_outputs(value, point)


def log_det_by_outputs(value: Tensor, point: Tensor) -> Tensor:
    """log|det| of the derivative of each example of a value by that of a point, one output at a time."""
    log_dets = []
    for number in range(len(value)):
        rows = [
            torch.autograd.grad(each, point, create_graph=True, materialize_grads=True)[0][number].flatten()
            for each in value[number].flatten()
        ]
        log_dets.append(torch.linalg.slogdet(torch.stack(rows))[1])
    return torch.stack(log_dets)


def map_tensors(output: object, change: Callable[[Tensor], Tensor]) -> object:
    """What a network returned with every tensor in it changed."""
    if isinstance(output, Tensor):
        return change(output)
    if isinstance(output, Mapping):
        return {name: map_tensors(each, change) for name, each in output.items()}
    assert isinstance(output, tuple | list)
    return tuple(map_tensors(each, change) for each in output)
