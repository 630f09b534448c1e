"""A density of the data given others is known by its pairs: -log p(y|x) at them, and no network."""

from __future__ import annotations

import math

import pytest
import torch

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

X, Y = tensor(6, 3, seed=1), tensor(6, 2, seed=2)
DATA, HAT, MODEL = r"p_{data}(y|x)", r"\hat{p}(y|x)", r"p_\theta(y|x)"


@pytest.mark.parametrize(
    "text",
    [
        rf"\min_\theta E_{{p_{{data}}(x)}}[KL({DATA} \| {MODEL})]",
        rf"\min_\theta E_{{x \sim p_{{data}}}}[D_{{KL}}({DATA} || {MODEL})]",
        rf"\min_\theta KL[{DATA} || {MODEL}]",
        rf"\min_\theta KL({HAT} \| {MODEL})",
        r"\min_\theta KL(p^*(y|x) \| p_\theta(y|x))",
        rf"\min_\theta E_{{p_{{data}}(x)}}[H({DATA}, {MODEL})]",
        rf"\min_\theta \mathbb{{E}}_{{{DATA}}}[\log \frac{{{DATA}}}{{{MODEL}}}]",
        "min_θ E_{p_data(x)}[KL(p_data(y|x) || p_θ(y|x))]",
    ],
)
def test_the_cross_entropy_is_at_the_pairs_of_the_data(text: str) -> None:
    network = linear(3, 2)
    objective = f2d.compile(text, {"p_θ(y|x)" if "θ" in text else MODEL: f2d.Normal(loc=network, scale=1.0)})
    assert {each.name for each in objective.inputs} == {"x", "y"}
    output = objective(x=X, y=Y)
    expected = (0.5 * (Y - network(X)) ** 2 + 0.5 * math.log(2 * math.pi)).sum(1).mean()
    torch.testing.assert_close(output.loss, expected)
    (slope,) = torch.autograd.grad(expected, (network.weight,))
    output.loss.backward()
    torch.testing.assert_close(network.weight.grad, slope)
    left_out = any(
        "the density of the data is left out" in str(e) or "but for" in str(e) for e in objective.assumptions
    )
    assert left_out != ("H(" in text)


def test_a_weighted_cross_entropy() -> None:
    network = linear(3, 2)
    text, bound = rf"\min_\theta 2 H({DATA}, {MODEL})", {MODEL: f2d.Normal(loc=network, scale=1.0)}
    expected = 2 * (0.5 * (Y - network(X)) ** 2 + 0.5 * math.log(2 * math.pi)).sum(1).mean()
    torch.testing.assert_close(f2d.compile(text, bound)(x=X, y=Y).loss, expected)
    assert_same([text], bound, {"x": X, "y": Y})


@pytest.mark.parametrize(
    "text",
    [
        rf"\min_\theta E_{{p_{{data}}(x)}}[KL({MODEL} \| {DATA})]",
        rf"\min_\theta E_{{p_{{data}}(x)}} E_{{{MODEL}}}[-\log {DATA}]",
        rf"\min_\theta 2 KL({DATA} \| {MODEL})",
        r"\max E_{q(z|x)}[\log p_\theta(x|z)] - KL(p_{data}(z|x) \| q(z|x))",
    ],
)
def test_the_density_of_the_data_given_others_is_no_network(text: str) -> None:
    with pytest.raises(f2d.FormulaError) as error:
        f2d.compile(text, scaffold=True, dims={"x": 3, "y": 2, "z": 2})
    assert error.value.diagnostics[0].code == "F2D-0520"


def test_a_teacher_is_a_network() -> None:
    r"""A label that says nothing of data, and what the text binds, stay what they are: `KL[p_T || p_\theta]`."""
    student, teacher = linear(3, 2), linear(3, 2)
    bound = {MODEL: f2d.Normal(loc=student, scale=1.0)}
    expected = 0.5 * ((student(X) - teacher(X)) ** 2).sum(1).mean()
    for head in ("p_T(y|x)", HAT, DATA):
        own = {**bound, head: f2d.Normal(loc=teacher, scale=1.0)}
        objective = f2d.compile(rf"\min_\theta E_{{p_{{data}}(x)}}[KL({head} \| {MODEL})]", own)
        torch.testing.assert_close(objective(x=X).loss, expected)
