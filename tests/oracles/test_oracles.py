"""Published implementations: each formula as its index gives it, compiled, against the paper's value and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import Oracle, counted, gradients_of, oracle

NAMES = (
    "antixk_vanilla",
    "antixk_iwae",
    "pythae_vae_bce",
    "pythae_vae_mse",
    "pythae_beta_vae",
    "pyro_vae_trace",
    "pyro_vae_meanfield",
    "pythae_iwae",
    "pyro_renyi_iwae",
    "diffusers_autoencoderkl",
)


#: Implementations whose likelihood is Bernoulli (their decoder gives logits); the others' is N(x; decoder, I).
BERNOULLI = {"pythae_vae_bce", "pyro_vae_trace", "pyro_vae_meanfield", "pyro_renyi_iwae"}


def formula_of(known: Oracle) -> str:
    """The formula of the index; what follows its comma defines the likelihood, which is bound here."""
    return known.formula.split(r",\ p(x|z)=")[0]


def bindings_of(known: Oracle, nets: dict[str, nn.Module]) -> dict[str, object]:
    bernoulli = known.name in BERNOULLI
    bound: dict[str, object] = {
        "q(z|x)": f2d.Normal(nets["enc"]),
        "p(x|z)": f2d.Bernoulli(nets["dec"]) if bernoulli else f2d.Normal(loc=nets["dec"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    if known.name == "diffusers_autoencoderkl":
        del bound["p(z)"]
        bound["beta"] = 1.0
    if "input/beta" in known.arrays:
        bound["beta"] = known.number("input/beta")
    if "input/K" in known.arrays:
        bound["K"] = int(known.number("input/K"))
    return bound


@pytest.mark.parametrize("name", NAMES)
def test_oracle(name: str) -> None:
    """Value and gradient to 1e-10 in float64 (1e-5 where the oracle is float32)."""
    known = oracle(name)
    nets = known.networks()
    objective = f2d.compile(formula_of(known), bindings_of(known, nets))
    calls = counted(nets)
    noise = known.tensor("noise/eps")
    if name in ("pythae_iwae", "antixk_iwae"):
        noise = noise.transpose(0, 1)  # [batch, K, event] -> [K, batch, event]
    out = objective(x=known.tensor("input/x"), noise={"z": noise})
    assert {each.calls for each in calls.values()} == {1}
    tolerance = 1e-10 if known.dtype == torch.float64 else 1e-5
    assert out.loss.dtype == known.dtype
    assert_close(out.loss.item(), known.number("value"), rtol=tolerance, atol=tolerance)
    out.loss.backward()
    assert_close(gradients_of(nets), known.gradients(), rtol=tolerance, atol=tolerance)
