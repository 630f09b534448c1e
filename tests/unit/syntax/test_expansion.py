"""Expansion: where its tokens stand, where it ends, and what is refused."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse
from tests.support.growth import assert_linear

KL = r"\newcommand{\KL}[2]{D_{KL}(#1 \| #2)}"
LAUGHS = "".join(
    rf"\def\{a}{{\{b}\{b}\{b}\{b}\{b}\{b}\{b}\{b}\{b}\{b}}}" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)


def test_what_a_macro_writes_stands_where_it_is_used() -> None:
    (statement,), _ = parse(r"a + \KL{q}{p}", [KL])
    _, divergence = statement.body.terms  # type: ignore[attr-defined]
    assert divergence.span.text == r"\KL{q}{p}"
    assert divergence.left.span.text == "q"


def test_what_a_macro_writes_through_another_stands_at_the_use_of_the_first() -> None:
    (statement,), _ = parse(r"a + \kl{q}{p} + b", [KL, r"\newcommand{\kl}{\KL}"])
    assert statement.body.terms[1].span.text == r"\kl{q}{p}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("macros", "text", "code", "place"),
    [
        ([r"\newcommand{\a}{\nothing}"], r"x + \a", "F2D-0102", r"\a"),
        ([r"\newcommand{\a}[1]{f(#1)}"], r"x + \a{y + \nothing}", "F2D-0102", r"\nothing"),
        ([r"\newcommand{\a}[1]{f(#1)}"], r"x + \a{y § z}", "F2D-0101", "§"),
        ([r"\newcommand{\a}[1]{f(#1) - }"], r"\a{y}", "F2D-0107", r"\a{y}"),
        ([r"\newcommand{\a}{\@internal}"], r"x + \a", "F2D-0102", r"\a"),
        ([r"\newcommand{\a}[2]{f(#1, #2)}"], r"x + \a{y}", "F2D-0117", r"\a"),
        ([r"\newcommand{\a}[2]"], r"x + \a{y}{z}", "F2D-0117", r"\a"),
        ([r"\newcommand{\a}[1]{\mathbf{#1}"], r"x + \a{y}", "F2D-0117", r"\a"),
        ([r"\def\a[#1]{#1}"], r"x + \a{y}", "F2D-0117", r"\a"),
        ([r"\NewDocumentCommand{\a}{Q m}{#1}"], r"x + \a{y}", "F2D-0117", r"\a"),
        ([r"no definition"], r"x", "F2D-0117", "no definition"),
        ([r"\newcommand{\a}{\vbox{\ialign{$x$\cr}}}"], r"x + \a", "F2D-0142", r"\a"),
        ([r"\newcommand{\a}{\hbox{\halign{#\cr x\cr}}}"], r"x + \a", "F2D-0142", r"\a"),
    ],
)
def test_an_error_points_at_the_use_or_into_the_argument(macros: list[str], text: str, code: str, place: str) -> None:
    _, diagnostics = parse(text, macros)
    assert [each.code for each in diagnostics] == [code]
    assert diagnostics[0].span is not None and diagnostics[0].span.text == place


@pytest.mark.parametrize(
    ("macros", "text", "message"),
    [
        (r"\def\x{\x}", r"\x", r"\x is defined by itself"),
        (r"\def\x{a \x b}", r"y + \x", r"\x is defined by itself"),
        (r"\def\x{\y}\def\y{\z}\def\z{\x}", r"\x", r"is defined by itself, through"),
        (r"\newcommand{\x}[1]{\x{#1#1}}", r"\x{a}", r"\x is defined by itself"),
        (r"\def\x{\ifx aa\x\fi}", r"\x", r"\x is defined by itself"),
    ],
)
def test_a_macro_defined_by_itself_is_refused(macros: str, text: str, message: str) -> None:
    _, (diagnostic,) = parse(text, [macros])
    assert diagnostic.code == "F2D-0140" and message in diagnostic.message


def test_a_macro_in_its_own_argument_is_not_defined_by_itself() -> None:
    (statement,), diagnostics = parse(r"\f{\f{\f{x}}}", [r"\newcommand{\f}[1]{f(#1)}"])
    assert diagnostics == [] and str(statement) == "f(f(f(x)))"


def test_growth_is_refused_in_its_place_and_the_next_statement_is_read() -> None:
    (statement,), (diagnostic,) = parse(r"y + \a; b = c", [LAUGHS + r"\def\h{x}"])
    assert diagnostic.code == "F2D-0141" and diagnostic.span is not None and diagnostic.span.text == r"\a"
    assert str(statement) == "b = c"


def test_a_chain_of_macros_has_an_end() -> None:
    names = [f"\\x{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(80)]
    macros = [rf"\newcommand{{{a}}}{{{b}}}" for a, b in zip(names, [*names[1:], "y"], strict=True)]
    assert str(parse(names[30], macros)[0][0]) == "y"
    assert [each.code for each in parse(names[0], macros)[1]] == ["F2D-0141"]


def test_a_delimiter_that_is_cut_short_takes_its_arguments_with_a_comma() -> None:
    macros = [r"\newcommand{\dkl}{D_{\text{KL}}\infdivx}", r"\DeclarePairedDelimiterX{\infdivx}[2]{(}{)}"]
    (statement,), (diagnostic,) = parse(r"\dkl{q(z|x)}{p(z)} + \dkl{q}{p}", macros)
    assert str(statement) == "KL[q(z|x) || p(z)] + KL[q || p]"
    assert (diagnostic.code, diagnostic.severity) == ("F2D-0144", "warning")
    assert "( #1, #2 )" in diagnostic.message


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        (r"\logP", r"did you mean \log P?"),
        (r"\lamda", r"did you mean \lambda?"),
        (r"\infdivx", r"\newcommand{\infdivx}{…}"),
        (r"\E", r"\newcommand{\E}{…}"),
    ],
)
def test_the_hint_for_an_unknown_command_is_near_or_none(command: str, hint: str) -> None:
    _, (diagnostic,) = parse(rf"{command} + x")
    assert diagnostic.code == "F2D-0102" and diagnostic.hint is not None and hint in diagnostic.hint


GROWING = {
    "uses": r"\x + ",
    "uses in uses": r"\f{",
    "delimited": r"\u x",
    "overlays": r"\only<1>{",
    "choices": r"\ifblank{}{",
    "texts": r"\text{\x ",
    "conditions": r"\iftrue ",
    "expansions": r"\expandafter",
    "names": r"\csname ",
    "loops": r"\foreach\x in{a,b,c}{",
    "definitions": r"\def\y{\y}\y ",
}


@pytest.mark.parametrize("piece", GROWING.values(), ids=GROWING)
def test_expansion_time_grows_with_the_length_and_not_faster(piece: str) -> None:
    macros = [r"\newcommand{\x}{x}", r"\newcommand{\f}[1]{f(#1)}", r"\def\u#1;{#1}"]
    assert_linear(lambda text: parse(text, macros), piece)


@pytest.mark.parametrize(("body", "label"), [(r"\bm{x}", "x"), (r"\ell", "ell"), (r"\hat{y}", "haty")])
def test_the_names_of_a_formula_in_a_text_are_words_of_it(body: str, label: str) -> None:
    (statement,), diagnostics = parse(r"L_{\text{for $\a$}}", [rf"\newcommand{{\a}}{{{body}}}"])
    assert diagnostics == [] and str(statement) == f"L_for{label}"
