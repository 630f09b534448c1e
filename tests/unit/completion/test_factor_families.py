"""Joints written as densities and as their families."""

from __future__ import annotations

import pytest

from formula2dgm.completion.densities.factor_families import write_factors
from formula2dgm.syntax import parse


def written(text: str) -> list[str]:
    statements, wrong = parse(text)
    assert wrong == []
    return [str(each) for each in write_factors(statements)[0]]


@pytest.mark.parametrize("product", [r"\prod_{t=1}^T", r"\prod"])
def test_steps_of_a_process(product: str) -> None:
    text = rf"q(x_{{1:T}}|x_0) := \prod_{{t=1}}^T q(x_t|x_{{t-1}}) = {product} N(x_t; a x_{{t-1}}, b I)"
    assert written(text) == [
        "q(x_{1:T}|x_0) := prod_{t=1}^T q(x_t|x_{t-1})",
        "q(x_t|x_{t-1}) = N(x_t; a x_{t-1}, b I)",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "p(x, z) = p(x|z) p(z)",
        "p(x, z) = p(x|z) p(z) = N(z; 0, 1) N(x; f(z), 1)",  # of other variables
        "p(x, z) = p(x|z) p(z) = N(x; f(z), 1)",
        "p(x) = int p(x, z) dz = N(x; 0, 1)",
        "L = p(z) = N(z; 0, 1)",
        "p(x, z) >= p(x|z) p(z) = N(x; f(z), 1) N(z; 0, 1)",
    ],
)
def test_what_says_nothing_of_factors(text: str) -> None:
    assert written(text) == [str(each) for each in parse(text)[0]]
