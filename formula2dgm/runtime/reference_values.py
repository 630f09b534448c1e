"""Values of the reference interpreter: tensors with or without a batch, and what is computed element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from formula2dgm.ir.program import Parameter
from formula2dgm.records import dataclass
from formula2dgm.runtime.reference_functions import OF_ONE, OF_SEVERAL


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor whose first dimension is the batch, if ``batched``; the event's dimensions follow."""

    tensor: Tensor
    batched: bool

    @property
    def event_rank(self) -> int:
        return self.tensor.dim() - self.batched


def combine(operation: Callable[[Tensor, Tensor], Tensor], left: Value, right: Value) -> Value:
    """An elementwise operation: batches aligned, a number spread over the other's event."""
    rank = max(left.event_rank, right.event_rank)
    return Value(operation(with_rank(left, rank), with_rank(right, rank)), left.batched or right.batched)


def started(parameter: Parameter) -> Tensor:
    """What a tensor is that nobody bound and that does not start at random."""
    assert parameter.shape is not None and parameter.fill is not None
    if parameter.identity:
        return parameter.fill * torch.eye(parameter.shape[0], dtype=torch.float64)
    return torch.full(parameter.shape, parameter.fill, dtype=torch.float64)


def with_rank(value: Value, rank: int) -> Tensor:
    missing = rank - value.event_rank
    if not missing or not value.batched:
        return value.tensor
    count, *event = value.tensor.shape
    return value.tensor.reshape(count, *([1] * missing), *event)


def together(values: Sequence[Value]) -> tuple[list[Tensor], bool]:
    """Values of one shape beside each other: what lacks the batch or the event of the others is spread over it."""
    rank = max(each.event_rank for each in values)
    tensors = torch.broadcast_tensors(*(with_rank(each, rank) for each in values))
    return list(tensors), any(each.batched for each in values)


def at_category(category: Value, numbers: Sequence[Value]) -> Value:
    """The number that a category counts from 0, or marks as one-hot: the sum of all, each times whether it is it."""
    index = category.tensor.argmax(-1) if category.event_rank else category.tensor
    kept = [combine(torch.mul, Value((index == k).double(), category.batched), each) for k, each in enumerate(numbers)]
    return Value(torch.stack([each.tensor for each in kept]).sum(0), any(each.batched for each in kept))


def vector_of(numbers: Sequence[Value]) -> Value:
    """The vector of these numbers."""
    tensors = torch.broadcast_tensors(*(each.tensor for each in numbers))
    return Value(torch.stack(tensors, -1), any(each.batched for each in numbers))


def log_of_exponentials(reduction: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The logarithm of a sum or mean of exponentials along the first dimension.

    Their largest exponent m is taken out, log sum exp(x) = m + log sum exp(x - m), which holds for any m: without that
    exp(-800) is 0 in float64, and there would be nothing to judge by. m is held constant: its gradient cancels.
    """
    largest = x.detach().amax(0)
    largest = torch.where(largest.isfinite(), largest, torch.zeros_like(largest))
    return largest + reduction((x - largest).exp()).log()


REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(0),
    "prod": lambda x: x.prod(0),
    "max": lambda x: x.amax(0),
    "min": lambda x: x.amin(0),
    "logsumexp": lambda x: log_of_exponentials(lambda weights: weights.sum(0), x),
    "logmeanexp": lambda x: log_of_exponentials(lambda weights: weights.mean(0), x),
}

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "log": torch.log,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "square": lambda x: x * x,
    "sigmoid": lambda x: 1 / (1 + torch.exp(-x)),
    "log_sigmoid": lambda x: -torch.log(1 + torch.exp(-x)),
    "softplus": lambda x: torch.log(1 + torch.exp(x)),
    "tanh": torch.tanh,
    "relu": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "scale_from_log_scale": torch.exp,
    "scale_from_var": torch.sqrt,
    "scale_from_log_var": lambda x: torch.exp(x / 2),
    "rate_from_log_rate": torch.exp,
    "rate_from_scale": lambda x: 1 / x,
    "concentration_from_log_concentration": torch.exp,
    "logits_from_probs": lambda p: torch.log(p) - torch.log(1 - p),
    "class_logits_from_probs": torch.log,
    "scale_tril_from_covariance_matrix": torch.linalg.cholesky,
    "scale_tril_from_precision_matrix": lambda x: torch.linalg.cholesky(torch.linalg.inv(x)),
    "scale_tril_from_factor": lambda x: torch.linalg.cholesky(x @ x.mT),
    "inverse_matrix": torch.linalg.inv,
}


#: Conditions: 1 where they hold, else 0.
CONDITIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "equal": lambda a, b: torch.eq(a, b).double(),
    "not_equal": lambda a, b: torch.ne(a, b).double(),
    "less": lambda a, b: torch.lt(a, b).double(),
    "less_equal": lambda a, b: torch.le(a, b).double(),
    "greater": lambda a, b: torch.gt(a, b).double(),
    "greater_equal": lambda a, b: torch.ge(a, b).double(),
}


def apply(function: str, args: Sequence[Value]) -> Value:
    """An elementwise function of the registry; ``max`` and ``min`` of any number of values."""
    first = args[0]
    if function in CONDITIONS:
        return combine(CONDITIONS[function], first, args[1])
    if function in ("max", "min"):
        operation = torch.maximum if function == "max" else torch.minimum
        for each in args[1:]:
            first = combine(operation, first, each)
        return first
    if function == "matrix_product":
        return Value(torch.einsum("...ij,...jk->...ik", first.tensor, args[1].tensor), first.batched or args[1].batched)
    if function == "columns_beside":
        rows = torch.broadcast_shapes(*(each.tensor.shape[:-1] for each in args))
        blocks = [each.tensor.expand(*rows, each.tensor.shape[-1]) for each in args]
        return Value(torch.cat(blocks, -1), any(each.batched for each in args))
    if function in OF_ONE:
        return Value(OF_ONE[function](first.tensor), first.batched)
    if function in OF_SEVERAL:
        rank = max(each.event_rank for each in args)
        values = [with_rank(each, rank) for each in args]
        return Value(OF_SEVERAL[function](*values), any(each.batched for each in args))
    return Value(FUNCTIONS[function](first.tensor), first.batched)
