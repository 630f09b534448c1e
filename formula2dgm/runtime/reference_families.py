"""The reference's own family mathematics, from torch.distributions and definitions alone.

Nothing here is shared with the generated code: what a network returned is read again, densities come from
torch.distributions, draws from their definitions, so that the two can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch import distributions as td

from formula2dgm import registry
from formula2dgm.runtime import reference_families_draws as draws
from formula2dgm.runtime import reference_families_kl  # noqa: F401  (divergences are known once they are imported)
from formula2dgm.runtime import reference_families_laws as laws
from formula2dgm.runtime import reference_plugins as plugins

__all__ = ["all_values", "distribution", "log_density", "read_parameters", "value_at"]

PARAMETERS = {
    **dict.fromkeys(("Normal", "Laplace", "Logistic", "Cauchy", "Gumbel", "LogNormal"), ("loc", "scale")),
    **dict.fromkeys(("Bernoulli", "Categorical", "ContinuousBernoulli", "FactorizedBernoulli"), ("logits",)),
    **dict.fromkeys(("Uniform", "DiscreteUniform"), ("low", "high")),
    **dict.fromkeys(("Beta", "Kumaraswamy"), ("concentration1", "concentration0")),
    **dict.fromkeys(("Gamma", "InverseGamma"), ("concentration", "rate")),
    **dict.fromkeys(("Exponential", "Poisson"), ("rate",)),
    **dict.fromkeys(("RelaxedBernoulli", "RelaxedOneHotCategorical"), ("temperature", "logits")),
    **dict.fromkeys(("NegativeBinomial", "Multinomial"), ("total_count", "logits")),
    **dict.fromkeys(("VonMises", "VonMisesFisher"), ("loc", "concentration")),
    "StudentT": ("df", "loc", "scale"),
    "Delta": ("loc",),
    "DiscretizedLogistic": ("loc", "scale"),
    "DiscretizedLogisticMixture": ("logits", "loc", "scale"),
    "MultivariateNormal": ("loc", "scale_tril"),
    "LowRankMultivariateNormal": ("loc", "cov_factor", "cov_diag"),
    "Dirichlet": ("concentration",),
    "SphericalUniform": (),
}
#: Families whose law is given by its definition, without settings.
OWN = (
    "Logistic",
    "DiscreteUniform",
    "FactorizedBernoulli",
    "Delta",
    "VonMises",
    "VonMisesFisher",
    "RelaxedBernoulli",
)
CLASSES = ("Categorical", "Multinomial", "RelaxedOneHotCategorical", "DiscretizedLogisticMixture")
CONVERSIONS: dict[str, dict[str, Callable[[Tensor], Tensor]]] = {
    "scale": {"log_scale": torch.exp, "var": torch.sqrt, "log_var": lambda v: (v / 2).exp()},
    "rate": {"log_rate": torch.exp, "scale": torch.reciprocal},
    "concentration": {"log_concentration": torch.exp},
    "scale_tril": {
        "covariance_matrix": torch.linalg.cholesky,
        "precision_matrix": lambda matrix: torch.linalg.cholesky(torch.linalg.inv(matrix)),
    },
}


def read_parameters(family: str, output: object) -> dict[str, Tensor]:
    """A network's output as the family's canonical parameters."""
    order = PARAMETERS.get(family) or registry.family(family).parameters
    named = _named(output, order)
    return {name: _parameter(family, name, named) for name in order}


def _parameter(family: str, name: str, named: Mapping[str, Tensor]) -> Tensor:
    if name in named:
        value = named[name]
    elif name == "logits":
        value = named["probs"].log()
        value = value if family in CLASSES else value - (1 - named["probs"]).log()
    else:
        other = next(each for each in CONVERSIONS[name] if each in named)
        value = CONVERSIONS[name][other](named[other])
    if family == "VonMisesFisher" and name == "concentration" and value.dim() == named["loc"].dim():
        return value.squeeze(-1)
    return value


def _named(output: object, order: tuple[str, ...]) -> dict[str, Tensor]:
    if isinstance(output, Mapping):
        return dict(output)
    if isinstance(output, tuple | list):
        return dict(zip(order, output, strict=True))
    assert isinstance(output, Tensor)
    return {order[0]: output}


def distribution(
    family: str,
    params: Mapping[str, Tensor],
    one_hot: bool = False,
    settings: Mapping[str, float] | None = None,
) -> td.Distribution:
    """The torch.distributions object of a family at canonical parameters, or one made from its definition."""
    numbers: dict[str, Any] = dict(settings or {})
    if family not in PARAMETERS:
        return plugins.distribution(family, params, numbers)
    match family:
        case "Categorical" if one_hot:
            return td.OneHotCategorical(**params, validate_args=False)
        case _ if family in OWN:
            return getattr(laws, family)(**params)
        case "Poisson" | "NegativeBinomial":
            return laws.Counts(getattr(td, family)(**params, validate_args=False))
        case "DiscretizedLogistic":
            loc, scale = torch.broadcast_tensors(params["loc"], params["scale"])
            one = torch.zeros_like(loc).unsqueeze(-1)
            return laws.DiscretizedLogisticMixture(one, loc.unsqueeze(-1), scale.unsqueeze(-1), **numbers)
        case "DiscretizedLogisticMixture":
            return laws.DiscretizedLogisticMixture(params["logits"], params["loc"], params["scale"], **numbers)
        case "SphericalUniform":
            return laws.SphericalUniform(int(numbers["dim"]))
        case "MultivariateNormal":
            return td.MultivariateNormal(params["loc"], scale_tril=params["scale_tril"].tril(), validate_args=False)
        case "Multinomial":
            return td.Multinomial(int(params["total_count"].max()), logits=params["logits"], validate_args=False)
    return getattr(td, family)(**params, validate_args=False)


def log_density(
    family: str,
    params: Mapping[str, Tensor],
    one_hot: bool,
    value: Tensor,
    hard_density: bool = False,
    settings: Mapping[str, float] | None = None,
) -> Tensor:
    """The log-density; a one-hot or relaxed category scored by a category is sum_c y_c log pi_c, a bit between 0 and 1
    the same of two classes."""
    if (family == "Categorical" and one_hot) or (family == "RelaxedOneHotCategorical" and hard_density):
        return (value * torch.log_softmax(params["logits"], -1)).sum(-1)
    if family == "Bernoulli" or (family == "RelaxedBernoulli" and hard_density):
        logits = params["logits"]
        return value * logits - torch.logaddexp(logits, torch.zeros_like(logits))
    if family == "Multinomial":
        ways = torch.lgamma(value.sum(-1) + 1) - torch.lgamma(value + 1).sum(-1)
        density = ways + (value * torch.log_softmax(params["logits"], -1)).sum(-1)
        return torch.where(value.sum(-1) == params["total_count"], density, -torch.inf)
    if family == "ContinuousBernoulli":
        logits = params["logits"]
        one = torch.ones_like(logits)
        return logits * value - laws.integral(lambda u: torch.exp(logits.unsqueeze(-1) * u), 0.0, one).log()
    if family == "RelaxedOneHotCategorical":
        # Gamma(n) t^(n - 1) (sum_k pi_k / x_k^t)^-n prod_k pi_k / x_k^(t + 1)
        n, logits, t = value.shape[-1], params["logits"], params["temperature"].unsqueeze(-1)
        total = (logits.exp() * value ** (-t)).sum(-1).log()
        rest = (logits - (t + 1) * value.log()).sum(-1)
        return math.lgamma(n) + (n - 1) * t.squeeze(-1).log() - n * total + rest
    if family == "SphericalUniform":
        settings = {"dim": value.shape[-1]}
    return distribution(family, params, one_hot, settings).log_prob(value)


def value_at(
    family: str, params: Mapping[str, Tensor], noise: Tensor, settings: Mapping[str, float] | None = None
) -> Tensor:
    """The draw that a noise gives."""
    if family not in PARAMETERS:
        return plugins.value_at(family, params, settings or {}, noise)
    return draws.value_at(family, params, noise)


def all_values(family: str, params: Mapping[str, Tensor], one_hot: bool) -> Tensor:
    """All values of a finite family, first axis: categories, or all words of bits or of whole numbers."""
    if family == "DiscreteUniform":
        low, high = torch.broadcast_tensors(params["low"], params["high"])
        numbers = [float(each) for each in range(int(low.min()), int(high.max()) + 1)]
        if low.dim() == 0:
            return torch.tensor(numbers, dtype=low.dtype)
        return torch.tensor(list(product(numbers, repeat=low.shape[-1])), dtype=low.dtype)
    if family not in PARAMETERS:
        return plugins.distribution(family, params, {}).enumerate_support()
    logits = params["logits"]
    if family == "Categorical":
        return torch.eye(logits.shape[-1], dtype=logits.dtype) if one_hot else torch.arange(logits.shape[-1])
    return torch.tensor(list(product((0.0, 1.0), repeat=logits.shape[-1])), dtype=logits.dtype)
