"""Relaxed and straight-through draws against the same mathematics by hand, at the same noise."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.discrete_models import BATCH, X, Z, bits, classes, prior_of


@pytest.fixture(autouse=True)
def double() -> Any:
    torch.manual_seed(1)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def test_gumbel_softmax_by_hand() -> None:
    """softmax((logits + g) / t) at Gumbel noise g, whose softmax is the standard member of the relaxation."""
    model, x = classes(), torch.randint(2, (BATCH, X)).double()
    objective = f2d.compile(
        "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", model, estimators={"z": f2d.Relaxed(temperature=0.6)}
    )
    gumbel = -torch.log(-torch.log(torch.rand(BATCH, 3)))
    out = objective(x=x, noise={"z": torch.softmax(gumbel, -1)})
    q, p = objective.get_submodule("q_z_given_x"), objective.get_submodule("p_x_given_z")
    logits = q(x)
    z = torch.softmax((logits + gumbel) / 0.6, -1)
    one_hot = torch.distributions.OneHotCategorical
    prior = prior_of(objective)
    divergence = torch.distributions.kl_divergence(one_hot(logits=logits), one_hot(logits=prior.expand(BATCH, 3)))
    expected = (torch.distributions.Bernoulli(logits=p(z)).log_prob(x).sum(-1) - divergence).mean()
    assert_close(out.value, expected, rtol=1e-10, atol=1e-10)
    parameters = list(objective.parameters())
    ours, theirs = (torch.autograd.grad(each, parameters) for each in (out.value, expected))
    assert_close(ours, theirs, rtol=1e-9, atol=1e-10)


def test_straight_through_by_hand() -> None:
    """The draw in the value, the probabilities in the gradient."""
    model, x = bits(), torch.randint(2, (BATCH, X)).double()
    objective = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", model, estimators={"z": "straight-through"})
    hard = torch.randint(2, (BATCH, Z)).double()
    out = objective(x=x, noise={"z": hard})
    q, p = objective.get_submodule("q_z_given_x"), objective.get_submodule("p_x_given_z")
    probs = torch.sigmoid(q(x))
    z = hard + probs - probs.detach()
    bernoulli = torch.distributions.Bernoulli
    prior = prior_of(objective)
    divergence = torch.distributions.kl_divergence(
        bernoulli(logits=q(x)), bernoulli(logits=prior.expand(BATCH, Z))
    ).sum(-1)
    expected = (bernoulli(logits=p(z)).log_prob(x).sum(-1) - divergence).mean()
    assert_close(out.value, expected, rtol=1e-10, atol=1e-10)
    parameters = list(objective.parameters())
    ours, theirs = (torch.autograd.grad(each, parameters) for each in (out.value, expected))
    assert_close(ours, theirs, rtol=1e-9, atol=1e-10)
