r"""``\int_0^1 p(t) f(t) dt``: of whatever p(t) is, between the ends and nowhere else."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import formula2dgm as f2d

X = torch.tensor([[0.0, 1.0], [2.0, -1.0], [0.5, 0.25]], dtype=torch.float64)
T = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return self.weight * x * t.reshape(-1, 1)


@pytest.mark.parametrize(
    ("ends", "said", "weight"),
    [
        ((0, 1), "; p(t) = N(t; 0, 1)", lambda t: torch.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)),
        ((0, 2), "; p(t) = N(t; 0, 1)", lambda t: 2 * torch.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)),
        ((0, 1), "; p(t) = 2 t", lambda t: 2 * t),
        ((0, 1), "; p(t) = U(t; 0, 1)", torch.ones_like),
        ((0, 2), "", torch.ones_like),
    ],
)
def test_a_weight_over_time(ends: tuple[int, int], said: str, weight) -> None:
    net = Scaled()
    text = rf"\min_f \mathbb{{E}}_{{x \sim p_{{data}}}}[\int_{{{ends[0]}}}^{{{ends[1]}}} p(t) \|f(x, t)\|^2 dt]{said}"
    objective = f2d.compile(text, {"f": net})
    loss = objective(x=X, noise={"t": T}).loss
    t = (ends[1] - ends[0]) * T
    by_hand = (weight(t) * (net(X, t) ** 2).sum(1)).mean()
    torch.testing.assert_close(loss, by_hand)
    ours, theirs = (torch.autograd.grad(each, net.weight)[0] for each in (loss, by_hand))
    torch.testing.assert_close(ours, theirs)
