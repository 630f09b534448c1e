"""Whatever the text: reading ends in statements or located errors, and what it reads can be printed and read again."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formula2dgm.syntax import parse, to_ascii, to_latex
from tests.support.formulas import FORMULAS

PIECES = r"""x y z q p f E D KL H log max min_ sum_ prod int dx d ( ) [ ] { } \{ \} | || \| \mid , ; : . = ~ in < <= ->
+ - * / ^ _ ^{ _{ ' ... 1 2 0.5 K k=1 \frac \sqrt \hat \mathcal \mathbb{E} \left \right \sum \int \nabla \log \min
\max \theta theta \text{a} \text{where} \underbrace \\ & \quad $ # % " \to \cdot \langle \rangle \lvert \rvert {}
_hat _T ^T ^* ^{(i)} p(x|z) q(z|x) E_q(z|x)[ N(0,I) underbrace( sqrt( , "r") \mathrm{KL} \operatorname{sg} EE grad
partial inf arg infty""".split()
SETTINGS = settings(
    max_examples=400, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
TEXTS = [text for _, text, _ in FORMULAS if len(text) < 300] + [
    each for _, _, readings in FORMULAS for each in readings
]
SOUP = st.lists(st.sampled_from([*PIECES, "\n"]), max_size=16).map(" ".join)
CHANGE = st.tuples(st.integers(0, 300), st.integers(0, 3), st.sampled_from([*PIECES, ""]))
MUTATED = st.builds(lambda text, changes: _mutated(text, changes), st.sampled_from(TEXTS), st.lists(CHANGE, max_size=4))


def _mutated(text: str, changes: list[tuple[int, int, str]]) -> str:
    for place, deleted, inserted in changes:
        cut = place % (len(text) + 1)
        text = text[:cut] + inserted + text[cut + deleted :]
    return text


def check(text: str) -> None:
    statements, diagnostics = parse(text)
    assert statements or diagnostics
    for each in diagnostics:
        assert re.fullmatch(r"F2D-\d{4}", each.code)
        assert each.span is not None and 0 <= each.span.start <= each.span.end <= len(text)
        assert str(each)
    for statement in statements:
        for dialect in (to_ascii, to_latex):
            canonical = dialect(statement)
            again, wrong = parse(canonical)
            assert [str(each) for each in wrong] == [], f"{text!r} -> {canonical!r}"
            assert again == (statement,), f"{text!r} -> {canonical!r}"


@SETTINGS
@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    check(text)


@SETTINGS
@given(SOUP)
def test_a_soup_of_pieces(text: str) -> None:
    check(text)


@SETTINGS
@given(MUTATED)
def test_a_formula_with_slips(text: str) -> None:
    check(text)
