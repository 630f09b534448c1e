"""Names of steps and numbers: changed equations that were exceptions."""

from __future__ import annotations

import pytest
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


def test_a_label_with_a_dot_is_a_name_of_python() -> None:
    objective = f2d.compile(r"\min E_{p_{data}(x)}[\|D_{2.5}(x)\|^2]", scaffold=True, dims={"x": 4})
    assert [name for name, _ in objective.named_children()] == ["D_2_5"]


def test_steps_up_to_a_draw() -> None:
    text = r"\min_\theta E_{t, x_0, \epsilon}\|\epsilon - f_\theta(x_t, t)\|^2; x_t = \sqrt{\bar\alpha_t} x_0 + "
    text += r"\sqrt{1 - \bar\alpha_t} \epsilon; \bar\alpha_t = \prod_{s=1}^t (1 - \beta_s); \beta_t = 0.02 t; "
    text += r"T = \epsilon - 6; t \sim \mathcal{U}\{1, T\}; x_0 \sim p_{data}; x_0 \in \mathbb{R}^2; "
    with pytest.raises(f2d.FormulaError, match="F2D-0667"):
        f2d.compile(text + r"\epsilon \sim \mathcal{N}(0, I)", scaffold=True)


def test_a_root_of_a_negative_number_is_no_constant() -> None:
    text = r"E_q(z|x)[log p(x|z)] - (-2.5 D)^{0.5} KL[q(z|x) || p(z)]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 4, "z": 2})
    with pytest.raises(f2d.FormulaError, match="F2D-0660"):
        objective(x=torch.zeros(3, 4))
    assert torch.isfinite(objective(x=torch.zeros(3, 4), D=-1.0).loss)


def test_steps_that_no_number_counts() -> None:
    """Steps to a T that nothing else has are drawn for the T of the call."""
    text = r"D_{KL}(q_\phi(z|x) \| p(z)) = \sum_t D_{KL}(q_\phi(z_t|x N(0,I)_{1:t}) \| p(z_t))"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert objective.sample(2, T=4)["z"].shape == (2, 4, 2)
