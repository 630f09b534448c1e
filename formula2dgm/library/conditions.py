"""Conditions as numbers: 1 where they hold, else 0, without a gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.tensors import as_tensors


def one_where(holds: Tensor, *compared: Tensor) -> Tensor:
    """1 where it holds, in the dtype of the first of what is compared that is no whole number."""
    floating = [each.dtype for each in compared if each.is_floating_point()]
    return holds.to(floating[0] if floating else torch.get_default_dtype())


def equal(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left = right."""
    a, b = as_tensors(left, right)
    return one_where(a == b, a, b)


def not_equal(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left is not right."""
    a, b = as_tensors(left, right)
    return one_where(a != b, a, b)


def less(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left < right."""
    a, b = as_tensors(left, right)
    return one_where(a < b, a, b)


def less_equal(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left <= right."""
    a, b = as_tensors(left, right)
    return one_where(a <= b, a, b)


def greater(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left > right."""
    a, b = as_tensors(left, right)
    return one_where(a > b, a, b)


def greater_equal(left: Tensor | float, right: Tensor | float) -> Tensor:
    """1 where left >= right."""
    a, b = as_tensors(left, right)
    return one_where(a >= b, a, b)


def same(left: Tensor | float, right: Tensor | float, lead: int) -> Tensor:
    """For each position of the first ``lead`` dimensions, 1 where the two values are the same in every entry.

    Where only one of them has entries, these mark a class as one-hot, and the other counts the classes from 0.
    """
    a, b = as_tensors(left, right)
    if a.dim() > lead and b.dim() <= lead:
        a = a.argmax(-1)
    elif b.dim() > lead and a.dim() <= lead:
        b = b.argmax(-1)
    elif a.shape[lead:] != b.shape[lead:]:
        raise ValueError(f"event shapes {tuple(a.shape[lead:])} and {tuple(b.shape[lead:])} are compared")
    holds = a == b
    return one_where(holds.flatten(lead).all(-1) if holds.dim() > lead else holds, *as_tensors(left, right))
