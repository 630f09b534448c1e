"""Draws at a neighbouring step, ``E_{p(z_{t+1}|x_{t+1})}``, drawn numbers, and loops to the last step but one."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def compiled(text: list[str], **bindings: object) -> f2d.Objective:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        return f2d.compile(text, bindings, scaffold=True).double()
    finally:
        torch.set_default_dtype(before)


def test_a_draw_at_the_next_step_is_of_its_law() -> None:
    """z_{t+1} is drawn from q at x_{t+1}, and read there: at t of T - 1, the noise of t moves the law of t + 1."""
    o = compiled(
        [
            r"\max \sum_{t=1}^{T-1} E_{q(z_{t+1}|x_{t+1})}[\log p(x_t|z_{t+1}) - \log q(z_{t+1}|x_{t+1})]",
            r"x_t \in \mathbb{R}^3; z_t \in \mathbb{R}^2",
        ]
    )
    x, eps = torch.randn(4, 5, 3, dtype=torch.float64), torch.randn(4, 5, 2, dtype=torch.float64)
    total = 0.0
    for t in range(4):
        loc, scale = o.q_z_given_x(x[:, t + 1]).values()
        z = loc + scale * eps[:, t]
        total = total + Normal(o.p_x_given_z(z), 1.0).log_prob(x[:, t]).sum(1) - Normal(loc, scale).log_prob(z).sum(1)
    assert_close(o(x=x, noise={"z": eps}).value, total.mean(), **CLOSE)


def test_the_present_step_is_another_draw() -> None:
    """z_t beside a draw of z_{t+1} alone is drawn by nothing."""
    text = [
        r"\max \sum_{t=1}^{T-1} E_{q(z_{t+1}|x_{t+1})}[\log p(x_t|z_t)]",
        r"x_t \in \mathbb{R}^3; z_t \in \mathbb{R}^2",
    ]
    with pytest.raises(f2d.FormulaError):
        compiled(text)


@pytest.mark.parametrize("space", [r"\mathbb{R}", r"[0, 1]"])
def test_a_drawn_number_weighs_a_divergence(space: str) -> None:
    family = {r"\mathbb{R}": r"\mathcal{N}(m; a(x), 1)", "[0, 1]": "RelaxedBernoulli(m; 0.5, a(x))"}[space]
    text = [r"\min E_{q(m|x)}[m KL[q(z|x) || p(z)] + \log q(m|x)]", f"q(m|x) = {family}", rf"m \in {space}"]
    assert_defaults_agree([*text, r"x \in \mathbb{R}^3; z \in \mathbb{R}^2"], {})


def test_a_loop_to_the_step_before_the_last_has_all_steps() -> None:
    """T is what the text says, and the sum leaves the last step out."""
    o = compiled(
        [
            r"\max \sum_{t=1}^{T-1} E_{p(z_t|h_t)}[v(h_t, z_t) + v(h_{t+1}, z_{t+1})]; h_t = f(h_{t-1}, z_{t-1})",
            r"T = 4; h_t \in \mathbb{R}^4; z_t \in \mathbb{R}^3",
        ]
    )
    assert o.example_noise(batch_size=2)["z"].shape == (2, 4, 3)
    assert not any("T - 1" in each for each in o.assumptions)


def test_spaces_of_steps_beside_ranges() -> None:
    """x_t and z_t say the spaces of the steps of x_{1:T} and z_{1:T}, though nothing else reads a step."""
    o = compiled(
        [
            r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}|z_{1:T})] - KL[q(z_{1:T}|x_{1:T}) || p(z_{1:T})]",
            r"x_t \in \{0,1\}^6; z_t \in \mathbb{R}^3",
        ]
    )
    assert o.example_batch(2)["x"].shape[2:] == (6,)
    assert o.example_noise(2)["z"].shape[2:] == (3,)


def test_a_product_of_any_letter_is_over_steps_where_a_state_moves_along_it() -> None:
    text = [
        r"\max E_{q(z_{1:L}|x)}[\log p(x|u_L)] - \sum_{l=1}^L KL[q(z_l|u_{l-1}, x) || p(z_l)]; L = 3",
        r"q(z_{1:L}|x) = \prod_{l=1}^L q(z_l|u_{l-1}, x); u_l = u_{l-1} + f(z_l)",
        r"x \in \mathbb{R}^5; z_l \in \mathbb{R}^2; u_l \in \mathbb{R}^4",
    ]
    assert_defaults_agree(text, {})
