"""One formula in ASCII, Unicode and LaTeX is one tree."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse

SAME = [
    (
        "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
        "𝔼_q(z|x)[log p(x|z)] − KL[q(z|x)‖p(z)]",
        r"\mathbb{E}_{q(z\mid x)}\left[\log p(x\mid z)\right] - D_{\mathrm{KL}}\!\left(q(z\mid x)\,\Vert\,p(z)\right)",
        r"\operatorname{E}_{q(z\mid x)}\bigl[\log p(x\mid z)\bigr] - \operatorname{KL}[q(z\mid x) \parallel p(z)]",
        r"{\mathbb E}_{q(z|x)}[\text{log } p(x|z)] - {\rm KL}(q(z|x)||p(z)).",
    ),
    ("sum_{t=1}^T log p(x_t|x_{<t})", "∑_{t=1}^T log p(x_t|x_{<t})", r"\sum\limits_{t=1}^{T}\log p(x_t \mid x_{<t})"),
    ("||x - f(z)||_2^2 / 2", "‖x − f(z)‖₂² / 2", r"\left\lVert x - f(z)\right\rVert^{2}_{2} / 2"),
    ("p_theta(x_hat|z)", "p_θ(x̂|z)", r"p_{\theta}(\hat{\mathbf{x}}\mid z)"),
    ("z in R^16", "z ∈ ℝ¹⁶", r"z \in \mathbb{R}^{16}"),
    ("z_{t-1}", "zₜ₋₁", r"z_{t-1}"),
    ("a odot b circ c", "a ⊙ b ∘ c", r"a \odot b \circ c"),
    ("infty", "∞", r"\infty"),
    ("alpha_bar_t", "α_bar_t", r"\bar{\alpha}_t"),
    ("min_G max_D E_{x~p(x)}[log D(x)]", r"\min_G \max_D \mathbb E_{x \sim p(x)}\big[ \log D(x) \big]"),
    ("a <= b", "a ≤ b", r"a \leq b", r"a \leqslant b"),
    ("grad_x log p(x)", "∇_x log p(x)", r"\nabla_{\mathbf{x}} \log p(\mathbf{x})"),
]


@pytest.mark.parametrize("spellings", SAME, ids=lambda each: each[0])
def test_spellings_of_one_formula_are_equal(spellings: tuple[str, ...]) -> None:
    readings = [parse(each) for each in spellings]
    assert [diagnostics for _, diagnostics in readings] == [[]] * len(spellings)
    assert {statements for statements, _ in readings} == {readings[0][0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a * b", "a b"),
        (r"a \cdot b", r"a \times b"),
        ("f(x)", "f * (x)"),
        ("x^{(i)}", "x^i"),
        ("x_t", "x^t"),
        ("q", "Q"),
    ],
)
def test_what_differs_in_print_differs_in_the_tree(one: str, other: str) -> None:
    assert parse(one)[0] != parse(other)[0]


def test_letters_are_one_name_in_ascii_and_a_product_in_latex() -> None:
    assert parse("ab")[0] != parse(r"ab \, c")[0]
    assert parse(r"\alpha ab")[0] == parse("alpha a b")[0]
