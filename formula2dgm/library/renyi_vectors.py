"""Renyi divergences between laws of vectors in closed form, their last dimension summed."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.kl_vectors import kl_dirichlet_dirichlet, kl_multivariate_normal_multivariate_normal
from formula2dgm.library.matrices import inverse_product, log_diagonal_sum
from formula2dgm.library.renyi import between, renyi_from_log_integral
from formula2dgm.library.tensors import as_tensors


def renyi_multivariate_normal_multivariate_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_scale_tril: Tensor, order: Tensor | float
) -> Tensor:
    """D_a[p || q] = a d^T S^-1 d / 2 + log det S / (2 (1 - a)) - log det R / 2 for R = A A^T, S = a I + (1 - a) R,
    A = L_q^-1 L_p and d = L_q^-1 (p_loc - q_loc); infinite where S is not positive definite: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale_tril, order = as_tensors(p_loc, p_scale_tril, q_loc, q_scale_tril, order)
    dimension = q_scale_tril.shape[-1]
    difference = (p_loc - q_loc).expand(torch.broadcast_shapes(p_loc.shape, q_loc.shape, (dimension,)))
    whitened = torch.linalg.solve_triangular(q_scale_tril, p_scale_tril.tril(), upper=False)
    one = torch.eye(dimension, dtype=whitened.dtype, device=whitened.device)
    root, failure = torch.linalg.cholesky_ex(order * one + (1 - order) * whitened @ whitened.mT)
    possible = failure == 0
    root = torch.where(possible[..., None, None], root, one)
    distance = torch.sum(inverse_product(root, inverse_product(q_scale_tril, difference)) ** 2, dim=-1)
    level = log_diagonal_sum(whitened)
    spread = renyi_from_log_integral(-log_diagonal_sum(root), torch.zeros_like(level), order)
    limit = kl_multivariate_normal_multivariate_normal(p_loc, p_scale_tril, q_loc, q_scale_tril)
    divergence = torch.where(order == 1, limit, 0.5 * order * distance + spread - level)
    return torch.where(possible, divergence, torch.inf)


def renyi_multivariate_normal_normal(
    p_loc: Tensor | float,
    p_scale_tril: Tensor,
    q_loc: Tensor | float,
    q_scale: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """With diag(q_scale) as the factor of q's covariance: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale = as_tensors(p_loc, p_scale_tril, q_loc, q_scale)
    factor = torch.diag_embed(q_scale.expand(torch.broadcast_shapes(q_scale.shape, p_scale_tril.shape[-1:])))
    return renyi_multivariate_normal_multivariate_normal(p_loc, p_scale_tril, q_loc, factor, order)


def renyi_normal_multivariate_normal(
    p_loc: Tensor | float,
    p_scale: Tensor | float,
    q_loc: Tensor | float,
    q_scale_tril: Tensor,
    order: Tensor | float,
) -> Tensor:
    """With diag(p_scale) as the factor of p's covariance: [...]."""
    p_loc, p_scale, q_loc, q_scale_tril = as_tensors(p_loc, p_scale, q_loc, q_scale_tril)
    factor = torch.diag_embed(p_scale.expand(torch.broadcast_shapes(p_scale.shape, q_scale_tril.shape[-1:])))
    return renyi_multivariate_normal_multivariate_normal(p_loc, factor, q_loc, q_scale_tril, order)


def renyi_dirichlet_dirichlet(p_concentration: Tensor, q_concentration: Tensor, order: Tensor | float) -> Tensor:
    """From log B of the mixed concentrations a p + (1 - a) q, infinite where one of them is not positive: [...]."""
    p_concentration, q_concentration, order = as_tensors(p_concentration, q_concentration, order)
    mixed, positive = between(order, p_concentration, q_concentration)
    log_integral = log_multivariate_beta(mixed)
    log_integral = log_integral - order * log_multivariate_beta(p_concentration)
    log_integral = log_integral - (1 - order) * log_multivariate_beta(q_concentration)
    limit = kl_dirichlet_dirichlet(p_concentration, q_concentration)
    divergence = renyi_from_log_integral(log_integral, limit, order)
    return torch.where(positive.all(-1), divergence, torch.inf)


def log_multivariate_beta(concentration: Tensor) -> Tensor:
    """sum_k log Gamma(a_k) - log Gamma(sum_k a_k): [..., K] -> [...]."""
    return torch.lgamma(concentration).sum(-1) - torch.lgamma(concentration.sum(-1))
