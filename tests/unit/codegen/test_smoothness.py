"""Default networks of which a loss holds derivatives are smooth, the others are not."""

from __future__ import annotations

import re

import pytest
import torch
from torch import Tensor

import formula2dgm as f2d

SCORE = r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s_\theta(x)) + \tfrac12 \|s_\theta(x)\|^2]"
ELBO = "E_q(z|x)[log p(x|z)] - KL[q(z|x)||p(z)]"
PENALTY = (
    r"\min_G \max_D E_{x \sim p_{data}}[D(x)] - E_{z \sim p(z)}[D(G(z))] - 10 E_{x \sim p_{data}}[\|\nabla_x D(x)\|^2]"
)


def activations(formula: str) -> dict[str, str]:
    source = f2d.compile(formula, scaffold=True, dims={"x": 3, "z": 2}).source
    found = re.findall(r"A default network for ([^\n]+): replace.*?nn\.(\w+)\(\)\)", source, re.DOTALL)
    return dict(found)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (SCORE, {"s_theta": "SiLU"}),
        (ELBO, {"p(x|z)": "ReLU", "q(z|x)": "ReLU"}),
        (PENALTY, {"D": "SiLU", "G": "ReLU"}),
    ],
)
def test_what_is_derived_is_smooth(formula: str, expected: dict[str, str]) -> None:
    assert activations(formula) == expected


@pytest.mark.parametrize(("smooth", "holds"), [(True, True), (False, False)])
def test_the_gradient_of_a_trace_is_unbiased_for_a_default_score(smooth: bool, holds: bool) -> None:
    """E[tr ds/dx] = E[x^T s(x)] under N(0, I) (Stein), so their gradients by the first layer's bias agree, example by
    example and on average; for a network with kinks the first misses what happens at them."""
    torch.manual_seed(0)
    objective = f2d.compile(SCORE, scaffold=True, dims={"x": 2}).double()
    network = next(objective.children())
    if not smooth:
        network.body[1] = torch.nn.ReLU()
    weights = {name: each.detach() for name, each in network.named_parameters()}

    def difference(bias: Tensor, x: Tensor) -> Tensor:
        def score(point: Tensor) -> Tensor:
            return torch.func.functional_call(network, weights | {"body.0.bias": bias}, point[None])[0]

        return torch.trace(torch.func.jacrev(score)(x)) - x @ score(x)

    x = torch.randn(20_000, 2, dtype=torch.float64)
    each = torch.func.vmap(torch.func.grad(difference), (None, 0))(weights["body.0.bias"], x)
    errors = each.mean(0).abs() / (each.std(0) / len(x) ** 0.5)
    assert bool((errors < 6).all()) == holds
