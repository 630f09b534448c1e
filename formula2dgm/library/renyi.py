"""Renyi divergences D_a[p || q] = log E_q[(p / q)^a] / (a - 1) in closed form, elementwise.

The order a is positive; at a = 1, its limit, each is the Kullback-Leibler divergence. A divergence is infinite where
the integral of p^a q^(1 - a) does not exist.
"""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.categorical import class_log_probs
from formula2dgm.library.divergences import kl_bernoulli_bernoulli, kl_categorical_categorical
from formula2dgm.library.functions import log_sigmoid
from formula2dgm.library.kl_positive import kl_gamma_gamma, kl_poisson_poisson
from formula2dgm.library.kl_unit import kl_beta_beta, kl_continuous_bernoulli_continuous_bernoulli
from formula2dgm.library.special import log_beta, log_sinhc
from formula2dgm.library.tensors import as_tensors


def renyi_from_log_integral(log_integral: Tensor, limit: Tensor, order: Tensor | float) -> Tensor:
    """D_a = log_integral / (a - 1) for the logarithm of the integral of p^a q^(1 - a); at a = 1 its limit."""
    (order,) = as_tensors(order)
    away = torch.where(order == 1, 2.0, order).to(log_integral.dtype)
    return torch.where(order == 1, limit, log_integral / (away - 1))


def between(order: Tensor | float, p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """a p + (1 - a) q where it is positive, and whether it is; else 1 stands in its place."""
    mixed = order * p + (1 - order) * q
    return torch.where(mixed > 0, mixed, 1.0), mixed > 0


def renyi_normal_normal(
    p_loc: Tensor | float,
    p_scale: Tensor | float,
    q_loc: Tensor | float,
    q_scale: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """D_a[N(p) || N(q)] = a d^2 / (2 s) + log(s) / (2 (1 - a)) - log(r) / 2 for r = p_scale^2 / q_scale^2,
    s = a + (1 - a) r and d = (p_loc - q_loc) / q_scale; infinite where s <= 0."""
    p_loc, p_scale, q_loc, q_scale, order = as_tensors(p_loc, p_scale, q_loc, q_scale, order)
    log_ratio = 2 * (torch.log(p_scale) - torch.log(q_scale))
    excess = torch.expm1(log_ratio)
    mixed = 1 + (1 - order) * excess
    inside = torch.where(mixed > 0, (1 - order) * excess, 0.0)
    away = torch.where(order == 1, 1.0, 1 - order)
    spread = torch.where(order == 1, excess, torch.log1p(inside) / away)
    distance = order * ((p_loc - q_loc) / q_scale) ** 2 / (1 + inside)
    return torch.where(mixed > 0, 0.5 * (distance + spread - log_ratio), torch.inf)


def renyi_log_normal_log_normal(
    p_loc: Tensor | float,
    p_scale: Tensor | float,
    q_loc: Tensor | float,
    q_scale: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """That of the logarithms, which are Normal."""
    return renyi_normal_normal(p_loc, p_scale, q_loc, q_scale, order)


def renyi_bernoulli_bernoulli(p_logits: Tensor | float, q_logits: Tensor | float, order: Tensor | float) -> Tensor:
    """D_a = log(p^a q^(1 - a) + (1 - p)^a (1 - q)^(1 - a)) / (a - 1), all probabilities in logits."""
    p_logits, q_logits, order = as_tensors(p_logits, q_logits, order)
    ones = order * log_sigmoid(p_logits) + (1 - order) * log_sigmoid(q_logits)
    zeros = order * log_sigmoid(-p_logits) + (1 - order) * log_sigmoid(-q_logits)
    limit = kl_bernoulli_bernoulli(p_logits, q_logits)
    return renyi_from_log_integral(torch.logaddexp(ones, zeros), limit, order)


def renyi_categorical_categorical(p_logits: Tensor, q_logits: Tensor, order: Tensor | float) -> Tensor:
    """D_a = log(sum_c p_c^a q_c^(1 - a)) / (a - 1) for p, q the softmax of logits: [..., C] -> [...]."""
    (order,) = as_tensors(order)
    order = order.to(p_logits.dtype)
    mixed = order * class_log_probs(p_logits) + (1 - order) * class_log_probs(q_logits)
    limit = kl_categorical_categorical(p_logits, q_logits)
    return renyi_from_log_integral(torch.logsumexp(mixed, dim=-1), limit, order)


def renyi_continuous_bernoulli_continuous_bernoulli(
    p_logits: Tensor | float, q_logits: Tensor | float, order: Tensor | float
) -> Tensor:
    """From log Z(t) = t / 2 + log(sinh(t / 2) / (t / 2)), the normaliser of exp(t x) on [0, 1]: the linear part
    cancels; elementwise."""
    p_logits, q_logits, order = as_tensors(p_logits, q_logits, order)
    mixed = order * p_logits + (1 - order) * q_logits
    log_integral = log_sinhc(mixed / 2) - order * log_sinhc(p_logits / 2) - (1 - order) * log_sinhc(q_logits / 2)
    limit = kl_continuous_bernoulli_continuous_bernoulli(p_logits, q_logits)
    return renyi_from_log_integral(log_integral, limit, order)


def renyi_beta_beta(
    p_concentration1: Tensor | float,
    p_concentration0: Tensor | float,
    q_concentration1: Tensor | float,
    q_concentration0: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """From log B of the mixed concentrations a p + (1 - a) q, infinite where one of them is not positive."""
    a, b, c, d, order = as_tensors(p_concentration1, p_concentration0, q_concentration1, q_concentration0, order)
    ones, first = between(order, a, c)
    zeros, second = between(order, b, d)
    log_integral = log_beta(ones, zeros) - order * log_beta(a, b) - (1 - order) * log_beta(c, d)
    divergence = renyi_from_log_integral(log_integral, kl_beta_beta(a, b, c, d), order)
    return torch.where(first & second, divergence, torch.inf)


def renyi_gamma_gamma(
    p_concentration: Tensor | float,
    p_rate: Tensor | float,
    q_concentration: Tensor | float,
    q_rate: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """From log Gamma(k) - k log(r) of the mixed concentration k and rate r, infinite where one is not positive."""
    p_shape, p_rate, q_shape, q_rate, order = as_tensors(p_concentration, p_rate, q_concentration, q_rate, order)
    shape, first = between(order, p_shape, q_shape)
    rate, second = between(order, p_rate, q_rate)
    log_integral = torch.lgamma(shape) - order * torch.lgamma(p_shape) - (1 - order) * torch.lgamma(q_shape)
    log_integral = log_integral + order * p_shape * torch.log(p_rate) + (1 - order) * q_shape * torch.log(q_rate)
    limit = kl_gamma_gamma(p_shape, p_rate, q_shape, q_rate)
    divergence = renyi_from_log_integral(log_integral - shape * torch.log(rate), limit, order)
    return torch.where(first & second, divergence, torch.inf)


def renyi_inverse_gamma_inverse_gamma(
    p_concentration: Tensor | float,
    p_rate: Tensor | float,
    q_concentration: Tensor | float,
    q_rate: Tensor | float,
    order: Tensor | float,
) -> Tensor:
    """That of the reciprocals, which are Gamma."""
    return renyi_gamma_gamma(p_concentration, p_rate, q_concentration, q_rate, order)


def renyi_exponential_exponential(p_rate: Tensor | float, q_rate: Tensor | float, order: Tensor | float) -> Tensor:
    """That of Gammas whose concentration is 1."""
    return renyi_gamma_gamma(1.0, p_rate, 1.0, q_rate, order)


def renyi_poisson_poisson(p_rate: Tensor | float, q_rate: Tensor | float, order: Tensor | float) -> Tensor:
    """D_a = (p^a q^(1 - a) - a p - (1 - a) q) / (a - 1) for the rates p and q."""
    p_rate, q_rate, order = as_tensors(p_rate, q_rate, order)
    mixed = torch.exp(order * torch.log(p_rate) + (1 - order) * torch.log(q_rate))
    limit = kl_poisson_poisson(p_rate, q_rate)
    return renyi_from_log_integral(mixed - order * p_rate - (1 - order) * q_rate, limit, order)
