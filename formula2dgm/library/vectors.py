"""Functions of whole vectors: of all that follows the first ``lead`` dimensions, or its last dimension."""

from __future__ import annotations

import torch
from torch import Tensor


def vector_of(x: Tensor, lead: int, function: str) -> Tensor:
    """x itself, if something follows its first ``lead`` dimensions."""
    if x.dim() <= lead:
        raise ValueError(f"{function} is of a vector, but what it is applied to is one number an example")
    return x


def softmax(x: Tensor, lead: int) -> Tensor:
    """exp(x_i) / sum_j exp(x_j) over the last dimension."""
    return torch.softmax(vector_of(x, lead, "softmax"), -1)


def softmin(x: Tensor, lead: int) -> Tensor:
    """exp(-x_i) / sum_j exp(-x_j) over the last dimension."""
    return torch.softmax(-vector_of(x, lead, "softmin"), -1)


def log_softmax(x: Tensor, lead: int) -> Tensor:
    """x_i - log sum_j exp(x_j) over the last dimension."""
    return torch.log_softmax(vector_of(x, lead, "log softmax"), -1)


def entries_before(x: Tensor, lead: int) -> Tensor:
    """The entries one place later along the last dimension, a zero in front: for each entry the one before it."""
    return torch.nn.functional.pad(vector_of(x, lead, "entries_before")[..., :-1], (1, 0))


def log_sum_exp(x: Tensor, lead: int) -> Tensor:
    """log sum_i exp(x_i) over the event."""
    return torch.logsumexp(vector_of(x, lead, "logsumexp").flatten(lead), -1)


def log_sum_exp_of_classes(x: Tensor, classes: int, lead: int) -> Tensor:
    """log sum_y exp(x_y) over the last dimension, which has an entry for each class."""
    if vector_of(x, lead, "a sum over classes").shape[-1] != classes:
        raise ValueError(f"a sum over {classes} classes is of a vector with {x.shape[-1]} entries")
    return torch.logsumexp(x, -1)


def cosine_similarity(u: Tensor, v: Tensor, lead: int) -> Tensor:
    """u . v / (||u|| ||v||) over the event; 0, with gradient 0, where one of the two is 0."""
    first, second = (vector_of(each, lead, "the cosine similarity").flatten(lead) for each in (u, v))
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(f"vectors of {first.shape[-1]} and {second.shape[-1]} entries are compared")
    squares = (first**2).sum(-1) * (second**2).sum(-1)
    zero = squares == 0
    return ((first * second).sum(-1) / torch.sqrt(squares.masked_fill(zero, 1.0))).masked_fill(zero, 0.0)


def inner_products(rows: Tensor, columns: Tensor) -> Tensor:
    """u . v for each u of ``rows`` and v of ``columns``, [rows, columns]: one product of matrices."""
    first, second = (each.reshape(each.shape[0], -1) for each in (rows, columns))
    common = torch.promote_types(first.dtype, second.dtype)
    return first.to(common) @ second.to(common).mT


def entry_of(x: Tensor, category: Tensor, lead: int) -> Tensor:
    """The entry of x, along its last dimension, that a category counts from 0 or marks as one-hot."""
    index = (category.argmax(-1) if category.dim() > lead else category).long()
    axes = torch.broadcast_shapes(index.shape, x.shape[:-1])
    where = index.expand(axes).unsqueeze(-1)
    return x.expand(*axes, x.shape[-1]).gather(-1, where).squeeze(-1)


def entries_along(x: Tensor, lead: int, place: int, size: int | None = None) -> Tensor:
    """The entries of vectors, which lie behind ``lead`` dimensions, as the dimension at ``place``."""
    if x.dim() != lead + 1:
        raise ValueError(f"entries of vectors are read, but each value here has {x.dim() - lead} dimensions, not one")
    if size is not None and x.shape[-1] != size:
        raise ValueError(f"the formula has an index that runs to {size}, over vectors of {x.shape[-1]} entries")
    return x.movedim(-1, place)


def nearest_row(x: Tensor, rows: Tensor, order: float) -> Tensor:
    """For each position of x, the number of the row, counted from 0, that is at the smallest distance."""
    event = rows.shape[1:]
    if x.shape[x.dim() - len(event) :] != event:
        raise ValueError(
            f"rows of shape {tuple(event)} are compared with values of shape {tuple(x.shape[1:])}: "
            "for one row at each position, its entries come last"
        )
    places = x.shape[: x.dim() - len(event)]
    with torch.no_grad():
        values, table = x.reshape(-1, event.numel()), rows.reshape(len(rows), -1)
        distances = torch.cdist(values, table, order, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.argmin(-1).reshape(places)
