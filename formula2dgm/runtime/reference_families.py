"""The reference's own family mathematics, from torch.distributions and definitions alone.

Nothing here is shared with the generated code: what a network returned is read again, densities come from
torch.distributions, draws from their definitions, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import torch
from torch import Tensor
from torch import distributions as td


def read_parameters(family: str, output: object) -> dict[str, Tensor]:
    """A network's output as the family's canonical parameters."""
    if family in ("Normal", "Laplace"):
        named = _named(output, ("loc", "scale"))
        if "scale" not in named:
            scales = {
                "log_scale": lambda v: v.exp(),
                "var": lambda v: v.sqrt(),
                "log_var": lambda v: (v / 2).exp(),
            }
            key = next(each for each in scales if each in named)
            named["scale"] = scales[key](named[key])
        return {"loc": named["loc"], "scale": named["scale"]}
    if family == "Uniform":
        return _named(output, ("low", "high"))
    named = _named(output, ("logits",))
    if "probs" in named:
        probs = named["probs"]
        logits = probs.log() if family == "Categorical" else probs.log() - (1 - probs).log()
        return {"logits": logits}
    return {"logits": named["logits"]}


def _named(output: object, order: tuple[str, ...]) -> dict[str, Tensor]:
    if isinstance(output, Mapping):
        return dict(output)
    if isinstance(output, tuple | list):
        return dict(zip(order, output, strict=True))
    assert isinstance(output, Tensor)
    return {order[0]: output}


def distribution(family: str, params: Mapping[str, Tensor], one_hot: bool) -> td.Distribution:
    """The torch.distributions object of a family at canonical parameters."""
    match family:
        case "Normal":
            return td.Normal(params["loc"], params["scale"], validate_args=False)
        case "Laplace":
            return td.Laplace(params["loc"], params["scale"], validate_args=False)
        case "Uniform":
            return td.Uniform(params["low"], params["high"], validate_args=False)
        case "Bernoulli":
            return td.Bernoulli(logits=params["logits"], validate_args=False)
        case "Categorical" if one_hot:
            return td.OneHotCategorical(logits=params["logits"], validate_args=False)
        case "Categorical":
            return td.Categorical(logits=params["logits"], validate_args=False)
    raise NotImplementedError(family)


def log_density(family: str, params: Mapping[str, Tensor], one_hot: bool, value: Tensor) -> Tensor:
    """The elementwise log-density; a one-hot category is scored by its definition, sum_c y_c log pi_c."""
    if family == "Categorical" and one_hot:
        return (value * torch.log_softmax(params["logits"], -1)).sum(-1)
    if family == "Bernoulli":
        logits = params["logits"]
        return value * logits - torch.logaddexp(logits, torch.zeros_like(logits))
    return distribution(family, params, one_hot).log_prob(value)


def value_at(family: str, params: Mapping[str, Tensor], noise: Tensor) -> Tensor:
    """The draw that a noise gives: location + scale * noise, or the noise itself where it is the value."""
    if family in ("Normal", "Laplace"):
        return params["loc"] + params["scale"] * noise
    if family == "Uniform":
        return params["low"] + (params["high"] - params["low"]) * noise
    return noise


def all_values(family: str, params: Mapping[str, Tensor], one_hot: bool) -> Tensor:
    """All values of a finite family, first axis: categories, or all bit strings."""
    logits = params["logits"]
    if family == "Categorical":
        return torch.eye(logits.shape[-1], dtype=logits.dtype) if one_hot else torch.arange(logits.shape[-1])
    return torch.tensor(list(product((0.0, 1.0), repeat=logits.shape[-1])), dtype=logits.dtype)
