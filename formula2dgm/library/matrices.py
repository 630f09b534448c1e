"""Triangular factors of covariances, batches of them broadcast."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def inverse_product(scale_tril: Tensor, vector: Tensor) -> Tensor:
    """L^-1 v for a lower triangular L [..., d, d] and v [..., d]."""
    return torch.linalg.solve_triangular(scale_tril, vector.unsqueeze(-1), upper=False).squeeze(-1)


def log_diagonal_sum(scale_tril: Tensor) -> Tensor:
    """log det L for a lower triangular L: [..., d, d] -> [...]."""
    return torch.diagonal(scale_tril, dim1=-2, dim2=-1).log().sum(-1)


def cholesky_or_nan(matrix: Tensor) -> Tensor:
    """The lower L of matrix = L L^T; NaN where the matrix is not symmetric and positive definite."""
    factor, failure = torch.linalg.cholesky_ex(matrix)
    asymmetry = (matrix - matrix.mT).abs().amax(dim=(-2, -1))
    bad = (failure != 0) | (asymmetry > 1e-3 * matrix.abs().amax(dim=(-2, -1)))
    return factor.masked_fill(bad[..., None, None], math.nan)


def matrix_vector(matrix: Tensor, vector: Tensor) -> Tensor:
    """The matrix times the vector: [..., m, n] and [..., n] -> [..., m]."""
    return torch.matmul(matrix, vector.unsqueeze(-1)).squeeze(-1)


def matrix_product(left: Tensor, right: Tensor) -> Tensor:
    """The product of two matrices: [..., m, n] and [..., n, k] -> [..., m, k]."""
    return torch.matmul(left, right)


def columns_beside(left: Tensor, right: Tensor) -> Tensor:
    """The columns of two matrices in one: [..., m, n] and [..., m, k] -> [..., m, n + k]."""
    rows = torch.broadcast_shapes(left.shape[:-1], right.shape[:-1])
    return torch.cat([left.expand(*rows, left.shape[-1]), right.expand(*rows, right.shape[-1])], dim=-1)


def scale_tril_from_factor(factor: Tensor) -> Tensor:
    """The lower L of L L^T = F F^T: [..., m, n] -> [..., m, m], for n >= m."""
    return cholesky_or_nan(factor @ factor.mT)


def inverse_matrix(matrix: Tensor) -> Tensor:
    """The inverse of a square matrix: [..., n, n]."""
    return torch.linalg.inv(matrix)


def scale_tril_from_covariance_matrix(covariance_matrix: Tensor) -> Tensor:
    """The lower L of L L^T = covariance; NaN where it is no covariance."""
    return cholesky_or_nan(covariance_matrix)


def scale_tril_from_precision_matrix(precision_matrix: Tensor) -> Tensor:
    """The lower L of L L^T = precision^-1, without the inverse: with rows and columns reversed, precision = U U^T for
    an upper U, and L = U^-T. NaN where it is no precision."""
    upper = cholesky_or_nan(precision_matrix.flip((-2, -1))).flip((-2, -1))
    one = torch.eye(upper.shape[-1], dtype=upper.dtype, device=upper.device)
    return torch.linalg.solve_triangular(upper.mT, one, upper=False)
