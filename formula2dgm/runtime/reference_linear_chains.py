"""Linear-Gaussian chains in the reference interpreter: the dense joint law of all observations, without a filter.

    log p(x_t|x_1, ..., x_{t-1}) = log p(x_1, ..., x_t) - log p(x_1, ..., x_{t-1})

Each side is a normal density of as many entries as the sequence has, of mean C E[z_s] + d and covariance
C Cov(z_s, z_r) C^T + R [s = r], where E[z_s] and Cov(z_s, z_r) = A Cov(z_{s-1}, z_r) for s > r follow from the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from formula2dgm.ir import nodes as ir
from formula2dgm.runtime.reference_laws import LawAt
from formula2dgm.runtime.reference_noise import Position
from formula2dgm.runtime.reference_values import Value

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference


def log_prob_of_step(of: Reference, node: ir.LinearChain, at: Position) -> Value:
    """The log-density of x at a step given all before it."""
    steps = [{**at, node.time: step} for step in range(at[node.time] + 1)]
    batched = any(axis.kind == "batch" for axis in node.axes)
    whole = _log_density(of, node, steps)
    return Value(whole if len(steps) == 1 else whole - _log_density(of, node, steps[:-1]), batched)


def _log_density(of: Reference, node: ir.LinearChain, steps: Sequence[Position]) -> Tensor:
    """log p(x_1, ..., x_t)."""
    observed = [_vector(of(node.value, at)) for at in steps]
    rows = observed[0].shape[-1]
    loadings = [_matrix(of(node.loading, at), rows) for at in steps]
    columns = loadings[0].shape[-1]
    matrices = [_matrix(of(node.matrix, at), columns) for at in steps]
    motions = [_moments(of.law(node.motion, at), columns) for at in steps]
    mean, covariance = _moments(of.law(node.start, steps[0]), columns)
    if node.before:
        mean, covariance = _moved(matrices[0], mean, covariance, *motions[0])
    means, blocks = [mean], [[covariance]]
    for matrix, (offset, noise) in zip(matrices[1:], motions[1:], strict=True):
        mean, covariance = _moved(matrix, means[-1], blocks[-1][-1], offset, noise)
        means.append(mean)
        blocks.append([*(matrix @ each for each in blocks[-1]), covariance])
    return _of_observations(of, node, steps, observed, loadings, means, blocks)


def _moved(matrix: Tensor, mean: Tensor, covariance: Tensor, offset: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    return _times(matrix, mean) + offset, matrix @ covariance @ matrix.mT + noise


def _of_observations(
    of: Reference,
    node: ir.LinearChain,
    steps: Sequence[Position],
    observed: list[Tensor],
    loadings: list[Tensor],
    means: list[Tensor],
    blocks: list[list[Tensor]],
) -> Tensor:
    """The density of all x, whose covariances with each other are those of the states, ``blocks[s][r]`` for s >= r."""
    noises = [_moments(of.law(node.emission, at), observed[0].shape[-1]) for at in steps]
    expected = [_times(c, mean) + bias for c, mean, (bias, _) in zip(loadings, means, noises, strict=True)]
    table = [
        [
            loadings[s] @ (blocks[s][r] if s >= r else blocks[r][s].mT) @ loadings[r].mT
            + (noises[s][1] if s == r else 0)
            for r in range(len(steps))
        ]
        for s in range(len(steps))
    ]
    lead = torch.broadcast_shapes(*(each.shape[:-1] for each in (*observed, *expected)))
    lead = torch.broadcast_shapes(lead, *(each.shape[:-2] for row in table for each in row))
    rows = [torch.cat([each.expand(*lead, *each.shape[-2:]) for each in row], -1) for row in table]
    x, mean = (torch.cat([each.expand(*lead, each.shape[-1]) for each in parts], -1) for parts in (observed, expected))
    return MultivariateNormal(mean, torch.cat(rows, -2)).log_prob(x)


# -- shapes --------------------------------------------------------------------------------------------


def _vector(value: Value) -> Tensor:
    """A number is a vector of one entry."""
    return value.tensor if value.event_rank else value.tensor.unsqueeze(-1)


def _matrix(value: Value, size: int) -> Tensor:
    """A matrix; what the entries are multiplied by is one with nothing beside its diagonal."""
    return value.tensor if value.event_rank == 2 else torch.diag_embed(_vector(value).expand(*_lead(value), size))


def _lead(value: Value) -> tuple[int, ...]:
    return tuple(value.tensor.shape[: int(value.batched)])


def _moments(law: LawAt, size: int) -> tuple[Tensor, Tensor]:
    """Mean and covariance."""
    loc = _vector(law.values_at["loc"])
    mean = loc.expand(*loc.shape[:-1], size)
    if (root := law.values_at.get("scale_tril")) is not None:
        return mean, root.tensor @ root.tensor.mT
    scale = _vector(law.values_at["scale"])
    return mean, torch.diag_embed(scale.expand(*scale.shape[:-1], size) ** 2)


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)
