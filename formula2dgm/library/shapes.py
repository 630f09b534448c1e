"""Event dimensions, which follow the first ``lead`` dimensions, and the axes before them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from formula2dgm.library.tensors import in_float32_under_autocast


def sum_event(x: Tensor, lead: int) -> Tensor:
    """The sum over all dimensions after the first ``lead``."""
    # Without an event there is nothing to sum; torch would take an empty list of dimensions for all of them.
    return x.sum(dim=tuple(range(lead, x.dim()))) if x.dim() > lead else x


def mean_of_sums(x: Tensor) -> Tensor:
    """The sum over all dimensions after the first, and the mean over the first."""
    return x.sum() / x.shape[0] if x.dim() else x


def squared_norm_event(x: Tensor, lead: int) -> Tensor:
    """||x||^2 over all dimensions after the first ``lead``."""
    x = in_float32_under_autocast(x)
    return sum_event(x * x, lead)


def squared_distance_mean(x: Tensor, y: Tensor) -> Tensor:
    """||x - y||^2 over all dimensions after the first, mean over the first."""
    if x.shape == y.shape and x.dtype == y.dtype:
        return torch.nn.functional.mse_loss(x, y, reduction="sum") / x.shape[0]
    return mean_of_sums((x - y) ** 2)


def norm_event(x: Tensor, order: float, lead: int) -> Tensor:
    """||x||_order over all dimensions after the first ``lead``; the 2-norm has gradient 0 at 0."""
    if order != 2:
        return torch.linalg.vector_norm(x.unsqueeze(-1).flatten(lead), order, dim=-1)
    squared = squared_norm_event(x, lead)
    zero = squared == 0
    # The square root is taken of 1 where x is 0: its slope there is infinite, and infinite times 0 is NaN.
    return torch.sqrt(squared.masked_fill(zero, 1.0)).masked_fill(zero, 0.0)


def over_event(number: Tensor, like: Tensor, lead: int) -> Tensor:
    """One number an example, with a dimension of 1 for each event dimension of ``like``, so that it broadcasts."""
    return number.reshape(number.shape + (1,) * (like.dim() - lead))


def as_number(x: Tensor, lead: int, name: str = "the network") -> Tensor:
    """What a network returned, as one number an example: event shape () as it is, (1,) squeezed."""
    event = tuple(x.shape[lead:])
    if x.dim() < lead or event not in ((), (1,)):
        raise ValueError(
            f"{name} is used as one number an example, so it returns {lead} leading dimensions and event shape () or "
            f"(1,), but its shape is {tuple(x.shape)}: for the size of a vector write a squared norm, ||.||^2"
        )
    return x.squeeze(-1) if event else x


def at_category(category: Tensor, *parts: Tensor) -> Tensor:
    """For each position, the number among ``parts`` that its category counts from 0, or marks as one-hot."""
    event = tuple(category.shape[max(part.dim() for part in parts) :])
    if event and (event != (len(parts),) or not category.is_floating_point()):
        raise ValueError(
            f"a category is an index, with event shape (), or one-hot of {len(parts)} classes, "
            f"but its values have event shape {event}"
        )
    index = (category.argmax(-1) if event else category).long()
    index, *numbers = torch.broadcast_tensors(index, *parts)
    return torch.stack(numbers, -1).gather(-1, index.unsqueeze(-1)).squeeze(-1)


def chosen(lead: int, category: Tensor, *parts: Tensor) -> Tensor:
    """For each position of the first ``lead`` axes, the one of several values that its category counts from 0, or marks
    as one-hot."""
    event = tuple(category.shape[lead:])
    if event and (event != (len(parts),) or not category.is_floating_point()):
        raise ValueError(
            f"a category is an index, with event shape (), or one-hot of {len(parts)} classes, "
            f"but its values have event shape {event}"
        )
    index = (category.argmax(-1) if event else category).long()
    stacked = torch.stack(torch.broadcast_tensors(*parts), lead)
    where = index.reshape(index.shape + (1,) * (stacked.dim() - lead))
    return torch.take_along_dim(stacked, where, lead).squeeze(lead)


def vector(like: Tensor, *entries: Tensor | float) -> Tensor:
    """Numbers as the entries of a vector, in the dtype and on the device of ``like``."""
    numbers = [torch.as_tensor(each, dtype=like.dtype, device=like.device) for each in entries]
    return torch.stack(torch.broadcast_tensors(*numbers), -1)


def permuted_entries(x: Tensor, orders: Tensor, lead: int, batch: int) -> Tensor:
    """Each entry of the event in an order of examples of its own: ``orders`` [entries, examples], the examples along
    the dimension ``batch`` of the first ``lead``."""
    flat = x.flatten(lead).movedim(batch, -2)  # [..., examples, entries]
    index = orders.T.to(x.device).expand(flat.shape)
    return flat.gather(-2, index).movedim(-2, batch).reshape(x.shape)


def fold(axes: tuple[int, ...], *tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors as a network takes them, [n, event...]: their first axes broadcast to these sizes and made one."""
    lead, n = len(axes), math.prod(axes)
    return tuple([x.expand(*axes, *x.shape[lead:]).reshape(n, *x.shape[lead:]) for x in tensors])


def unfold(output: Any, axes: tuple[int, ...]) -> Any:
    """What a network returned (tensor, tuple or dict of [n, event...]) with its first dimension made ``axes`` again."""
    if isinstance(output, dict):
        return {name: unfold(each, axes) for name, each in output.items()}
    if isinstance(output, tuple | list):
        return tuple([unfold(each, axes) for each in output])
    if not isinstance(output, Tensor) or output.dim() == 0:
        return output
    if output.shape[0] != math.prod(axes):
        raise ValueError(
            f"a network was given {math.prod(axes)} examples, so it returns [{math.prod(axes)}, event...], "
            f"but it returned shape {tuple(output.shape)}"
        )
    return output.reshape((*axes, *output.shape[1:]))


def log_mean_exp(x: Tensor, dim: int) -> Tensor:
    """log(mean(exp(x))) over one dimension."""
    return torch.logsumexp(x, dim=dim) - math.log(x.shape[dim])
