"""Slips of an author: each is refused where it stands, with what was probably meant, and leaves no statement behind."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse

# The text, the code, the place it points at, and words of the message or the hint.
REFUSED = {
    "a comma for a space": (r"x_i = a + \sqrt{b},\epsilon", "F2D-0122", r"a + \sqrt{b},\epsilon", r"was the space \,"),
    "a list behind in": ("z in R, 21", "F2D-0122", "R, 21", "behind 'in'"),
    "a subscript without its mark": (
        r"\mathcal{L}{\text{FM}}(\theta) = \alpha",
        "F2D-0124",
        r"\mathcal{L}{\text{FM}}(\theta)",
        r"write calL_{\text{FM}}",
    ),
    "a power of e that is applied": (r"\int e^{-\beta}(x) dx", "F2D-0120", "(x)", "e^{f(x)}"),
    "a set as a factor": (r"g(x) \: \epsilon \: \mathbb{R}^{2}", "F2D-0120", r"\mathbb{R}^{2}", r"\in meant"),
    "a draw without its letter": ("{x ~ p}[f(x)] + b", "F2D-0120", "x ~ p", "write E_{x ~ p}[…]"),
    "a relation as a factor": (r"2 [x > 0] f(\beta)", "F2D-0120", "x > 0", r"write \mathbb{1}[x > 0]"),
    "parameters of an expectation": (r"\mathbb{E}[\log p(x); m, s]", "F2D-0128", ";", "E_{q(z; m, s)}"),
    "a set by words": (r"A = \{x \text{ s.t. } F \to 0\}", "F2D-0120", r"\text{ s.t. }", "given by a condition"),
    "a set by a bar": (r"A = \{x \mid f(x) > 0\}", "F2D-0120", r"\mid", "given by a condition"),
    "a set by a colon": (r"A = \{x : \beta > 0\}", "F2D-0120", ":", "given by a condition"),
    "two signs at once": (r"1 \pm \epsilon", "F2D-0102", r"\pm", "two values"),
    "a limit": (r"\lim_{n \to \infty} f(n)", "F2D-0102", r"\lim", "the value that the limit has"),
    "an arrow with words": (r"a \xrightarrow{b} c", "F2D-0102", r"\xrightarrow", "no meaning in the language"),
    "a command, counted": (r"\foo + \foo + \foo", "F2D-0102", r"\foo", "unknown command \\foo (3 times)"),
    "a bracket behind parameters": (r"N(x; \mu) = \frac{a)}{s}", "F2D-0104", ")", "nothing opens this ')'"),
    "two bars for a preference": (r"\Pr(y_a \succ y_b \| x)", "F2D-0115", r"\|", "a condition has one bar"),
}


@pytest.mark.parametrize(("text", "code", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_a_slip_is_refused_and_leaves_nothing(text: str, code: str, place: str, words: str) -> None:
    statements, (error,) = parse(text)
    assert statements == ()
    assert error.code == code and error.severity == "error"
    assert error.span is not None and error.span.text == place
    assert words in f"{error.message}; {error.hint}"


ALLOWED = [
    r"\theta = \mu, \sigma",
    r"z = z_1, \dots, z_K",
    r"f: \mathbb{R}^n \times \mathbb{R} \to \mathbb{R}",
    r"\lambda \mathrm{loss}(x) = \beta",
    r"e^{x}(a + b)",
    r"x = d y + \beta",
    r"\frac{dx}{dt} = f(x, t)",
]


@pytest.mark.parametrize("text", ALLOWED)
def test_what_only_looks_like_a_slip_is_read(text: str) -> None:
    statements, diagnostics = parse(text)
    assert len(statements) == 1 and diagnostics == []
