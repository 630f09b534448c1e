"""A mistake of the compiler's is said as one: a code, where it happened, the part of the formula that was worked on."""

from __future__ import annotations

from unittest import mock

import pytest

import formula2dgm as f2d
from formula2dgm import mistakes

TEXT = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]; x in R^6"


def broken(*_: object, **__: object) -> None:
    raise KeyError("never")


@pytest.mark.parametrize(
    ("place", "span"),
    [
        ("formula2dgm.driver.understand", None),
        ("formula2dgm.resolve.values.expressions.Evaluator.log_density", "p(x|z)"),
    ],
)
def test_it_is_an_error_with_a_place(place: str, span: str | None) -> None:
    with mock.patch(place, broken), pytest.raises(f2d.FormulaError) as error:
        f2d.compile(TEXT, scaffold=True)
    (found,) = error.value.diagnostics
    assert found.code == mistakes.CODE and "KeyError in unit/test_mistakes.py:" in found.message
    assert isinstance(error.value.__cause__, KeyError)
    if span is not None:
        assert found.span is not None and found.span.source.text[found.span.start : found.span.end] == span


def test_the_check_lists_it() -> None:
    with mock.patch("formula2dgm.resolve.values.expressions.Evaluator.log_density", broken):
        found = f2d.check(TEXT, scaffold=True)
    assert [each.code for each in found if each.severity == "error"] == [mistakes.CODE]


def test_what_is_interrupted_is_no_mistake() -> None:
    with pytest.raises(KeyboardInterrupt), mistakes.owned():
        raise KeyboardInterrupt
