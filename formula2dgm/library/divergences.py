"""Kullback-Leibler divergences in closed form, elementwise (the classes of a categorical are summed)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from formula2dgm.library.categorical import class_log_probs
from formula2dgm.library.functions import log_sigmoid
from formula2dgm.library.tensors import as_tensors


def kl_normal_normal(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """KL[N(p) || N(q)] = ((r^2 - 1) + ((p_loc - q_loc) / q_scale)^2) / 2 - log r for r = p_scale / q_scale.

    The logarithms are apart: at p_scale = 0, infinite, the gradient of q is not lost where a sum leaves it out."""
    p_loc, p_scale, q_loc, q_scale = as_tensors(p_loc, p_scale, q_loc, q_scale)
    ratio = p_scale / q_scale
    return 0.5 * (ratio**2 - 1 + ((p_loc - q_loc) / q_scale) ** 2) + torch.log(q_scale) - torch.log(p_scale)


def kl_normal_standard(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """KL[N(loc, scale^2) || N(0, 1)] = (loc^2 + scale^2 - 1) / 2 - log(scale), elementwise."""
    loc, scale = as_tensors(loc, scale)
    return 0.5 * (loc * loc + scale * scale - 1) - torch.log(scale)


def kl_normal_standard_mean(loc: Tensor | float, scale: Tensor | float) -> Tensor:
    """KL[N(loc, scale^2) || N(0, 1)], summed over all dimensions after the first, mean over the first."""
    loc, scale = as_tensors(loc, scale)
    twice = torch.sub(loc * loc + scale * scale - 1, torch.log(scale), alpha=2)
    return twice.sum() / (2 * twice.shape[0]) if twice.dim() else 0.5 * twice


def kl_laplace_laplace(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """KL[Laplace(p) || Laplace(q)] = (d + p_scale exp(-d / p_scale)) / q_scale - 1 - log(p_scale / q_scale)
    for d = |p_loc - q_loc|."""
    p_loc, p_scale, q_loc, q_scale = as_tensors(p_loc, p_scale, q_loc, q_scale)
    distance = torch.abs(p_loc - q_loc)
    return (distance + p_scale * torch.exp(-distance / p_scale)) / q_scale - 1 - torch.log(p_scale / q_scale)


def kl_normal_laplace(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """KL[N(p) || Laplace(q)] = E_p|x - q_loc| / q_scale + log(2 q_scale) - (1 + log(2 pi p_scale^2)) / 2, where
    E_p|x - q_loc| = p_scale sqrt(2 / pi) exp(-u^2) + d erf(u) for d = p_loc - q_loc, u = d / (p_scale sqrt 2)."""
    p_loc, p_scale, q_loc, q_scale = as_tensors(p_loc, p_scale, q_loc, q_scale)
    difference = p_loc - q_loc
    u = difference / (p_scale * math.sqrt(2))
    distance = p_scale * math.sqrt(2 / math.pi) * torch.exp(-(u**2)) + difference * torch.erf(u)
    return distance / q_scale - torch.log(p_scale / q_scale) + math.log(2) - 0.5 * (1 + math.log(2 * math.pi))


def kl_laplace_normal(
    p_loc: Tensor | float, p_scale: Tensor | float, q_loc: Tensor | float, q_scale: Tensor | float
) -> Tensor:
    """KL[Laplace(p) || N(q)] = (r^2 + (d / q_scale)^2 / 2) - log r - 1 - log 2 + log(2 pi) / 2
    for r = p_scale / q_scale, d = p_loc - q_loc."""
    p_loc, p_scale, q_loc, q_scale = as_tensors(p_loc, p_scale, q_loc, q_scale)
    ratio = p_scale / q_scale
    spread = ratio**2 + 0.5 * ((p_loc - q_loc) / q_scale) ** 2
    return spread - torch.log(ratio) - 1 - math.log(2) + 0.5 * math.log(2 * math.pi)


def kl_bernoulli_bernoulli(p_logits: Tensor | float, q_logits: Tensor | float) -> Tensor:
    """KL[p || q] = p log(p / q) + (1 - p) log((1 - p) / (1 - q)), all probabilities in logits."""
    p_logits, q_logits = as_tensors(p_logits, q_logits)
    ones = torch.sigmoid(p_logits) * (log_sigmoid(p_logits) - log_sigmoid(q_logits))
    zeros = torch.sigmoid(-p_logits) * (log_sigmoid(-p_logits) - log_sigmoid(-q_logits))
    return ones + zeros


def kl_categorical_categorical(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    """KL[p || q] = sum_c p_c log(p_c / q_c) for p, q the softmax of logits: [..., C] -> [...]."""
    p_logits, q_logits = as_tensors(p_logits, q_logits)
    log_ratio = class_log_probs(p_logits) - class_log_probs(q_logits)
    return torch.sum(torch.softmax(p_logits, dim=-1) * log_ratio, dim=-1)
