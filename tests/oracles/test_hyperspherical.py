"""A variational autoencoder on the sphere (Davidson et al., 2018): von Mises-Fisher posterior, uniform prior.

The oracle's encoder gradient passes through its own rejection sampler, whose correction the library leaves out;
ours keeps the distribution function fixed and needs none, so gradients with respect to the encoder agree in
expectation, not draw by draw. What does not depend on how a draw is made is compared exactly.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle


class OnSphere(nn.Module):
    """A direction of length 1, and softplus + 1, as the implementation has them."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        out = self.network(x)
        loc = nn.functional.normalize(out["loc"], dim=-1)
        return {"loc": loc, "concentration": nn.functional.softplus(out["log_var"]) + 1}


def test_value_and_the_decoder_s_gradient() -> None:
    known = oracle("pythae_svae")
    nets = known.networks()
    formula = known.formula.replace(r"\mathrm{vMF}(\mu,\kappa)", "q(z|x)")
    bindings = {
        "q(z|x)": f2d.VonMisesFisher(OnSphere(nets["enc"])),
        "p(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
    }
    out = f2d.compile(formula, bindings)(x=known.tensor("input/x"), noise={"z": known.tensor("noise/z")})
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    found, expected = gradients_of(nets), known.gradients()
    decoder = [name for name in expected if name.startswith("dec.")]
    assert_close(
        {name: found[name] for name in decoder}, {name: expected[name] for name in decoder}, rtol=1e-10, atol=1e-10
    )


def test_the_pathwise_gradient_is_that_of_the_mean() -> None:
    """In three dimensions E[z] = (coth k - 1/k) mu; its derivatives in k and mu, at 6 standard errors."""
    torch.manual_seed(0)
    count, target = 40_000, torch.tensor([0.3, -0.5, 0.2], dtype=torch.float64)
    k = torch.full((count,), 2.0, dtype=torch.float64, requires_grad=True)
    loc = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64).expand(count, 3).clone().requires_grad_()
    law = f2d.distribution("q(z|m, k)", {"q(z|m, k)": f2d.VonMisesFisher(loc="m", concentration="k")})
    z = law.sample(m=loc, k=k)["z"]
    by_k, by_loc = torch.autograd.grad((z @ target).sum(), [k, loc])
    resultant, slope = 1 / math.tanh(2.0) - 0.5, 1 / 2.0**2 - 1 / math.sinh(2.0) ** 2
    mean = loc[0].detach()
    across = target - (target @ mean) * mean  # what stays on the sphere
    tangent = by_loc - (by_loc @ mean).unsqueeze(-1) * mean
    for found, expected in ((by_k.unsqueeze(-1), slope * (target @ mean)), (tangent, resultant * across)):
        error = (found.mean(0) - expected).abs()
        assert bool((error < 6 * found.std(0) / math.sqrt(count) + 1e-12).all())
