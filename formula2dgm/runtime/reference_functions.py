"""Elementwise functions from their definitions, for the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

OF_ONE: dict[str, Callable[[Tensor], Tensor]] = {
    "log1p": lambda x: torch.log(1 + x),
    "expm1": lambda x: torch.exp(x) - 1,
    "tan": lambda x: torch.sin(x) / torch.cos(x),
    "sinh": lambda x: (torch.exp(x) - torch.exp(-x)) / 2,
    "cosh": lambda x: (torch.exp(x) + torch.exp(-x)) / 2,
    "arcsin": torch.asin,
    "arccos": torch.acos,
    "arctan": torch.atan,
    "atanh": lambda x: torch.log((1 + x) / (1 - x)) / 2,
    "logit": lambda x: torch.log(x) - torch.log(1 - x),
    "elu": lambda x: torch.where(x > 0, x, torch.exp(x) - 1),
    "gelu": lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
    "silu": lambda x: x / (1 + torch.exp(-x)),
    "sign": lambda x: (x > 0).double() - (x < 0).double(),
    "floor": torch.floor,
    "ceil": torch.ceil,
    "round": torch.round,
}


def _huber(x: Tensor, delta: Tensor) -> Tensor:
    return torch.where(x.abs() <= delta, x * x / 2, delta * (x.abs() - delta / 2))


OF_SEVERAL: dict[str, Callable[..., Tensor]] = {
    "clip": lambda x, low, high: torch.where(x < low, low, torch.where(x > high, high, x)),
    "huber": _huber,
    "logaddexp": lambda a, b: torch.log(torch.exp(a) + torch.exp(b)),
}
