"""Noise whose shape nothing says but the value that it is added to."""

from __future__ import annotations

import torch

import formula2dgm as f2d


def test_noise_added_to_the_step_before_has_its_shape() -> None:
    """Nothing says how long epsilon_t is but x_{t-1}, which it is added to."""
    torch.manual_seed(0)
    net, x, drawn = torch.nn.Linear(3, 2), torch.randn(4, 5, 3), torch.randn(4, 5, 3)
    text = r"\min_\theta E_{p_{data}(x)}[\sum_{t=1}^T E_{\epsilon_t \sim N(0,I)}[\|f_\theta(x_{t-1} + \epsilon_t)\|^2]]"
    objective = f2d.compile([text, "x_0 = 0"], {r"f_\theta": net})
    before = torch.cat([torch.zeros(4, 1, 3), x[:, :-1]], 1)
    expected = net(before + drawn).square().sum((1, 2)).mean()
    torch.testing.assert_close(objective(x=x, noise={"epsilon": drawn}).loss, expected)
    assert objective.example_noise(x=x)["epsilon"].shape == (4, 5, 3)
