"""A letter of indices that an expectation binds and nothing reads as a value is no data."""

from __future__ import annotations

import pytest

from tests.support.small import codes, program

OPTIONS = {"scaffold": True, "dims": {"x": 2, "y": 2, "k": 3}}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"\min E_i[\|f_i(x) - y\|^2]", "F2D-0459"),
        (r"\min E_{x,y,i}[\|f_i(x) - y\|^2]", "F2D-0459"),
        (r"\min E_i[\|f_i(x) - y\|^2]; i \in \{1,\dots,3\}", "F2D-0459"),
        ("min E_i[||f_i(x) - y||^2]", "F2D-0459"),
        (r"\min E_{x,y,k}[\|f(x) - y\|^2]", "F2D-0402"),
    ],
)
def test_what_only_numbers_is_refused(text: str, code: str) -> None:
    assert codes(text, {}, **OPTIONS) == [code]


@pytest.mark.parametrize(
    ("text", "inputs"),
    [
        (r"\min E_{x,k}[\|f(x, k) - x\|^2]", {"x", "k"}),
        (r"\min E_i[\|f(x_i) - y_i\|^2]", {"x_i", "y_i"}),
        (r"\min E_{i \sim U\{1,3\}}[\|f(x, i) - y\|^2]", {"x", "y"}),
    ],
)
def test_what_is_read_is_bound(text: str, inputs: set[str]) -> None:
    dims = {"x": 2, "y": 2, "k": 3, "x_i": 2, "y_i": 2}
    assert {each.name for each in program(text, {}, scaffold=True, dims=dims).inputs} == inputs
