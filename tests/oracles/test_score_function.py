"""A published score-function implementation: a sigmoid belief network of one layer of Bernoulli latents."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle

#: The integrand of the index's formula, in one logarithm and in three terms: their scores add up to one of the whole.
FORMULAS = (
    r"\mathcal{L} = -\mathbb{E}_{q_\phi(z|x)}[\log p(x,z) - \log q_\phi(z|x)]",
    r"\min -\mathbb{E}_{q_\phi(z|x)}[\log p(x|z) + \log p(z) - \log q_\phi(z|x)]",
    r"\min -\mathbb{E}_{q_\phi(z|x)}\left[\log \frac{p(x,z)}{q_\phi(z|x)}\right]",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_value_and_gradients(formula: str) -> None:
    known = oracle("pyro_sbn_reinforce")
    nets = known.networks()
    bindings = {
        "q(z|x)": f2d.Bernoulli(nets["enc"]),
        "p(x|z)": f2d.Bernoulli(nets["dec"]),
        "p(z)": f2d.Bernoulli(probs=0.5),
    }
    objective = f2d.compile(formula, bindings, estimators={"z": "score"})
    out = objective(x=known.tensor("input/x"), noise={"z": known.tensor("noise/z")})
    assert out.loss.dtype == torch.float64
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-10, atol=1e-10)
