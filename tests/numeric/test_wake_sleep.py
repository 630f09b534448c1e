"""What one objective draws is data in another: the wake-sleep algorithm (Hinton et al. 1995), against torch."""

from __future__ import annotations

import torch
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import Gaussian
from tests.support.reference import reference

FORMULA = [
    r"\max_\theta E_{q_\phi(z|x)}[\log p_\theta(x,z)]",
    r"\max_\phi E_{p_\theta(x,z)}[\log q_\phi(z|x)]",
]


def normal(net: Gaussian, given: torch.Tensor) -> td.Independent:
    out = net(given)
    return td.Independent(td.Normal(out["loc"], out["log_scale"].exp()), 1)


def test_wake_and_sleep() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    try:
        q, p = Gaussian(4, 2), Gaussian(2, 4)
        bound = {"q_phi(z|x)": f2d.Normal(q), "p_theta(x|z)": f2d.Normal(p)}
        bound["p(z)"] = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
        x, wake, prior, dream = torch.randn(5, 4), torch.randn(5, 2), torch.randn(5, 2), torch.randn(5, 4)
        noise = {"q_phi(z|x)": wake, "p(z)": prior, "x": dream}
        law = normal(q, x).base_dist
        z = (law.loc + law.scale * wake).detach()
        awake = (normal(p, z).log_prob(x) + td.Normal(0.0, 1.0).log_prob(z).sum(-1)).mean()
        law = normal(p, prior).base_dist
        made = (law.loc + law.scale * dream).detach()
        asleep = normal(q, made).log_prob(prior).mean()
        objective = f2d.compile(FORMULA, bound)
        assert objective.players == ("theta", "phi")
        judge = reference(FORMULA, bound, {"x": x}, noise)
        for player, expected, net in (("theta", awake, p), ("phi", asleep, q)):
            weights = list(net.parameters())
            slope = torch.autograd.grad(expected, weights)
            for value in (objective(x=x, noise=noise, player=player).value, judge.run(player).value):
                assert_close(value, expected)
                assert_close(torch.autograd.grad(value, weights), slope)
    finally:
        torch.set_default_dtype(torch.float32)
