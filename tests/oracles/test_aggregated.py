"""Published objectives with the aggregated posterior: each against the paper's value and gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle


class Location(nn.Module):
    """An encoder's location, of a variable without a scale."""

    def __init__(self, encoder: nn.Module):
        super().__init__()
        self.encoder = encoder

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)["loc"]


@pytest.mark.parametrize("name", ["pythae_beta_tcvae_mss", "antixk_betatc"])
def test_total_correlation(name: str) -> None:
    """The stratified estimate, which is the default where N is known."""
    known = oracle(name)
    nets = known.networks()
    bound = {
        "q(z|x)": f2d.Normal(nets["enc"]),
        "p(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "N": int(known.number("input/N")),
        "alpha": 1.0,
        "beta": 6.0,  # the default of both libraries
        "gamma": 1.0,
    }
    out = f2d.compile(known.formula, bound)(x=known.tensor("input/x"), noise={"z": known.tensor("noise/eps")})
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-10, atol=1e-10)


def test_wasserstein_autoencoder() -> None:
    """A deterministic encoder: q(z) is the law of e(x), and its gradient reaches e."""
    known = oracle("pythae_wae_mmd")
    nets = known.networks()
    objective, encoder = known.formula.split(r",\ ")
    bound = {"G": nets["dec"], "e": Location(nets["enc"]), "k": f2d.IMQ(), "lambda": known.number("input/lam")}
    compiled = f2d.compile([objective, encoder], {**bound, "p(z)": f2d.Normal(loc=0.0, scale=1.0)})
    out = compiled(x=known.tensor("input/x"), noise={"z": known.tensor("noise/z_prior")})
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-10, atol=1e-10)
    assert torch.count_nonzero(nets["enc"].loc.bias.grad) == 3
