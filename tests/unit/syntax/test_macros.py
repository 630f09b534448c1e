"""Macros: their arguments, their place, what is refused."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse

USES = [
    ([r"\newcommand{\E}[2]{\mathbb{E}_{#1}\left[#2\right]}"], r"\E{q(z|x)}{\log p(x|z)}", "E_q(z|x)[log p(x|z)]"),
    ([r"\newcommand{\E}[2][q]{\mathbb{E}_{#1}[#2]}"], r"\E{x} + \E[p]{y}", "E_q[x] + E_p[y]"),
    ([r"\def\KL#1#2{D_{\mathrm{KL}}(#1 \| #2)}"], r"\KL{q}{p}", "KL[q || p]"),
    ([r"\DeclareMathOperator{\sg}{sg}"], r"\sg[x]", "sg(x)"),
    ([r"\DeclareMathOperator*{\argmin}{arg\,min}"], r"\argmin_x f(x)", "argmin_x f(x)"),
    ([r"\DeclarePairedDelimiter{\norm}{\lVert}{\rVert}"], r"\norm{x}^2", "||x||^2"),
    ([r"\let\x\theta"], r"\x", "theta"),
    ([r"\newcommand\bz{\mathbf{z}}", r"\newcommand{\q}{q_\phi(\bz)}"], r"\q", "q_phi(z)"),
    ([r"\newcommand{\D}{\mathcal{D}}"], r"x \sim \D", "x ~ calD"),
]


@pytest.mark.parametrize(("macros", "text", "reading"), USES)
def test_a_macro_is_what_it_stands_for(macros: list[str], text: str, reading: str) -> None:
    (statement,), diagnostics = parse(text, macros)
    assert diagnostics == []
    assert str(statement) == reading


def test_a_macro_may_be_defined_in_the_text() -> None:
    (statement,), diagnostics = parse("\\newcommand{\\q}{q_\\phi}\n\\q(z)")
    assert diagnostics == [] and str(statement) == "q_phi(z)"


def test_what_a_macro_writes_stands_where_it_is_used() -> None:
    text = r"a + \KL{q}{p}"
    (statement,), _ = parse(text, [r"\newcommand{\KL}[2]{D_{KL}(#1 \| #2)}"])
    _, divergence = statement.body.terms  # type: ignore[attr-defined]
    assert divergence.span.text == r"\KL{q}{p}"
    assert divergence.left.span.text == "q"


@pytest.mark.parametrize(
    ("macros", "text"),
    [
        ([r"\newcommand{\a}{\b}", r"\newcommand{\b}{\a}"], r"\a"),
        ([r"\newcommand{\a}{\a\a}"], r"\a"),
        ([r"\newcommand{\E}[2]{x}"], r"\E{a}"),
    ],
)
def test_a_macro_that_cannot_be_used_is_refused(macros: list[str], text: str) -> None:
    _, diagnostics = parse(text, macros)
    assert {each.code for each in diagnostics} == {"F2D-0117"}


def test_an_error_inside_a_macro_points_at_its_use() -> None:
    _, (diagnostic,) = parse(r"x + \a", [r"\newcommand{\a}{\nothing}"])
    assert diagnostic.code == "F2D-0102" and diagnostic.span is not None and diagnostic.span.text == r"\a"
