"""The families of each space of values, and networks and numbers that fit their parameters."""

from __future__ import annotations

from collections.abc import Callable

import torch

import formula2dgm as f2d
from tests.support.random_models.networks import Net
from tests.support.random_models.source import Source

#: Families by the space of their values; those of a space may be compared and stand for each other.
SPACES = {
    "real": ("Normal", "Laplace", "Logistic", "Gumbel", "StudentT", "Cauchy"),
    "vector": ("MultivariateNormal", "LowRankMultivariateNormal", "Normal"),
    "positive": ("Gamma", "InverseGamma", "Exponential", "LogNormal"),
    "unit": ("Beta", "Kumaraswamy", "ContinuousBernoulli"),
    "relaxed": ("RelaxedBernoulli",),
    "angle": ("VonMises",),
    "simplex": ("Dirichlet", "RelaxedOneHotCategorical"),
    "sphere": ("VonMisesFisher", "SphericalUniform"),
    "bits": ("Bernoulli", "FactorizedBernoulli"),
    "classes": ("Categorical",),
    "count": ("Poisson", "NegativeBinomial"),
    "grid": ("DiscretizedLogistic", "DiscretizedLogisticMixture"),
}
CONTINUOUS = ("real", "real", "real", "vector", "positive", "unit", "relaxed", "angle", "simplex", "sphere")
DISCRETE = ("bits", "classes")
OBSERVED = (*(each for each in SPACES if each != "classes"), "real", "real", "bits")

#: Spaces whose values are one vector a draw, of at least two entries.
VECTORS = ("vector", "simplex", "sphere", "classes")

#: How far gradients of a draw may be from the reference, which integrates: torch approximates the first three, series
#: are cut off in the others.
SLOPES = {
    "Beta": 5e-3, "Gamma": 5e-3, "InverseGamma": 5e-3, "Dirichlet": 5e-3, "StudentT": 5e-3,
    "VonMises": 1e-6, "VonMisesFisher": 1e-6, "ContinuousBernoulli": 1e-6, "Kumaraswamy": 1e-6,
}  # fmt: skip

#: Heads of a network by family; "d" stands for the size of the value. Several lines are several parametrisations.
HEADS: dict[str, tuple[dict[str, tuple[str | int, ...]], ...]] = {
    "Normal": tuple({"loc": ("d",), each: ("d",)} for each in ("scale", "log_scale", "var", "log_var")),
    "Laplace": tuple({"loc": ("d",), each: ("d",)} for each in ("scale", "log_scale")),
    "Logistic": tuple({"loc": ("d",), each: ("d",)} for each in ("scale", "log_scale")),
    "Gumbel": ({"loc": ("d",), "scale": ("d",)},),
    "Cauchy": ({"loc": ("d",), "scale": ("d",)},),
    "StudentT": ({"df": ("d",), "loc": ("d",), "scale": ("d",)},),
    "LogNormal": tuple({"loc": ("d",), each: ("d",)} for each in ("scale", "log_var")),
    "Gamma": ({"concentration": ("d",), "rate": ("d",)}, {"log_concentration": ("d",), "log_rate": ("d",)}),
    "InverseGamma": ({"concentration": ("d",), "rate": ("d",)},),
    "Exponential": ({"rate": ("d",)}, {"log_rate": ("d",)}, {"scale": ("d",)}),
    "Beta": ({"concentration1": ("d",), "concentration0": ("d",)},),
    "Kumaraswamy": ({"concentration1": ("d",), "concentration0": ("d",)},),
    "ContinuousBernoulli": ({"logits": ("d",)}, {"probs": ("d",)}),
    "RelaxedBernoulli": ({"temperature": ("d",), "logits": ("d",)},),
    "VonMises": ({"loc": ("d",), "concentration": ("d",)},),
    "Bernoulli": ({"logits": ("d",)}, {"probs": ("d",)}),
    "FactorizedBernoulli": ({"logits": ("d",)}, {"probs": ("d",)}),
    "Poisson": ({"rate": ("d",)}, {"log_rate": ("d",)}),
    "NegativeBinomial": ({"total_count": ("d",), "logits": ("d",)}, {"total_count": ("d",), "probs": ("d",)}),
    "DiscretizedLogistic": ({"loc": ("d",), "scale": ("d",)}, {"loc": ("d",), "log_scale": ("d",)}),
    "DiscretizedLogisticMixture": ({"logits": ("d", 3), "loc": ("d", 3), "scale": ("d", 3)},),
    "Categorical": ({"logits": ("d",)}, {"probs": ("d",)}),
    "Dirichlet": ({"concentration": ("d",)}, {"log_concentration": ("d",)}),
    "RelaxedOneHotCategorical": ({"temperature": (), "logits": ("d",)},),
    "MultivariateNormal": ({"loc": ("d",), "scale_tril": ("d", "d")},),
    "LowRankMultivariateNormal": ({"loc": ("d",), "cov_factor": ("d", 2), "cov_diag": ("d",)},),
    "VonMisesFisher": ({"loc": ("d",), "concentration": ()},),
}


def size(source: Source, space: str, most: int = 4) -> int:
    """How many entries a value of this space has."""
    return source.whole(2 if space in VECTORS else 1, most)


def bound(source: Source, family: str, entries: int, inputs: int) -> object:
    """The family around a network of ``inputs`` numbers; with none, around numbers."""
    if family == "SphericalUniform":
        return f2d.SphericalUniform(event_shape=entries)
    heads = {
        name: tuple(entries if each == "d" else int(each) for each in shape)
        for name, shape in source.choice(HEADS[family]).items()
    }
    ranges = {"loc": "direction"} if family == "VonMisesFisher" else {}
    if family == "Categorical" and "probs" in heads:
        ranges = {"probs": "simplex"}
    style = "dict" if inputs == 0 or _alternative(family, heads) else source.choice(("dict", "tuple"))
    network = Net(heads, max(inputs, 1), source.torch, ranges, style if len(heads) > 1 else "dict")
    options = {"one_hot": True} if family == "Categorical" else {}
    make: Callable[..., object] = getattr(f2d, family)
    if inputs:
        return make(network, **options)
    network.style = "dict"
    given = network(source.tensor(1, 1))
    assert isinstance(given, dict)
    return make(
        **{name: _constant(source, each[0].detach(), ranges.get(name)) for name, each in given.items()}, **options
    )


def _alternative(family: str, heads: dict[str, tuple[int, ...]]) -> bool:
    """Are the parameters not the family's first ones, in the order that a tuple has?"""
    return tuple(heads) != tuple(HEADS[family][0])


def _constant(source: Source, value: torch.Tensor, space: str | None) -> torch.Tensor:
    """A number that stays, or a parameter that is learned; a direction stays, because it is one on the sphere alone."""
    return torch.nn.Parameter(value) if source.chance(0.5) and space != "direction" else value


def slope(families: set[str]) -> float:
    """How far apart gradients through draws of these families may be."""
    return max((SLOPES[each] for each in families if each in SLOPES), default=1e-9)
