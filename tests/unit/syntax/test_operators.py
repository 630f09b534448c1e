"""Derivatives, indicators, integrals and other operators of papers: how far they reach, how they are spelled."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse, to_latex

READ = {
    "a derivative of a bracket": (r"\frac{d}{ds}[f(s)] \odot g(s)", "deriv_s f(s) odot g(s)"),
    "a derivative of a sum": (r"\frac{d}{ds}(f + g) h", "deriv_s(f + g) h"),
    "a derivative up to a sign": (r"\frac{\partial}{\partial x} f g \cdot h", "jac_x f g dot h"),
    "a product of derivatives": (r"\frac{d}{ds}[f] \frac{d}{dt}[g]", "(deriv_s f) deriv_t g"),
    "a derivative of a negative": ("jac_x -f(x)", "jac_x -f(x)"),
    "a derivative of a derivative": (r"\frac{d}{ds} \frac{d}{dt} f", "deriv_s deriv_t f"),
    "a derivative as a fraction": (r"\frac{\partial f}{\partial x} \cdot \phi", "jac_x f dot phi"),
    "a derivative of a bracket as a fraction": (r"\frac{\partial (f + g)}{\partial x} \phi", "jac_x(f + g) phi"),
    "the transpose of a score": (r"\nabla_x \log p(x)^\top s", "(grad_x log p(x))^T s"),
    "the transpose of a gradient": (r"\nabla_x f(x)^\top s", "grad_x f(x)^T s"),
    "an indicator by its letter": (r"\mathbb{I}(y \in A) + I(a = b)", "indicator(y in A) + indicator(a=b)"),
    "an indicator by its subscript": (r"\mathbb{I}_{(i \ne j)} + 1_{[a > b]}", "indicator(i != j) + indicator(a > b)"),
    "a Jacobian of a product with one": (r"\frac{d}{dx} f \operatorname{jac}_x g", "jac_x f jac_x g"),
    "an indicator by a bold number": (r"\mathbf{1}\{a > b\} + \mathbb{I}_{\{a\}}", "indicator(a > b) + bbI_a"),
    "no indicator": (r"\mathbb{I}(x; z) + I_n + 1 (a + b) + \beta", "bbI(x; z) + I_n + 1 (a + b) + beta"),
    "a covariance": (r"\mathrm{Cov}(x, y) + \mathrm{Cov}", "cov(x, y) + Cov"),
    "an entry by a name": (r"\theta(x)[y_i] + \theta(x)[\mathrm{id}(y)]", "theta(x)_{y_i} + theta(x)_{id(y)}"),
    "integrals from the inside": (r"\int_y \int_x p(x, y)\, dx\, dy", "int_y (int_x p(x, y) dx) dy"),
    "integrals by their labels": (r"\int_y \int_x p(x, y)\, dy\, dx", "int_y (int_x p(x, y) dx) dy"),
    "an integral over an accented name": (r"\int \int p(x)\, d\tilde{x}\, dx", "int (int p(x) dx_tilde) dx"),
    "accents for stacking": (r"\Tilde{x} + \Hat y + \Bar{\alpha}", "x_tilde + y_hat + alpha_bar"),
    "a preference": (r"p(y_1 \succ y_2 \mid x)", "p(y_1 succ y_2|x)"),
    "a short run": (r"x_{1..T} + f(\{1..K\}) + \beta", "x_{1:T} + f({1, ..., K}) + beta"),
    "a transposed first": (r"w_1^T x + \beta", "w_1^T x + beta"),
    "a transposed number": ("[2]^T", "(2)^T"),
    "a definition from the right": ("a =: b", "a = b"),
    "another sign of drawing": (r"x \thicksim p", "x ~ p"),
    "a comma behind a cell's end": (
        r"a = \begin{cases} 1 &, k = \beta \\ 0 &, otherwise \end{cases}",
        "a = cases(1 if k=beta; 0 otherwise)",
    ),
    "a condition inside of words": (
        r"a = \begin{cases} 1 & \text{for $k = \arg\min_j b_j$} \\ 0 & \text{otherwise} \end{cases}",
        "a = cases(1 if k=argmin_j b_j; 0 otherwise)",
    ),
    "a label with a hyphen": (r"L_{\mathrm{gate\text{-}L2}} + \beta", "L_{gateL_2} + beta"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "canonical"), READ.values(), ids=READ)
def test_an_operator_is_read_and_printed_back(text: str, canonical: str) -> None:
    (statement,), diagnostics = parse(text)
    assert diagnostics == []
    assert str(statement) == canonical
    assert parse(canonical)[0] == parse(to_latex(statement))[0] == (statement,)


def test_an_unbalanced_text_is_an_error_with_a_place() -> None:
    _, diagnostics = parse(r"\text{posit\}... \alpha")
    assert [each.code for each in diagnostics] == ["F2D-0104"]
