"""Notations of papers, notes and pasted text: what each says, written out in the canonical plain spelling."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse, to_ascii, to_latex

READ = {
    "a squared label is a squared divergence": (r"D_{MMD^2}[p \| q]", "MMD[p || q]^2"),
    "words side by side in a script are one": (r"\phi_{\text{a}\text{b}} + 1", "phi_ab + 1"),
    "a hyphen joins in a script": (r"\mathcal{L}_{\beta\text{-TCVAE}} + 1", "calL_betaTCVAE + 1"),
    "a quotation": ("> L = a\n> + b", "L = a + b"),
    "a quotation of LaTeX": ("> L = \\alpha\n>\n> + b", "L = alpha + b"),
    "a quotation in a quotation": (">> L = a\n>> + b", "L = a + b"),
    "a fence": ("```math\nL = a + b\n```", "L = a + b"),
    "a fence without a language": ("```\nL = \\alpha + b\n```", "L = alpha + b"),
    "a list of script characters": ("𝔼ₜ,ₓ₀[f(t, x₀)]", "E_{t, x_0}[f(t, x_0)]"),
    "a list that ends in full size": ("𝔼ₜ,ε[f(ε, t)]", "E_{t, epsilon}[f(epsilon, t)]"),
    "a comma that ends a script": ("f(xₜ, y)", "f(x_t, y)"),
    "a range that begins small": ("p(x₀:T)", "p(x_{0:T})"),
    "a number in script characters": ("x₁₂", "x_12"),
    "a half": ("½ (a + b)", "1/2 (a + b)"),
    "a capital sigma over an index": ("Σᵢ log p(xᵢ)", "sum_i log p(x_i)"),
    "a capital sigma with bounds": ("Σ_{i=1}^N a_i", "sum_{i=1}^N a_i"),
    "a capital sigma over norms": ("Σᵢ ‖xᵢ‖²", "sum_i ||x_i||^2"),
    "a capital pi over an index": ("Πᵢ p(xᵢ|z)", "prod_i p(x_i|z)"),
    "a covariance": ("N(x; μ_k, Σ_k)", "N(x; mu_k, Sigma_k)"),
    "a covariance among vectors of its index": ("(x - μ_k)^T Σ_k (y - μ_k)", "(x - mu_k)^T Sigma_k(y - mu_k)"),
    "an inverse covariance": ("Σ_k^{-1} x_k", "Sigma_k^{-1} x_k"),
    "a covariance that a network returns": ("Σ_θ(xₜ, t)", "Sigma_theta(x_t, t)"),
    "an open interval": (r"t \in (0, 1)", "t in (0, 1)"),
    "a half-open interval": (r"t \in (0, 1]", "t in (0, 1]"),
    "an indexed interval": (r"t \in (0, 1]_k", "t in (0, 1]_k"),
    "a closed interval": (r"t \in [0, 1]", "t in [0, 1]"),
    "a derivative of physics": (r"\dv{f(t)}{t} + \pdv{g}{x}", "deriv_t f(t) + jac_x g"),
    "a second derivative of physics": (r"\pdv[2]{f}{x}", "hess_x f"),
    "an operator of physics": (r"\dv{t} f(t)", "deriv_t f(t)"),
    "an expectation of physics": (r"\expval{f(z)}_q", "E_q[f(z)]"),
    "an arrow over a name": (r"\overleftarrow{h}_t", "h_overleftarrow_t"),
    "an operator over a brace": (r"\underbrace{\frac{1}{N} \sum_{i=1}^N}_{\text{mean}} [a_i]", "1/N sum_{i=1}^N (a_i)"),
    "one form of a letter": (r"\varphi + q_\varphi", "phi + q_phi"),
}


@pytest.mark.parametrize(("text", "canonical"), READ.values(), ids=READ)
def test_a_notation_is_read_and_printed_back(text: str, canonical: str) -> None:
    (statement,), diagnostics = parse(text)
    assert diagnostics == []
    assert to_ascii(statement) == canonical
    for again in (to_ascii(statement), to_latex(statement)):
        assert parse(again) == ((statement,), [])


# The text, the code, the place it points at, and words of the message or the hint.
REFUSED = {
    "an upper bound without its mark": (r"\sum_{j=1}{J} \alpha_j", "F2D-0124", "J", "write the bound as ^{J}"),
    "a divergence of a list": (
        r"\mathrm{JSD}(p_1, \dots, p_n)",
        "F2D-0109",
        r"\mathrm{JSD}(p_1, \dots, p_n)",
        "a list",
    ),
    "a divergence of three": ("KL(p || q || r)", "F2D-0109", "KL(p || q || r)", "a list of more"),
    "a divergence of one": ("KL[q(y|x)]", "F2D-0109", "KL[q(y|x)]", "write KL[q(y|x) || …]"),
    "two forms of a letter": (r"\phi + \varphi", "F2D-0120", r"\varphi", r"\phi and \varphi both stand"),
    "two forms of a typed letter": ("ϕ + φ", "F2D-0120", "φ", "one form"),
    "a quotient of an interval": (r"t \in (0, 1] / \beta", "F2D-0120", "(0, 1]", "divide its ends"),
    "what is struck out": (r"\cancel{x} + y", "F2D-0102", r"\cancel", "struck out"),
    "a condition behind a log": (r"\log(x_n | \beta)", "F2D-0115", "|", r"p(x_n | \beta)"),
    "a gradient of nothing": (r"\|\nabla_{\hat{x}}\|", "F2D-0107", r"\nabla_{\hat{x}}", "grad_{x_hat} D(x_hat)"),
    "a bracket that swallows parameters": ("q = N(z; a, b", "F2D-0103", "(", "never closed"),
    "a command used twice": (r"\foo + \foo", "F2D-0102", r"\foo", r"\newcommand{\foo}"),
}


@pytest.mark.parametrize(("text", "code", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_one_cause_is_one_error_that_names_it(text: str, code: str, place: str, words: str) -> None:
    (error,) = parse(text)[1]
    assert error.code == code and error.severity == "error"
    assert error.span is not None and error.span.text == place
    assert words in f"{error.message}; {error.hint}"


def test_a_form_that_a_macro_redefines_is_no_second_form() -> None:
    statements, diagnostics = parse(r"\renewcommand{\phi}{\varphi} q_\phi + p_\varphi")
    assert diagnostics == []
    assert [to_ascii(each) for each in statements] == ["q_phi + p_phi"]
