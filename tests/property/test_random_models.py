"""Random well-typed models: the generated code equals the literal reference, in values and in every gradient."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.random_models import Generator, Model
from tests.support.reference import reference

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


def compare(model: Model) -> None:
    """Loss, value, terms, contributions and gradients of both, at the same data and noise."""
    objective = f2d.compile(model.formula, model.bindings, **model.options)
    torch.manual_seed(0)
    noise = {name: each.double() for name, each in objective.example_noise(**model.data).items()}
    parameters = dict(objective.named_parameters())
    out = objective(**model.data, noise=noise)
    gradients = torch.autograd.grad(out.loss, parameters.values(), allow_unused=True, materialize_grads=True)
    judge = reference(model.formula, model.bindings, model.data, noise, **model.options).run()
    expected = torch.autograd.grad(judge.loss, parameters.values(), allow_unused=True, materialize_grads=True)
    assert_close(out.loss, judge.loss, **CLOSE)
    assert_close(out.value, judge.value, **CLOSE)
    assert_close(out.terms, judge.terms, **CLOSE)
    assert_close(out.contributions, judge.contributions, **CLOSE)
    assert_close(sum(out.contributions.values()), out.value.detach(), **CLOSE)
    for name, ours, theirs in zip(parameters, gradients, expected, strict=True):
        assert_close(ours, theirs, **CLOSE, msg=lambda text, name=name: f"{model.formula}\ngradient of {name}: {text}")


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.filterwarnings("ignore:.*cross-entropy.*")
def test_generated_equals_reference(seed: int) -> None:
    compare(Generator(seed).model())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 400))
@pytest.mark.filterwarnings("ignore:.*cross-entropy.*")
def test_generated_equals_reference_for_many(seed: int) -> None:
    compare(Generator(seed).model())
