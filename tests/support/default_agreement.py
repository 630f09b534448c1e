"""The generated code of a formula with default networks against the literal reference, at the same data and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm import driver
from formula2dgm.options import make_options
from formula2dgm.runtime.reference import Reference
from tests.support.agreement import CLOSE


def assert_defaults_agree(
    formula: str | Sequence[str],
    dims: Mapping[str, int],
    data: Mapping[str, Tensor] | None = None,
    player: str | None = None,
    **options: Any,
) -> f2d.Objective:
    """Loss, terms and every gradient of both, in float64; returns the objective."""
    torch.manual_seed(0)
    objective = f2d.compile(formula, scaffold=True, dims=dims, **options).double()
    objective.check_values = False
    batch = {name: _double(each) for name, each in {**objective.example_batch(3), **(data or {})}.items()}
    noise = {name: _double(each) for name, each in objective.example_noise(**batch).items()}
    program = driver.analyse(formula, options=make_options(scaffold=True, dims=dims, **options))
    networks = {each.name: getattr(objective, each.name) for each in program.networks}
    tensors = {each.name: getattr(objective, each.name) for each in program.parameters}
    parameters = dict(objective.named_parameters())
    chosen = {} if player is None else {"player": player}
    out = objective(**batch, noise=noise, **chosen)
    judge = Reference(program, networks, batch, noise, parameters=tensors).run(player)
    assert_close(out.loss, judge.loss, **CLOSE)
    assert_close(out.terms, judge.terms, **CLOSE)
    settings = {"allow_unused": True, "materialize_grads": True}
    found = torch.autograd.grad(out.loss, list(parameters.values()), **settings)
    expected = torch.autograd.grad(judge.loss, list(parameters.values()), **settings)
    for name, ours, theirs in zip(parameters, found, expected, strict=True):
        assert_close(ours, theirs, **CLOSE, msg=lambda text, name=name: f"gradient of {name}: {text}")
    assert any(each.abs().max() > 0 for each in found), "nothing has a gradient"
    return objective


def _double(value: Tensor) -> Tensor:
    return value.double() if value.is_floating_point() else value
