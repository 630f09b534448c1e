"""A density whose group has a step among its labels: a changed equation that was an exception."""

from __future__ import annotations

import torch

import formula2dgm as f2d


def test_a_network_of_a_label_and_a_step() -> None:
    text = (
        r"L = E_{q(x_{1}|x_{0})}[\log p_{t\theta}(x_{0}|x_{1})]"
        r" - \sum_{t=2}^{T} E_{q(x_{t}|x_{0})}[KL[q(x_{t-1}|x_{t}, x_{0}) \| p_{\theta}(x_{t-1}|x_{t})]]"
    )
    objective = f2d.compile(text, scaffold=True, dims={"x_0": 4})
    assert {"mu_1_theta", "mu_theta"} <= {name for name, _ in objective.named_children()}
    assert torch.isfinite(objective(**objective.example_batch(3)).loss)
