"""Every formula of the collection reads as it is meant, in its own spelling and in the two canonical ones."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse, to_ascii, to_latex
from tests.support.formulas import FORMULAS

NAMES = [name for name, _, _ in FORMULAS]


@pytest.mark.parametrize(("name", "text", "readings"), FORMULAS, ids=NAMES)
def test_a_formula_reads_as_it_is_meant(name: str, text: str, readings: list[str]) -> None:
    statements, diagnostics = parse(text)
    assert [str(each) for each in diagnostics] == []
    assert [to_ascii(each) for each in statements] == readings


@pytest.mark.parametrize("dialect", [to_ascii, to_latex])
@pytest.mark.parametrize(("name", "text", "readings"), FORMULAS, ids=NAMES)
def test_a_canonical_text_gives_the_tree_back(name: str, text: str, readings: list[str], dialect) -> None:  # type: ignore[no-untyped-def]
    for statement in parse(text)[0]:
        canonical = dialect(statement)
        again, diagnostics = parse(canonical)
        assert [str(each) for each in diagnostics] == []
        assert again == (statement,)
        assert dialect(again[0]) == canonical
