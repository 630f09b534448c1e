"""The grammar has no conflict, reading is linear and bounded, and it starts without the heavy packages."""

from __future__ import annotations

import subprocess
import sys

import pytest
from lark import Lark
from lark.exceptions import GrammarError
from lark.parsers import lalr_parser
from lark.parsers.lalr_analysis import LALR_Analyzer

from formula2dgm import resources
from formula2dgm.syntax import grammar, parse, to_latex
from tests.support.growth import assert_linear

TEXT = (resources.grammar() / "formula.lark").read_text()


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lark settles a shift/reduce conflict silently unless its analyser is strict."""

    class Strict(LALR_Analyzer):  # type: ignore[type-arg]
        def __init__(self, conf: object, debug: bool = False, strict: bool = False):
            super().__init__(conf, debug, True)  # type: ignore[arg-type]

    monkeypatch.setattr(lalr_parser, "LALR_Analyzer", Strict)


@pytest.mark.usefixtures("strict")
def test_the_grammar_is_lalr_without_a_conflict() -> None:
    assert isinstance(grammar.build(TEXT), Lark)


@pytest.mark.usefixtures("strict")
def test_a_conflict_would_be_found() -> None:
    with pytest.raises(GrammarError, match="conflict"):
        grammar.build(TEXT.replace("?factor: atom\n", "?factor: atom\n       | factor IMUL factor -> juxtapose\n"))


# Texts that grow by repetition, and the most seconds that 50,000 characters of each may take.
GROWING = {
    "sum": "x + ",
    "product": "x ",
    "bars": "|x",
    "calls": "f(x) ",
    "expectations": "E_q(x) ",
    "statements": "a = b; ",
    "open brackets": "(",
    "closing brackets": ")",
    "unclosed lines": "(\n",
    "accents": r"\hat",
    "fractions": r"\frac",
    "roots": r"\sqrt[",
    "primes": "x'",
    "definitions": r"\def\a#1{",
    "text": r"\text{a ",
    "unknown commands": r"\x \\ ",
    "conditions": "x|",
    "divergences": "KL(x||y) ",
    "tilde": r"\alpha~",
}


@pytest.mark.parametrize("piece", GROWING.values(), ids=GROWING)
def test_reading_time_grows_with_the_length_and_not_faster(piece: str) -> None:
    assert_linear(parse, piece)


def test_a_text_beyond_the_limit_is_refused() -> None:
    assert [each.code for each in parse("x + " * 60_000)[1]] == ["F2D-0113"]


def test_the_deepest_formula_is_read_printed_and_compared() -> None:
    text = "f(-a " * 40 + "x" + ")" * 40
    (statement,), diagnostics = parse(text)
    assert diagnostics == []
    assert parse(to_latex(statement))[0] == (statement,)


def test_reading_needs_no_heavy_package() -> None:
    heavy = "{'torch', 'sympy', 'networkx'}"
    check = f"import sys, formula2dgm.syntax as s; s.parse('x'); sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], cwd=resources.PACKAGE.parent).returncode == 0
