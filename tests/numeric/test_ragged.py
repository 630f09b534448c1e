"""Sequences of different lengths: loss and gradients are the mean over sequences that are evaluated one by one."""

from __future__ import annotations

import pytest
import torch
from test_sequences import DIMS, FORMULAS
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

LENGTHS = torch.tensor([5, 3, 1])
#: Two steps before the third, and the acceleration of a start, need more steps than the shortest sequence has.
NAMES = [name for name in FORMULAS if name not in ("canvas", "particles")]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@pytest.mark.parametrize("name", NAMES)
def test_a_ragged_batch_is_the_mean_of_its_sequences(name: str) -> None:
    torch.manual_seed(0)
    ragged = f2d.compile(FORMULAS[name], scaffold=True, dims=DIMS, ragged=True).double()
    alone = f2d.compile(FORMULAS[name], scaffold=True, dims=DIMS).double()
    alone.load_state_dict(ragged.state_dict())
    data = {key: each.double() for key, each in alone.example_batch(3).items()}
    noise = {key: each.double() for key, each in alone.example_noise(**data).items()}
    out = ragged(**data, lengths=LENGTHS, noise=noise)
    losses = [alone(**_one(data, row), noise=_one(noise, row)).loss for row in range(3)]
    mean = torch.stack(losses).mean()
    assert_close(out.loss, mean, **CLOSE)
    settings = {"allow_unused": True, "materialize_grads": True}
    found = torch.autograd.grad(out.loss, list(ragged.parameters()), **settings)
    expected = torch.autograd.grad(mean, list(alone.parameters()), **settings)
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, **CLOSE)


def _one(values: dict[str, Tensor], row: int) -> dict[str, Tensor]:
    """One sequence without its padding; what has no steps stays."""
    steps = int(LENGTHS[row])
    return {key: each[row : row + 1, :steps] if each.dim() > 2 else each[row : row + 1] for key, each in values.items()}


@pytest.mark.parametrize("name", NAMES)
def test_generated_code_is_the_reference(name: str) -> None:
    assert_defaults_agree(FORMULAS[name], DIMS, {"lengths": LENGTHS}, ragged=True)


@pytest.mark.parametrize("name", ["Markov, closed", "state of draws", "backward", "whole sequence", "filter"])
def test_padding_has_no_gradient(name: str) -> None:
    objective = f2d.compile(FORMULAS[name], scaffold=True, dims=DIMS, ragged=True)
    data = objective.example_batch(3)
    for each in data.values():
        if each.is_floating_point():
            each.requires_grad_()
    objective(**{**data, "lengths": LENGTHS}).loss.backward()
    for key, each in data.items():
        if each.grad is not None:
            for row, steps in enumerate(LENGTHS.tolist()):
                assert not each.grad[row, steps:].any(), f"{key} behind the end of sequence {row} has a gradient"
