"""Norms that are set in two single bars: the modulus of a modulus says nothing."""

from __future__ import annotations

import pytest

from formula2dgm.syntax import parse_one, tree


@pytest.mark.parametrize(
    ("text", "norm"),
    [
        (r"\left| \left| x - y \right| \right|_2^2", "||x - y||_2^2"),
        (r"\left|\left| x \right|\right|", "norm(x)"),
        (r"\big| \big| x \big| \big|_1", "||x||_1"),
        (r"\lvert\lvert x \rvert\rvert^2", "||x||^2"),
        ("| | x - y | |^2", "||x - y||^2"),
        (r"|a| |b|", "|a| |b|"),
    ],
)
def test_bars(text: str, norm: str) -> None:
    assert parse_one(text) == parse_one(norm)


@pytest.mark.parametrize("text", [r"\left| \left| a \right| - b \right|", r"\left| |a| + |b| \right|"])
def test_what_is_no_norm_stays_a_modulus(text: str) -> None:
    found = parse_one(text)
    assert isinstance(found, tree.Abs)
    assert isinstance(found.body, tree.Add)
