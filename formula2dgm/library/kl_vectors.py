"""Kullback-Leibler divergences between laws of vectors in closed form, their last dimension summed."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.bessel import log_bessel
from formula2dgm.library.low_rank_multivariate_normal import (
    full_diagonal,
    low_rank_capacitance,
    low_rank_log_determinant,
    low_rank_squared_distance,
)
from formula2dgm.library.matrices import inverse_product, log_diagonal_sum
from formula2dgm.library.spherical_uniform import log_sphere_area
from formula2dgm.library.tensors import as_tensors
from formula2dgm.library.von_mises_fisher import von_mises_fisher_entropy


def kl_multivariate_normal_multivariate_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_scale_tril: Tensor
) -> Tensor:
    """KL[p || q] = (|L_q^-1 L_p|^2 + |L_q^-1 (p_loc - q_loc)|^2 - d) / 2 + log det L_q - log det L_p: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale_tril = as_tensors(p_loc, p_scale_tril, q_loc, q_scale_tril)
    spread = torch.linalg.solve_triangular(q_scale_tril, p_scale_tril.tril(), upper=False)
    difference = (p_loc - q_loc).expand(torch.broadcast_shapes(p_loc.shape, q_loc.shape, q_scale_tril.shape[-1:]))
    squares = torch.sum(spread**2, dim=(-2, -1)) + torch.sum(inverse_product(q_scale_tril, difference) ** 2, dim=-1)
    level = log_diagonal_sum(q_scale_tril) - log_diagonal_sum(p_scale_tril)
    return level + 0.5 * (squares - q_scale_tril.shape[-1])


def kl_multivariate_normal_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """KL[N(p_loc, L L^T) || N(q_loc, diag(q_scale^2))] = (|L / q_scale|^2 + |(p_loc - q_loc) / q_scale|^2 - d) / 2
    + sum log q_scale - log det L: [...]."""
    p_loc, p_scale_tril, q_loc, q_scale = as_tensors(p_loc, p_scale_tril, q_loc, q_scale)
    q_scale = q_scale.expand(torch.broadcast_shapes(q_scale.shape, p_scale_tril.shape[-1:]))
    spread = torch.sum((p_scale_tril.tril() / q_scale.unsqueeze(-1)) ** 2, dim=(-2, -1))
    distance = torch.sum(((p_loc - q_loc) / q_scale) ** 2, dim=-1)
    level = torch.sum(torch.log(q_scale), dim=-1) - log_diagonal_sum(p_scale_tril)
    return level + 0.5 * (spread + distance - p_scale_tril.shape[-1])


def kl_normal_multivariate_normal(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale_tril: Tensor
) -> Tensor:
    """KL[N(p_loc, diag(p_scale^2)) || N(q_loc, L L^T)] = (|L^-1 diag(p_scale)|^2 + |L^-1 (p_loc - q_loc)|^2 - d) / 2
    + log det L - sum log p_scale: [...]."""
    p_loc, p_scale, q_loc, q_scale_tril = as_tensors(p_loc, p_scale, q_loc, q_scale_tril)
    p_scale = p_scale.expand(torch.broadcast_shapes(p_scale.shape, q_scale_tril.shape[-1:]))
    return kl_multivariate_normal_multivariate_normal(p_loc, torch.diag_embed(p_scale), q_loc, q_scale_tril)


def kl_multivariate_normal_low_rank_multivariate_normal(
    p_loc: Tensor | float, p_scale_tril: Tensor, q_loc: Tensor | float, q_cov_factor: Tensor, q_cov_diag: Tensor | float
) -> Tensor:
    """KL[p || q] = (tr(S_q^-1 S_p) + distance - d + log det S_q - log det S_p) / 2 for covariances S: [...]."""
    p_loc, p_scale_tril, q_loc, factor, diagonal = as_tensors(p_loc, p_scale_tril, q_loc, q_cov_factor, q_cov_diag)
    diagonal = full_diagonal(diagonal, factor)
    columns = low_rank_squared_distance(p_scale_tril.tril().mT, factor.unsqueeze(-3), diagonal.unsqueeze(-2))
    distance = low_rank_squared_distance(p_loc - q_loc, factor, diagonal)
    level = low_rank_log_determinant(factor, diagonal) - 2 * log_diagonal_sum(p_scale_tril)
    return 0.5 * (columns.sum(-1) + distance - factor.shape[-2] + level)


def kl_low_rank_multivariate_normal_multivariate_normal(
    p_loc: Tensor | float, p_cov_factor: Tensor, p_cov_diag: Tensor | float, q_loc: Tensor | float, q_scale_tril: Tensor
) -> Tensor:
    """KL[p || q] = (tr(S_q^-1 S_p) + distance - d + log det S_q - log det S_p) / 2 for covariances S: [...]."""
    p_loc, factor, diagonal, q_loc, q_scale_tril = as_tensors(p_loc, p_cov_factor, p_cov_diag, q_loc, q_scale_tril)
    diagonal = full_diagonal(diagonal, factor)
    spread = torch.linalg.solve_triangular(q_scale_tril, factor, upper=False)
    rest = torch.linalg.solve_triangular(q_scale_tril, torch.diag_embed(diagonal.sqrt()), upper=False)
    difference = (p_loc - q_loc).expand(torch.broadcast_shapes(p_loc.shape, q_loc.shape, q_scale_tril.shape[-1:]))
    distance = torch.sum(inverse_product(q_scale_tril, difference) ** 2, dim=-1)
    trace = torch.sum(spread**2, dim=(-2, -1)) + torch.sum(rest**2, dim=(-2, -1))
    level = 2 * log_diagonal_sum(q_scale_tril) - low_rank_log_determinant(factor, diagonal)
    return 0.5 * (trace + distance - factor.shape[-2] + level)


def kl_low_rank_multivariate_normal_low_rank_multivariate_normal(
    p_loc: Tensor | float,
    p_cov_factor: Tensor,
    p_cov_diag: Tensor | float,
    q_loc: Tensor | float,
    q_cov_factor: Tensor,
    q_cov_diag: Tensor | float,
) -> Tensor:
    """KL[p || q] = (tr(S_q^-1 S_p) + distance - d + log det S_q - log det S_p) / 2 for covariances S: [...]."""
    p_loc, p_factor, p_diagonal = as_tensors(p_loc, p_cov_factor, p_cov_diag)
    q_loc, factor, diagonal = as_tensors(q_loc, q_cov_factor, q_cov_diag)
    p_diagonal, diagonal = full_diagonal(p_diagonal, p_factor), full_diagonal(diagonal, factor)
    columns = low_rank_squared_distance(p_factor.mT, factor.unsqueeze(-3), diagonal.unsqueeze(-2)).sum(-1)
    scaled = factor.mT * (p_diagonal.sqrt() / diagonal).unsqueeze(-2)
    saved = torch.linalg.solve_triangular(low_rank_capacitance(factor, diagonal), scaled, upper=False)
    trace = columns + torch.sum(p_diagonal / diagonal, dim=-1) - torch.sum(saved**2, dim=(-2, -1))
    distance = low_rank_squared_distance(p_loc - q_loc, factor, diagonal)
    level = low_rank_log_determinant(factor, diagonal) - low_rank_log_determinant(p_factor, p_diagonal)
    return 0.5 * (trace + distance - factor.shape[-2] + level)


def kl_dirichlet_dirichlet(p_concentration: Tensor, q_concentration: Tensor) -> Tensor:
    """KL[Dir(a) || Dir(c)] = log B(c) - log B(a) + sum_k (a_k - c_k) (digamma(a_k) - digamma(sum a)): [...]."""
    p_concentration, q_concentration = as_tensors(p_concentration, q_concentration)
    p_total, q_total = p_concentration.sum(-1), q_concentration.sum(-1)
    level = torch.lgamma(p_total) - torch.lgamma(q_total)
    level = level + torch.sum(torch.lgamma(q_concentration) - torch.lgamma(p_concentration), dim=-1)
    log_mean = torch.digamma(p_concentration) - torch.digamma(p_total).unsqueeze(-1)
    return level + torch.sum((p_concentration - q_concentration) * log_mean, dim=-1)


def kl_von_mises_fisher_von_mises_fisher(
    p_loc: Tensor, p_concentration: Tensor | float, q_loc: Tensor, q_concentration: Tensor | float
) -> Tensor:
    """KL[vMF(p) || vMF(q)] = A (k - c p_loc . q_loc) + log C(k) - log C(c) for the concentrations k of p and c of
    q, the mean length A under p and the densities' normalisers C: [...]."""
    p_loc, k, q_loc, c = as_tensors(p_loc, p_concentration, q_loc, q_concentration)
    order = p_loc.shape[-1] / 2 - 1
    p_level, ratio = log_bessel(order, k)
    q_level, _ = log_bessel(order, c)
    apart = 0.5 * torch.sum((p_loc - q_loc) ** 2, dim=-1)
    return q_level - p_level + (c - k) * (1 - k * ratio) + c * k * ratio * apart


def kl_von_mises_fisher_spherical_uniform(p_loc: Tensor, p_concentration: Tensor | float) -> Tensor:
    """KL[vMF(p) || the uniform law] is the logarithm of the sphere's area less the entropy of p: [...]."""
    return log_sphere_area(p_loc.shape[-1]) - von_mises_fisher_entropy(p_loc, p_concentration)
