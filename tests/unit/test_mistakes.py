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


@pytest.mark.parametrize(("count", "around"), [(80, "{} + 1"), (50, r"\exp(\exp(\exp(\exp(\exp({})))))")])
def test_what_stands_too_deep_is_no_mistake_of_ours(count: int, around: str) -> None:
    chain = "; ".join(f"a_{{{n}}} = {around.format(f'a_{{{n - 1}}}')}" for n in range(1, count + 1))
    text = rf"\min a_{{{count}}}; a_0 = E_x[\|f(x) - x\|^2]; {chain}"
    (found,) = (each for each in f2d.check(text, scaffold=True, dims={"x": 3}) if each.severity == "error")
    assert found.code == "F2D-0664" and found.span is not None
