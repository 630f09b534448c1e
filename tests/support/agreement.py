"""The generated code against the literal reference, at the same data and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def assert_agrees(
    formula: str | Sequence[str],
    bindings: Mapping[str, object],
    data: Mapping[str, Tensor],
    seed: int = 0,
    **options: Any,
) -> f2d.Objective:
    """Loss, value, terms and every gradient of both; returns the objective."""
    objective = f2d.compile(formula, bindings, **options)
    torch.manual_seed(seed)
    drawn = objective.example_noise(**data)
    noise = {name: each.double() if each.is_floating_point() else each for name, each in drawn.items()}
    parameters = dict(objective.named_parameters())
    out = objective(**data, noise=noise)
    judge = reference(formula, bindings, data, noise, **options).run()
    settings = {"allow_unused": True, "materialize_grads": True}
    found = torch.autograd.grad(out.loss, parameters.values(), **settings)
    expected = torch.autograd.grad(judge.loss, parameters.values(), **settings)
    assert_close(out.loss, judge.loss, **CLOSE)
    assert_close(out.terms, judge.terms, **CLOSE)
    assert_close(out.contributions, judge.contributions, **CLOSE)
    for name, ours, theirs in zip(parameters, found, expected, strict=True):
        assert_close(ours, theirs, **CLOSE, msg=lambda text, name=name: f"gradient of {name}: {text}")
    return objective
