"""Superscripts that are labels or indices, and H as a function."""

from __future__ import annotations

import pytest

from tests.readings.golden import read


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        (r"s(x, x^+) + \sum_i s(x, x^i)", ["s(x, x^{+}) + sum_i s(x, x^{(i)})"]),
        (r"\sum_i a_i x^i", ["sum_i a_i x^i"]),
        (r"\mathcal{L}_{GAN}^{x_2} = \log D(x_2)", ["calL_GAN^{(x_2)} = log D(x_2)"]),
        (r"m = f^a + f^b; f^a = x", ["m = f^{(a)} + f^b", "f^{(a)} = x"]),
        (r"\sigma^2 = g(x)", ["sigma^2 = g(x)"]),
        (r"e^x = y", ["e^x = y"]),
        (r"\mu^\top = A", ["mu^T = A"]),
    ],
)
def test_labels_and_indices(formula: str, meant: list[str]) -> None:
    found = read(formula)
    assert found.errors == [] and found.texts == meant


def test_labels_are_notes() -> None:
    found = read(r"\mathcal{L}^{x} = \log D(x)")
    assert found.notes == ("the superscript of calL^x is a label, no power",)


NO_ENTROPY = "H is the function that the text defines, not the entropy"


@pytest.mark.parametrize(
    ("formula", "note"),
    [
        (r"b = H(z); H(z) = \mathbb{1}[z > 0]", NO_ENTROPY),
        (r"g = \log p(b|\theta); b = H(z); z \sim p(z)", "H is a function, not the entropy: H(z) stands in the place"),
        (r"p(z|h, \mathcal{H}(x_{t:T}))", "H is a function, not the entropy: H(x_{t:T}) stands in the place"),
    ],
)
def test_h_of_the_author(formula: str, note: str) -> None:
    found = read(formula)
    assert any(each.startswith(note) for each in found.notes)
    nodes = [each for statement in found.statements for each in statement.body.walk()]
    assert not any(type(each).__name__ == "Func" and getattr(each, "name", "") == "H" for each in nodes)


@pytest.mark.parametrize("formula", [r"H(X) = -\sum_x p(x) \log p(x)", r"L = E_q[\log p(x)] + H(q)"])
def test_h_as_the_entropy(formula: str) -> None:
    found = read(formula)
    assert not any("H is" in each for each in found.notes)
    nodes = [each for statement in found.statements for each in statement.body.walk()]
    assert any(type(each).__name__ == "Func" and getattr(each, "name", "") == "H" for each in nodes)


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        (r"\|f^\theta(x + \epsilon) - x\|^2", "||f^{(theta)}(x + epsilon) - x||^2"),
        (r"u^\theta_t((1-t) x_0 + t x_1)", "u_t^{(theta)}((1 - t) x_0 + t x_1)"),
        ("f^θ(2x)", "f^{(theta)}(2 x)"),
        (r"f^{\theta^-}(2x)", "f^{(theta^{-})}(2 x)"),
        (r"\epsilon^\theta(x + \epsilon) - \epsilon", "epsilon^{(theta)}(x + epsilon) - epsilon"),
    ],
)
def test_parameters_above_a_function_of_a_sum(formula: str, meant: str) -> None:
    found = read(formula)
    assert found.errors == [] and found.texts == [meant]
    assert any("is part of its name, no power: its parameters" in each for each in found.notes)


@pytest.mark.parametrize(
    "formula", [r"\gamma^\theta(1 - \gamma)", r"x^\theta(1 - x)", "f^2(x + y)", r"a + a^\theta(1 + b)", "b^k(1 + c)"]
)
def test_powers_of_numbers_before_a_bracket(formula: str) -> None:
    found = read(formula)
    assert not any("part of its name" in each for each in found.notes) and "^{(" not in found.texts[0]
