"""What a variable is drawn from, by the letter of a density alone: the data, where nothing else speaks of it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from tests.support.agreement import assert_agrees
from tests.support.small import assumed, codes, program

X = torch.randn(4, 2, dtype=torch.float64)


@pytest.mark.parametrize("letter", ["p_d", "p", "P_X", "q"])
def test_what_is_only_drawn_from_is_the_data(letter: str) -> None:
    f = nn.Linear(2, 1)
    objective = assert_agrees(rf"\max E_{{x \sim {letter}}}[f(x)]", {"f": f.double()}, {"x": X})
    assert_close(objective(x=X).value, f(X).mean())
    said = assumed(rf"\max E_{{x \sim {letter}}}[f(x)]", {"f": f})
    assert "is bound to nothing and only drawn from: it is the data" in said


def test_two_laws_cannot_both_be_the_data() -> None:
    options = {"scaffold": True, "dims": {"x": 2}}
    assert "F2D-0327" in codes(r"\max E_{x \sim p_d}[f(x)] - E_{x \sim p_g}[f(x)]", {}, **options)
    assert "F2D-0327" in codes(r"\max E_{x \sim p_{data}}[f(x)] - E_{x \sim p_g}[f(x)]", {}, **options)


def test_the_law_of_what_a_definition_computes() -> None:
    text = r"\max E_{x \sim p_d}[D(x)] + E_{\tilde x \sim p_g}[\log(1-D(\tilde x))]; \tilde x = G(z); z \sim N(0,I)"
    said = assumed(text, {}, scaffold=True, dims={"x": 2, "z": 2})
    assert "standard Normal" not in said
    made = program(text, {}, scaffold=True, dims={"x": 2, "z": 2})
    assert {each.name for each in made.networks} == {"D", "G"}


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{z \sim q}[\log p(x|z)] - KL[q(z|x) \| p(z)]",  # a draw of q(z|x)
        r"\max E_{x \sim p_{data}}[\log D(x)] + E_{z \sim p_z}[\log(1 - D(G(z)))]",  # a prior
    ],
)
def test_latents_are_no_data(text: str) -> None:
    made = program(text, {}, scaffold=True, dims={"x": 2, "z": 2})
    assert [each.name for each in made.inputs] == ["x"]
