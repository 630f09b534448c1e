"""The divergences between laws of the reference that torch.distributions lacks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch import distributions as td

from formula2dgm.runtime.reference_families_laws import (
    Counts,
    DiscreteUniform,
    SphericalUniform,
    VonMises,
    VonMisesFisher,
)


@td.register_kl(td.MultivariateNormal, td.Normal)
def _kl_full_diagonal(p: td.MultivariateNormal, q: td.Normal) -> Tensor:
    shape = torch.broadcast_shapes(p.loc.shape, q.loc.shape)
    loc, scale = q.loc.expand(shape), q.scale.expand(shape)
    return td.kl_divergence(p, td.MultivariateNormal(loc, covariance_matrix=torch.diag_embed(scale**2)))


@td.register_kl(td.Normal, td.MultivariateNormal)
def _kl_diagonal_full(p: td.Normal, q: td.MultivariateNormal) -> Tensor:
    shape = torch.broadcast_shapes(p.loc.shape, q.loc.shape)
    loc, scale = p.loc.expand(shape), p.scale.expand(shape)
    return td.kl_divergence(td.MultivariateNormal(loc, covariance_matrix=torch.diag_embed(scale**2)), q)


@td.register_kl(VonMises, VonMises)
def _kl_von_mises(p: VonMises, q: VonMises) -> Tensor:
    # E[cos(x - q.loc)] = E[cos(x - p.loc)] cos(p.loc - q.loc), the density of p being even about p.loc
    height = q.concentration * ((1 - p.variance) * torch.cos(p.loc - q.loc) - 1)
    return -p.entropy() - height + q._integral(torch.ones_like).log()


@td.register_kl(VonMisesFisher, VonMisesFisher)
def _kl_von_mises_fisher(p: VonMisesFisher, q: VonMisesFisher) -> Tensor:
    return -p.entropy() - q.log_prob(p.mean)


@td.register_kl(VonMisesFisher, SphericalUniform)
def _kl_von_mises_fisher_uniform(p: VonMisesFisher, q: SphericalUniform) -> Tensor:
    return q.entropy() - p.entropy()


@td.register_kl(DiscreteUniform, DiscreteUniform)
def _kl_discrete_uniform(p: DiscreteUniform, q: DiscreteUniform) -> Tensor:
    inside = (q.low <= p.low) & (p.high <= q.high)
    return torch.where(inside, p.log_prob(p.low) - q.log_prob(p.low), torch.inf)


@td.register_kl(Counts, Counts)
def _kl_counts(p: Counts, q: Counts) -> Tensor:
    return p._expect(torch.stack([p.log_prob(point) - q.log_prob(point) for point in p.points]))


@td.register_kl(td.Bernoulli, Counts)
def _kl_bernoulli_counts(p: td.Bernoulli, q: Counts) -> Tensor:
    return td.kl_divergence(p, q.law)
