"""From the parameterisations that networks return to the canonical parameters of the families."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def scale_from_log_scale(log_scale: Tensor | float) -> Tensor | float:
    """scale = exp(log scale)."""
    return torch.exp(log_scale) if isinstance(log_scale, Tensor) else math.exp(log_scale)


def scale_from_var(var: Tensor | float) -> Tensor | float:
    """scale = sqrt(var)."""
    return torch.sqrt(var) if isinstance(var, Tensor) else math.sqrt(var)


def scale_from_log_var(log_var: Tensor | float) -> Tensor | float:
    """scale = exp(log var / 2)."""
    return torch.exp(0.5 * log_var) if isinstance(log_var, Tensor) else math.exp(0.5 * log_var)


def logits_from_probs(probs: Tensor | float) -> Tensor | float:
    """log p - log(1 - p), p kept a machine epsilon away from 0 and 1; NaN where p is no probability."""
    if not isinstance(probs, Tensor):
        return float(logits_from_probs(torch.tensor(probs, dtype=torch.float64)))
    logits = torch.logit(probs, torch.finfo(probs.dtype).eps)
    return logits.masked_fill((probs < 0) | (probs > 1), math.nan)


def class_logits_from_probs(probs: Tensor) -> Tensor:
    """log p over the classes [..., C], p at least a machine epsilon; NaN where p is no probability."""
    logits = torch.log(probs.clamp(min=torch.finfo(probs.dtype).eps))
    return logits.masked_fill((probs < 0) | (probs > 1), math.nan)


def describe_output(output: object) -> str:
    """What a network returned, in words, for an error message."""
    if isinstance(output, dict):
        return "a dict with " + (", ".join(map(repr, output)) or "nothing in it")
    if isinstance(output, tuple | list):
        return f"a {type(output).__name__} of {len(output)}"
    if isinstance(output, Tensor):
        return f"one tensor of shape {tuple(output.shape)}"
    return f"a {type(output).__name__}"
