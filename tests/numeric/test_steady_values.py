"""Values that are the same at every step, read at another one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

STEPS = 4


class Sum(nn.Module):
    """f(h, c) = tanh(A h + B c)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (nn.Linear(3, 3, bias=False, dtype=torch.float64) for _ in range(2))

    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        return torch.tanh(self.a(h) + self.b(c))


def test_a_definition_without_steps_one_step_before() -> None:
    """c_1 = c_2 = ... = g(y), but c_0 = 0."""
    torch.manual_seed(0)
    f, g = Sum(), nn.Linear(2, 3, dtype=torch.float64)
    objective = f2d.compile(
        [r"\min \sum_{t=1}^T \|x_t - h_t\|^2", "h_t = f(h_{t-1}, c_{t-1})", "c_t = g(y)", "c_0 = 0", "h_0 = 0"],
        {"f": f, "g": g},
    )
    x, y = torch.randn(5, STEPS, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    h, total = torch.zeros(5, 3, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)
    for t in range(STEPS):
        h = f(h, g(y) if t else torch.zeros(5, 3, dtype=torch.float64))
        total = total + ((x[:, t] - h) ** 2).sum(-1)
    assert_close(objective(x=x, y=y).loss, total.mean(), rtol=1e-12, atol=0)


def test_a_definition_without_steps_one_step_later() -> None:
    g = nn.Linear(2, 3, dtype=torch.float64)
    objective = f2d.compile([r"\min \sum_{t=1}^{T-1} \|x_t - c_{t+1}\|^2", "c_t = g(y)"], {"g": g})
    x, y = torch.randn(5, STEPS, 3, dtype=torch.float64), torch.randn(5, 2, dtype=torch.float64)
    assert_close(objective(x=x, y=y).loss, ((x[:, :-1] - g(y)[:, None]) ** 2).sum((1, 2)).mean(), rtol=1e-12, atol=0)


def test_a_number_is_the_same_at_every_step() -> None:
    objective = f2d.compile([r"\min \sum_{t=1}^T \beta_{t-1} \|x_t - x_{t-1}\|^2", "x_0 = 0"], {"beta": 0.5})
    x = torch.randn(5, STEPS, 3, dtype=torch.float64)
    before = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1)
    assert_close(objective(x=x).loss, 0.5 * ((x - before) ** 2).sum((1, 2)).mean(), rtol=1e-12, atol=0)


def test_new_steps_where_no_data_say_how_many_are_given() -> None:
    """h counts its own steps: there is a rollout, but nothing to go on from."""
    objective = f2d.compile(
        [r"\max \sum_{t=1}^T \log p(x_t|h_t)", "h_t = f(h_{t-1}, t)", r"h_t \in \mathbb{R}^3", r"x_t \in \mathbb{R}^3"],
        scaffold=True,
    )
    assert objective.sample(2, T=6)["x"].shape == (2, 6, 3)
    assert "def filter" not in objective.source
