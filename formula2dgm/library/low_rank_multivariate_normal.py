"""The normal distribution N(loc, W W^T + diag(cov_diag)) of a vector: loc, cov_diag [..., d], W [..., d, rank].

With D = diag(cov_diag) and the small matrix I + W^T D^-1 W = C C^T, no d x d matrix is ever formed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from formula2dgm.library.matrices import log_diagonal_sum
from formula2dgm.library.parameters import named_outputs
from formula2dgm.library.tensors import as_tensors, floating_dtype


def full_diagonal(cov_diag: Tensor, cov_factor: Tensor) -> Tensor:
    """The diagonal [..., d] beside its factor [..., d, rank], where it is one number for all."""
    return cov_diag.expand(torch.broadcast_shapes(cov_diag.shape, cov_factor.shape[-2:-1]))


def low_rank_capacitance(cov_factor: Tensor, cov_diag: Tensor) -> Tensor:
    """The lower C of C C^T = I + W^T D^-1 W: [..., rank, rank]."""
    scaled = cov_factor / cov_diag.sqrt().unsqueeze(-1)
    one = torch.eye(cov_factor.shape[-1], dtype=cov_factor.dtype, device=cov_factor.device)
    with torch.autocast(cov_factor.device.type, enabled=False):  # products of matrices would be of half precision
        return torch.linalg.cholesky(one + scaled.mT @ scaled)


def low_rank_log_determinant(cov_factor: Tensor, cov_diag: Tensor) -> Tensor:
    """log det(W W^T + D) = log det D + 2 log det C, the matrix determinant lemma."""
    return cov_diag.log().sum(-1) + 2 * log_diagonal_sum(low_rank_capacitance(cov_factor, cov_diag))


def low_rank_squared_distance(difference: Tensor, cov_factor: Tensor, cov_diag: Tensor) -> Tensor:
    """v^T (W W^T + D)^-1 v by Woodbury's identity, as the sum of squares |D^-1/2 (v - W t)|^2 + |t|^2 for
    t = (C C^T)^-1 W^T D^-1 v, in which nothing cancels."""
    factor = low_rank_capacitance(cov_factor, cov_diag)
    with torch.autocast(cov_factor.device.type, enabled=False):
        projected = cov_factor.mT @ (difference / cov_diag).unsqueeze(-1)
        half = torch.linalg.solve_triangular(factor, projected, upper=False)
        part = torch.linalg.solve_triangular(factor.mT, half, upper=True)
        rest = difference - (cov_factor @ part).squeeze(-1)
    return torch.sum(rest**2 / cov_diag, dim=-1) + torch.sum(part**2, dim=(-2, -1))


def low_rank_multivariate_normal_log_prob(
    value: Tensor, loc: Tensor | float, cov_factor: Tensor, cov_diag: Tensor | float
) -> Tensor:
    """log N(value; loc, W W^T + D) = -(distance + log det(W W^T + D) + d log(2 pi)) / 2: [..., d] -> [...]."""
    value, loc, cov_factor, cov_diag = as_tensors(value, loc, cov_factor, cov_diag)
    cov_diag = full_diagonal(cov_diag, cov_factor)
    distance = low_rank_squared_distance(value - loc, cov_factor, cov_diag)
    constant = cov_factor.shape[-2] * math.log(2 * math.pi)
    return -0.5 * (distance + low_rank_log_determinant(cov_factor, cov_diag) + constant)


def low_rank_multivariate_normal_sample(
    noise: Tensor, loc: Tensor | float, cov_factor: Tensor, cov_diag: Tensor | float
) -> Tensor:
    """loc + D^1/2 (I + V (I + C)^-1 V^T) noise for V = D^-1/2 W, a square root of W W^T + D, and standard normal
    noise [..., d]: a draw that gradients pass through."""
    noise, loc, cov_factor, cov_diag = as_tensors(noise, loc, cov_factor, cov_diag)
    cov_diag = full_diagonal(cov_diag, cov_factor)
    factor = low_rank_capacitance(cov_factor, cov_diag)
    one = torch.eye(factor.shape[-1], dtype=factor.dtype, device=factor.device)
    projected = cov_factor.mT @ (noise / cov_diag.sqrt()).unsqueeze(-1)
    part = torch.linalg.solve_triangular(one + factor, projected, upper=False)
    return loc + cov_diag.sqrt() * noise + (cov_factor @ part).squeeze(-1)


def low_rank_multivariate_normal_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Standard normal noise [..., d] on the device and in the dtype of ``like``."""
    return torch.randn(shape, dtype=floating_dtype(like), device=like.device)


def low_rank_multivariate_normal_entropy(loc: Tensor | float, cov_factor: Tensor, cov_diag: Tensor | float) -> Tensor:
    """H = (log det(W W^T + D) + d (1 + log(2 pi))) / 2: [...]."""
    cov_factor, loc, cov_diag = as_tensors(cov_factor, loc, cov_diag)
    cov_diag = full_diagonal(cov_diag, cov_factor)
    mean = low_rank_multivariate_normal_mean(loc, cov_factor, cov_diag)
    constant = cov_factor.shape[-2] * (1 + math.log(2 * math.pi))
    return (0.5 * (low_rank_log_determinant(cov_factor, cov_diag) + constant)).expand(mean.shape[:-1])


def low_rank_multivariate_normal_mean(loc: Tensor | float, cov_factor: Tensor, cov_diag: Tensor | float) -> Tensor:
    """loc: [..., d]."""
    loc, cov_factor, cov_diag = as_tensors(loc, cov_factor, cov_diag)
    return torch.broadcast_tensors(loc, cov_factor[..., 0], cov_diag)[0]


def low_rank_multivariate_normal_variance(loc: Tensor | float, cov_factor: Tensor, cov_diag: Tensor | float) -> Tensor:
    """The diagonal of W W^T + D: [..., d]."""
    variance = torch.sum(cov_factor**2, dim=-1) + cov_diag
    return variance.expand(low_rank_multivariate_normal_mean(loc, cov_factor, cov_diag).shape)


def low_rank_multivariate_normal_parameters(output: object) -> tuple[Tensor | float, Tensor, Tensor | float]:
    """(loc, cov_factor, cov_diag) from what a network returned: that tuple, or a dict with these names."""
    names: dict[str, dict[str, Callable[[Any], Any]]] = {"loc": {}, "cov_factor": {}, "cov_diag": {}}
    loc, cov_factor, cov_diag = named_outputs("LowRankMultivariateNormal", output, names)
    return loc, cov_factor, cov_diag
