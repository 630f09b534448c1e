"""The normal distribution N(loc, scale_tril scale_tril^T) of a vector: loc [..., d], scale_tril [..., d, d]."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from formula2dgm.library.matrices import (
    inverse_product,
    log_diagonal_sum,
    scale_tril_from_covariance_matrix,
    scale_tril_from_precision_matrix,
)
from formula2dgm.library.parameters import named_outputs
from formula2dgm.library.tensors import as_tensors, floating_dtype


def multivariate_normal_log_prob(value: Tensor, loc: Tensor | float, scale_tril: Tensor) -> Tensor:
    """log N(value; loc, L L^T) = -|L^-1 (value - loc)|^2 / 2 - log det L - d log(2 pi) / 2: [..., d] -> [...]."""
    value, loc, scale_tril = as_tensors(value, loc, scale_tril)
    whitened = inverse_product(scale_tril, value - loc)
    constant = 0.5 * scale_tril.shape[-1] * math.log(2 * math.pi)
    return -0.5 * torch.sum(whitened**2, dim=-1) - log_diagonal_sum(scale_tril) - constant


def multivariate_normal_sample(noise: Tensor, loc: Tensor | float, scale_tril: Tensor) -> Tensor:
    """loc + L noise, for standard normal noise [..., d]: a draw that gradients pass through."""
    return loc + torch.matmul(scale_tril.tril(), noise.unsqueeze(-1)).squeeze(-1)


def multivariate_normal_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Standard normal noise [..., d] on the device and in the dtype of ``like``."""
    return torch.randn(shape, dtype=floating_dtype(like), device=like.device)


def multivariate_normal_entropy(loc: Tensor | float, scale_tril: Tensor) -> Tensor:
    """H = log det L + d (1 + log(2 pi)) / 2: [..., d] and [..., d, d] -> [...]."""
    loc, scale_tril = as_tensors(loc, scale_tril)
    mean = multivariate_normal_mean(loc, scale_tril)
    entropy = log_diagonal_sum(scale_tril) + 0.5 * scale_tril.shape[-1] * (1 + math.log(2 * math.pi))
    return entropy.expand(mean.shape[:-1])


def multivariate_normal_mean(loc: Tensor | float, scale_tril: Tensor) -> Tensor:
    """loc: [..., d]."""
    loc, scale_tril = as_tensors(loc, scale_tril)
    return torch.broadcast_tensors(loc, scale_tril[..., 0])[0]


def multivariate_normal_variance(loc: Tensor | float, scale_tril: Tensor) -> Tensor:
    """The diagonal of L L^T: [..., d]."""
    variance = torch.sum(scale_tril.tril() ** 2, dim=-1)
    return variance.expand(multivariate_normal_mean(loc, scale_tril).shape)


def multivariate_normal_parameters(output: object) -> tuple[Tensor | float, Tensor]:
    """(loc, scale_tril) from what a network returned: that tuple, or a dict with loc and one of scale_tril,
    covariance_matrix, precision_matrix."""
    conversions = {
        "covariance_matrix": scale_tril_from_covariance_matrix,
        "precision_matrix": scale_tril_from_precision_matrix,
    }
    loc, scale_tril = named_outputs("MultivariateNormal", output, {"loc": {}, "scale_tril": conversions})
    return loc, scale_tril
