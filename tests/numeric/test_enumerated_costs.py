"""Costs that are sums over all values of another variable: baselines of the draw that they depend on."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from torch.testing import assert_close

import formula2dgm as f2d

B, X = 3, 2


def log_bits(value: Tensor, logits: Tensor) -> Tensor:
    return (value * logsigmoid(logits) + (1 - value) * logsigmoid(-logits)).sum(-1)


@pytest.mark.parametrize("baseline", ["batch", "leave-one-out"])
def test_baseline_of_a_draw_whose_cost_is_summed_over_another_variable(baseline: str) -> None:
    """E_q(c|x)[sum_b q(b|c) log p(x|b,c)]: the cost of each example or draw is its own, so that the others' mean is
    a baseline."""
    torch.manual_seed(0)
    q_c, q_b, p_x = (nn.Linear(*each).double() for each in ((X, 1), (1, 1), (2, X)))
    bindings = {"q(c|x)": f2d.Bernoulli(q_c), "q(b|c)": f2d.Bernoulli(q_b), "p(x|b,c)": f2d.Bernoulli(Beside(p_x))}
    samples = 1 if baseline == "batch" else 2
    objective = f2d.compile(
        r"\max E_{q(c|x)}[E_{q(b|c)}[\log p(x|b,c)]]",
        bindings,
        estimators={"c": f2d.Score(baseline=baseline)},
        samples={"c": samples},
    )
    x, c = torch.rand(B, X).round().double(), torch.rand(samples, B, 1).round().double()
    out = objective(x=x, noise={"c": c if samples > 1 else c[0]})

    cost = torch.zeros(samples, B, dtype=torch.float64)
    for value in (0.0, 1.0):
        b = torch.full_like(c, value)
        weight = log_bits(b, q_b(c)).exp()
        cost = cost + weight * log_bits(x, p_x(torch.cat([b, c], -1)))
    others = (cost.sum(0) - cost) / (samples - 1) if samples > 1 else (cost.sum(1, keepdim=True) - cost) / (B - 1)
    by_hand = -(cost + (cost - others).detach() * log_bits(c, q_c(x))).mean()
    weights = [*q_c.parameters(), *q_b.parameters(), *p_x.parameters()]
    assert_close(out.value, cost.mean())
    assert_close(torch.autograd.grad(out.loss, weights), torch.autograd.grad(by_hand, weights))


class Beside(nn.Module):
    """A network of two values side by side."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, b: Tensor, c: Tensor) -> Tensor:
        return self.net(torch.cat([b, c], -1))
