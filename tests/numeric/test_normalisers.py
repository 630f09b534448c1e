"""Densities up to a constant, where the constant is that of no gradient."""

from __future__ import annotations

import torch
from torch import nn

import formula2dgm as f2d


def test_a_target_at_draws_of_what_is_learned() -> None:
    text = r"\min_\phi KL[q_\phi(x) \| p(x)]; p(x) \propto \exp(-\|x\|^4); q_\phi(x) = N(x; m, I)"
    objective = f2d.compile(text, {"m": nn.Parameter(torch.tensor([0.5, -1.0], dtype=torch.float64))})
    noise = torch.tensor([[0.3, 0.1], [-0.7, 1.2]], dtype=torch.float64)
    m = next(objective.parameters())
    x = m + noise
    by_hand = (torch.distributions.Normal(m, 1.0).log_prob(x).sum(1) + (x**2).sum(1) ** 2).mean()
    loss = objective(batch_size=2, noise={"x": noise}).loss
    torch.testing.assert_close(loss, by_hand)
    ours, theirs = (torch.autograd.grad(each, m)[0] for each in (loss, by_hand))
    torch.testing.assert_close(ours, theirs)


class Energy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor([1.5, -0.5], dtype=torch.float64))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (self.a * x**2 * y).sum(1)


def test_a_score_by_one_of_two_values() -> None:
    text = r"\min_\theta \mathbb{E}_{p_{data}(x,y)}[\|\nabla_x \log p_\theta(x,y) + x\|^2]"
    net = Energy()
    objective = f2d.compile(text + r"; p_\theta(x,y) \propto \exp(-E_\theta(x,y))", {r"E_\theta": net})
    x, y = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)
    by_hand = ((x - 2 * net.a * x * y) ** 2).sum(1).mean()
    torch.testing.assert_close(objective(x=x, y=y).loss, by_hand)
