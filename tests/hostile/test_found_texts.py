"""Texts that a long run over changed texts found, each with what became wrong of it."""

from __future__ import annotations

import ast

import pytest
import torch

import formula2dgm as f2d
from tests.support.answers import check, compute

FOUND = {
    "a field that takes itself in": r"\log p(x) \\ \dot z(t) = u_{q(E|z)}[f(z(t), u)] \\ x = z(1), z(0)\sim N(0, I) \\ "
    r"x \in \mathbb{R}^2",
    "an orbit of many points": r"\log p(x) \ge E_{q(z|x)}[\log \sum_{k=0}^K \frac{w_k(z) p(x, T^k(z))}{q(T^k(z)|x)}]; "
    r"w_k(z) = \frac13; K = 22; x \in \mathbb{R}^3",
    "a factor of a density that is a network": r"p(z) = D N(z; 0, I); \max_D E_{x \sim p_{data}(x)}[\log D(x)] "
    r"+ E_{z \sim p(z)}[\log(1 - D(G(z)))]; \max_G E_{z \sim p(z)}[\log D(G(z))]; "
    r"z \in \mathbb{R}^{16}; x \in \mathbb{R}^{64}",
    "entries of what has none": r"\max \sum_{t=1}^T \sum_{i=1}^n \log p(z_{t,i} | z_{<t}, z_{t,<i}); "
    r"z_{tz_ti} \in \{0, 1\}",
    "a direction beside a number": r"\min_\theta E_{x \sim p_{data}} \sum_{k=1}^3 "
    r"\|\frac{\partial s_\theta(x)}{\partial x} v_f(x)k\|^2; v_k \sim \mathcal{N}(\sum_{k=1}^Klog, I); "
    r"x \in \mathbb{R}^2",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND.keys())
def test_it_is_read_or_refused_with_a_place(text: str) -> None:
    if not check(text):
        compute(text)


def test_an_equation_on_two_lines_is_one_comment() -> None:
    text = (
        r"\min_\theta E_{t \sim U(0, 1)} E_{x_0 \sim p_{data}} E_{p(x_t|x_0)} \|s_\theta(x_t, tt) "
        r"- \nabla_{x_t} \log p(x_t|x_0)\|^2" + "\n"
        r"dx_t = \theta_t (x_T - x_t)\, dt + \sqrt{2 \theta_t}\, dw_t" + "\n" + r"\theta_t  1 + t"
    )
    objective = f2d.compile(text, scaffold=True, dims={"x": 6, "x_0": 6})
    ast.parse(objective.source)
    assert all("\n" not in each for each in objective.assumptions)


def test_a_default_network_has_the_entries_that_are_read() -> None:
    """An entry is one of each example, and not the first example of the batch."""
    text = r"\min_\theta E_{x \sim p_{data}}[(f_\theta(x)_3 - f_\theta(x)_1)^2]; x \in \mathbb{R}^6"
    objective = f2d.compile(text, scaffold=True)
    x = torch.randn(5, 6)
    values = objective.f_theta(x)
    assert values.shape == (5, 3)
    torch.testing.assert_close(objective(x).loss, ((values[:, 2] - values[:, 0]) ** 2).mean())


@pytest.mark.parametrize(
    ("power", "value"), [("2^{100}", 2.0**100), ("10^{30}", 1e30), ("9" * 20, 99999999999999999999.0)]
)
def test_whole_numbers_beyond_torch_s_are_floats(power: str, value: float) -> None:
    objective = f2d.compile(
        rf"\min_\theta {power} E_{{x \sim p_{{data}}}}[f_\theta(x)^2]; x \in \mathbb{{R}}^6", scaffold=True
    )
    x = torch.randn(5, 6)
    torch.testing.assert_close(objective(x).loss, value * (objective.f_theta(x) ** 2).mean())


def test_a_direction_has_the_shape_of_what_moves_along_it() -> None:
    """``\\partial s / \\partial x`` times v(x) and a number: by torch's own derivative along v."""
    text = r"\min_\theta E_x[\|\frac{\partial s_\theta(x)}{\partial x} v_\phi(x) k\|^2]; x \in \mathbb{R}^2; k = 3"
    objective = f2d.compile(text, scaffold=True)
    x = torch.randn(5, 2)
    _, moved = torch.func.jvp(objective.s_theta, (x,), (objective.v_phi(x),))
    torch.testing.assert_close(objective(x).loss, ((3 * moved) ** 2).mean())  # s is one number
