"""The Dirichlet distribution of probabilities [..., K], in concentration [..., K]."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.parameters import concentration_from_log_concentration, named_outputs
from formula2dgm.library.tensors import as_tensors


def dirichlet_log_prob(value: Tensor, concentration: Tensor) -> Tensor:
    """log Dir(value; a) = sum_k (a_k - 1) log value_k + log Gamma(sum a) - sum_k log Gamma(a_k): [..., K] -> [...]."""
    value, concentration = as_tensors(value, concentration)
    powers = torch.xlogy(concentration - 1, value).sum(-1)
    return powers + torch.lgamma(concentration.sum(-1)) - torch.lgamma(concentration).sum(-1)


def dirichlet_draw(shape: tuple[int, ...], concentration: Tensor) -> Tensor:
    """Probabilities of this shape [..., K], drawn from Dir(concentration)."""
    return torch._sample_dirichlet(concentration.detach().expand(shape).contiguous())


def dirichlet_sample(noise: Tensor, concentration: Tensor) -> Tensor:
    """The drawn value itself, with its implicit derivative in the concentrations a, which is
    dx_i = g_i da_i - x_i sum_j g_j da_j, where g_i is that of the beta distribution of x_i."""
    value, fixed = torch.broadcast_tensors(noise.detach(), concentration.detach())
    total = fixed.sum(-1, keepdim=True).expand(value.shape)
    slope = torch._dirichlet_grad(value.contiguous(), fixed.contiguous(), total.contiguous())
    change = slope * (concentration - concentration.detach())
    return noise + change - value * change.sum(-1, keepdim=True)


def dirichlet_entropy(concentration: Tensor) -> Tensor:
    """H = sum_k log Gamma(a_k) - log Gamma(A) + (A - K) psi(A) - sum_k (a_k - 1) psi(a_k) for A = sum a: [...]."""
    (concentration,) = as_tensors(concentration)
    total = concentration.sum(-1)
    log_normaliser = torch.lgamma(concentration).sum(-1) - torch.lgamma(total)
    powers = torch.sum((concentration - 1) * torch.digamma(concentration), dim=-1)
    return log_normaliser + (total - concentration.shape[-1]) * torch.digamma(total) - powers


def dirichlet_mean(concentration: Tensor) -> Tensor:
    """a / sum a: [..., K]."""
    return concentration / concentration.sum(-1, keepdim=True)


def dirichlet_variance(concentration: Tensor) -> Tensor:
    """m (1 - m) / (1 + sum a) for the mean m: [..., K]."""
    mean = dirichlet_mean(concentration)
    return mean * (1 - mean) / (1 + concentration.sum(-1, keepdim=True))


def dirichlet_parameters(output: object) -> Tensor:
    """The concentration from what a network returned: one tensor (alone or in a tuple), or a dict with concentration or
    log_concentration."""
    names = {"concentration": {"log_concentration": concentration_from_log_concentration}}
    (concentration,) = named_outputs("Dirichlet", output, names)
    return concentration
