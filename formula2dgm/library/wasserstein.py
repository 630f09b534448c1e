"""Squared Wasserstein-2 distances between Normal laws in closed form: elementwise, or the last dimension summed."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.tensors import as_tensors


def w2_normal_normal(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """W_2^2[N(p), N(q)] = (p_loc - q_loc)^2 + (p_scale - q_scale)^2, elementwise."""
    p_loc, p_scale, q_loc, q_scale = as_tensors(p_loc, p_scale, q_loc, q_scale)
    return (p_loc - q_loc) ** 2 + (p_scale - q_scale) ** 2


def w2_multivariate_normal_multivariate_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_scale_tril: Tensor
) -> Tensor:
    """W_2^2[p, q] = |p_loc - q_loc|^2 + |L_p|^2 + |L_q|^2 - 2 tr((L_p^T S_q L_p)^(1/2)), the trace that of the
    singular values of L_q^T L_p: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale_tril = as_tensors(p_loc, p_scale_tril, q_loc, q_scale_tril)
    p_factor, q_factor = p_scale_tril.tril(), q_scale_tril.tril()
    difference = (p_loc - q_loc).expand(torch.broadcast_shapes(p_loc.shape, q_loc.shape, q_factor.shape[-1:]))
    spread = torch.sum(p_factor**2, dim=(-2, -1)) + torch.sum(q_factor**2, dim=(-2, -1))
    shared = torch.linalg.svdvals(q_factor.mT @ p_factor).sum(-1)
    return torch.sum(difference**2, dim=-1) + (spread - 2 * shared).clamp(min=0)


def w2_multivariate_normal_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """With diag(q_scale) as the factor of q's covariance: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale = as_tensors(p_loc, p_scale_tril, q_loc, q_scale)
    factor = torch.diag_embed(q_scale.expand(torch.broadcast_shapes(q_scale.shape, p_scale_tril.shape[-1:])))
    return w2_multivariate_normal_multivariate_normal(p_loc, p_scale_tril, q_loc, factor)


def w2_normal_multivariate_normal(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale_tril: Tensor
) -> Tensor:
    """With diag(p_scale) as the factor of p's covariance: [...]."""
    return w2_multivariate_normal_normal(q_loc, q_scale_tril, p_loc, p_scale)
