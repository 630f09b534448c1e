"""Score-function gradients: what is added to a cost, and the baselines that are subtracted from it."""

from __future__ import annotations

from torch import Tensor


def score_gradient(cost: Tensor | float, log_prob: Tensor) -> Tensor:
    """0 in value; the gradient is cost times that of log_prob, the cost held constant."""
    constant = cost.detach() if isinstance(cost, Tensor) else cost
    return constant * (log_prob - log_prob.detach())


def others_mean(cost: Tensor, dim: int) -> Tensor:
    """At each position of a dimension the mean over the other positions, 0 where there is none: the same shape."""
    return (cost.sum(dim, keepdim=True) - cost) / max(cost.shape[dim] - 1, 1)


def straight_through(draw: Tensor, mean: Tensor) -> Tensor:
    """The draw in value, the mean in gradient."""
    return draw + (mean - mean.detach())
