"""Divergences of the literal reference: from torch.distributions and definitions alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch import distributions as td

from formula2dgm.runtime.reference_families_laws import Counts


def divergence(name: str, p: td.Distribution, q: td.Distribution, arguments: Sequence[Tensor]) -> Tensor:
    """A divergence of two laws, one number for each draw of a variable."""
    match name:
        case "KL" if isinstance(p, td.Bernoulli) and isinstance(q, td.Bernoulli):
            shape = torch.broadcast_shapes(p.batch_shape, q.batch_shape)  # torch's own does not broadcast
            return td.kl_divergence(p.expand(shape), q.expand(shape))
        case "KL":
            return td.kl_divergence(p, q)
        case "Renyi":
            return _renyi(p, q, arguments[0])
        case "W_2^2":
            return _squared_wasserstein(p, q)
        case "GeometricJS":
            return _geometric_js(p, q, arguments[0])
    raise NotImplementedError(name)


def _renyi(p: td.Distribution, q: td.Distribution, order: Tensor) -> Tensor:
    """Of an exponential family with log-normaliser F: (F(a s + (1 - a) t) - a F(s) - (1 - a) F(t)) / (a - 1) at the
    natural parameters s of p and t of q."""
    if isinstance(p, td.MultivariateNormal) or isinstance(q, td.MultivariateNormal):
        return _renyi_full(p, q, order)
    if isinstance(p, td.Categorical | td.OneHotCategorical) and isinstance(q, td.Categorical | td.OneHotCategorical):
        return (p.probs**order * q.probs ** (1 - order)).sum(-1).log() / (order - 1)
    p, q = _in_exponential_family(p), _in_exponential_family(q)
    assert isinstance(p, td.ExponentialFamily) and isinstance(q, td.ExponentialFamily)
    ours, theirs = p._natural_params, q._natural_params
    mixed = tuple(order * s + (1 - order) * t for s, t in zip(ours, theirs, strict=True))
    total = p._log_normalizer(*mixed)
    divergence = (total - order * p._log_normalizer(*ours) - (1 - order) * p._log_normalizer(*theirs)) / (order - 1)
    return torch.where(_exists(p, mixed), divergence, torch.inf)


def _exists(law: td.ExponentialFamily, natural: Sequence[Tensor]) -> Tensor:
    """Are these natural parameters of a law, whose density has an integral?"""
    match law:
        case td.Normal():
            return natural[1] < 0
        case td.Gamma():
            return (natural[0] > -1) & (natural[1] < 0)
        case td.Exponential():
            return natural[0] < 0
        case td.Beta():
            return (natural[0] > 0) & (natural[1] > 0)
        case td.Dirichlet():
            return (natural[0] > 0).all(-1)
    return torch.ones_like(law._log_normalizer(*natural), dtype=torch.bool)


def _in_exponential_family(law: td.Distribution) -> td.Distribution:
    """The law itself, or that of a transform of its variable: a divergence does not see the transform."""
    if isinstance(law, Counts):
        return law.law
    if isinstance(law, td.TransformedDistribution):
        return law.base_dist
    return law


def _renyi_full(p: td.Distribution, q: td.Distribution, order: Tensor) -> Tensor:
    ours, theirs = _natural(p, q), _natural(q, p)
    mixed = tuple(order * s + (1 - order) * t for s, t in zip(ours, theirs, strict=True))
    total = _log_normaliser(*mixed)
    divergence = (total - order * _log_normaliser(*ours) - (1 - order) * _log_normaliser(*theirs)) / (order - 1)
    return torch.where((torch.linalg.eigvalsh(mixed[1]) > 0).all(-1), divergence, torch.inf)


def _natural(law: td.Distribution, beside: td.Distribution) -> tuple[Tensor, Tensor]:
    """The precision times the mean, and the precision."""
    precision = torch.linalg.inv(_covariance(law, beside))
    return torch.einsum("...ij,...j->...i", precision, _location(law, beside)), precision


def _log_normaliser(first: Tensor, precision: Tensor) -> Tensor:
    mean = torch.linalg.solve(precision, first.unsqueeze(-1)).squeeze(-1)
    return ((first * mean).sum(-1) - torch.linalg.slogdet(precision).logabsdet) / 2


def _location(law: td.Distribution, beside: td.Distribution) -> Tensor:
    assert isinstance(law, td.MultivariateNormal | td.Normal) and isinstance(beside, td.MultivariateNormal | td.Normal)
    return torch.broadcast_tensors(law.loc, beside.loc)[0]


def _covariance(law: td.Distribution, beside: td.Distribution) -> Tensor:
    if isinstance(law, td.MultivariateNormal):
        return law.covariance_matrix
    assert isinstance(law, td.Normal)
    return torch.diag_embed(law.scale.expand(_location(law, beside).shape) ** 2)


def _squared_wasserstein(p: td.Distribution, q: td.Distribution) -> Tensor:
    """|m - n|^2 + tr(S) + tr(T) - 2 tr((T^(1/2) S T^(1/2))^(1/2))."""
    if isinstance(p, td.Normal) and isinstance(q, td.Normal):
        return (p.loc - q.loc) ** 2 + p.scale**2 + q.scale**2 - 2 * p.scale * q.scale
    first, second = _covariance(p, q), _covariance(q, p)
    values, vectors = torch.linalg.eigh(second)
    root = vectors @ torch.diag_embed(values.sqrt()) @ vectors.mT
    shared = torch.linalg.eigvalsh(root @ first @ root).clamp(min=0).sqrt().sum(-1)
    trace = first.diagonal(dim1=-2, dim2=-1).sum(-1) + second.diagonal(dim1=-2, dim2=-1).sum(-1)
    return ((_location(p, q) - _location(q, p)) ** 2).sum(-1) + trace - 2 * shared


def _geometric_js(p: td.Distribution, q: td.Distribution, weight: Tensor) -> Tensor:
    """(1 - w) KL[p || g] + w KL[q || g] for the Normal g of density p^(1 - w) q^w."""
    assert isinstance(p, td.Normal) and isinstance(q, td.Normal)
    precision = (1 - weight) / p.scale**2 + weight / q.scale**2
    loc = ((1 - weight) * p.loc / p.scale**2 + weight * q.loc / q.scale**2) / precision
    mean = td.Normal(loc, precision**-0.5)
    return (1 - weight) * td.kl_divergence(p, mean) + weight * td.kl_divergence(q, mean)
