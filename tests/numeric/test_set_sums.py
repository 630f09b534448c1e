r"""Sums over the set that each example has: ``r = \sum_{m=1}^M \phi(x_m, v_m)``, given to densities and networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

DIMS = {"x": 3, "v": 2, "y": 3, "w": 2, "r": 4, "z": 2}
ELBO = r"\max E_{q(z|y,r)}[\log p(y|z,w,r)] - KL[q(z|y,r)||p(z|r)]"

FORMULAS: dict[str, str | list[str]] = {
    "a scene": [ELBO, r"r = \sum_{m=1}^M \phi(x_m, v_m)"],
    "a mean": [ELBO, r"r = \frac1M \sum_{m=1}^M \phi(x_m, v_m)"],
    "a mean of n": [ELBO, r"r = \frac1n \sum_{i=1}^n \phi(x_i)"],
    "in the argument of a density": r"\max \log p(y|\sum_{m=1}^M \phi(x_m, v_m))",
    "in the argument of a network": r"\min \|y - g(\sum_{m=1}^M \phi(x_m))\|^2",
    "to a number": [ELBO, r"r = \sum_{m=1}^3 \phi(x_m)"],
    "made of another": [ELBO, "r = g(s)", r"s = \sum_{m=1}^M \phi(x_m)"],
    "beside its own likelihood": [
        r"\max E_{q(z|r)}[\sum_{m=1}^M \log p(x_m|z)] - KL[q(z|r)||p(z)]",
        r"r = \sum_{m=1}^M \phi(x_m)",
    ],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_generated_code_is_the_reference(name: str) -> None:
    objective = assert_defaults_agree(FORMULAS[name], DIMS)
    listed = [str(each) for each in objective.assumptions]
    assert any("inside each example" in each for each in listed)


class _Pair(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.net = nn.Linear(inputs, 2 * outputs)

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loc, scale = self.net(torch.cat(given, -1)).chunk(2, -1)
        return loc, scale.exp()


@pytest.mark.parametrize("mean", [False, True])
def test_the_scene_is_the_sum_over_its_views(mean: bool) -> None:
    """Against the same model written with torch.distributions, for sets of several sizes."""
    torch.manual_seed(0)
    views, posterior, prior, image = nn.Linear(5, 4), _Pair(7, 2), _Pair(4, 2), _Pair(8, 3)

    class Phi(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.views = views

        def forward(self, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
            return torch.tanh(self.views(torch.cat([x, v], -1)))

    weight = r"\frac1M " if mean else ""
    bound = {
        r"\phi": Phi(),
        "q(z|y,r)": f2d.Normal(posterior, event_shape=2),
        "p(z|r)": f2d.Normal(prior, event_shape=2),
        "p(y|z,w,r)": f2d.Normal(image, event_shape=3),
    }
    objective = f2d.compile([ELBO, rf"r = {weight}\sum_{{m=1}}^M \phi(x_m, v_m)"], bound)
    for size in (1, 5):
        x, v, y, w = torch.randn(4, size, 3), torch.randn(4, size, 2), torch.randn(4, 3), torch.randn(4, 2)
        noise = torch.randn(4, 2)
        found = objective(x=x, v=v, y=y, w=w, noise={"z": noise}).value
        r = torch.tanh(views(torch.cat([x, v], -1))).sum(1) / (size if mean else 1)
        q, p = Normal(*posterior(y, r)), Normal(*prior(r))
        z = q.loc + q.scale * noise
        expected = Normal(*image(z, w, r)).log_prob(y).sum(-1) - kl_divergence(q, p).sum(-1)
        torch.testing.assert_close(found, expected.mean())


def test_the_order_of_a_set_does_not_matter() -> None:
    objective = f2d.compile([r"\max \log p(y|r)", r"r = \sum_{m=1}^M \phi(x_m)"], scaffold=True, dims=DIMS)
    x, y = torch.randn(4, 6, 3), torch.randn(4, 3)
    torch.testing.assert_close(objective(x=x, y=y).value, objective(x=x[:, torch.randperm(6)], y=y).value)


def test_a_sum_that_nothing_is_given_is_refused() -> None:
    """``\\min \\sum_m \\phi(x_m)`` alone: nothing says that the x_m belong to one example."""
    with pytest.raises(f2d.FormulaError, match="F2D-0415"):
        f2d.compile(r"\min \sum_{m=1}^M \phi(x_m)", scaffold=True, dims=DIMS)
