"""Binders that name no density: E_{z|x}."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from formula2dgm.reading import understand
from formula2dgm.syntax import parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"E_{z|x}[log p(x|z)] - KL[q(z|x) || p(z)]", "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"),
        (r"E_{z|x,y}[f(z)] - KL[q(z|x,y) || p(z)]", "E_q(z|x, y)[f(z)] - KL[q(z|x, y) || p(z)]"),
        (r"E_{z|x,y}[f(z)] - KL[q(z|y,x) || p(z)]", "E_q(z|y, x)[f(z)] - KL[q(z|y, x) || p(z)]"),
        (r"E_{p(x), z|x}[f(z)] - KL[q(z|x) || p(z)]", "E_p(x),q(z|x)[f(z)] - KL[q(z|x) || p(z)]"),
    ],
)
def test_the_only_density_is_meant(text: str, expected: str) -> None:
    found = understand(parse(text)[0])
    assert found.statements == understand(parse(expected)[0]).statements
    assert any("the only density over it" in each.text for each in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{z|x}[\log p(x|z)]",  # none
        r"\max E_{z|x}[\log p(x|z) + \log p(z|x) - \log q(z|x)]",  # two
    ],
)
def test_none_or_several_are_refused(text: str) -> None:
    found = f2d.check(text, scaffold=True)
    assert "F2D-0401" in [each.code for each in found], found
