"""A function, not linear, of an estimate is biased, and the assumptions say so: whichever function it is."""

from __future__ import annotations

import pytest

import formula2dgm as f2d

ESTIMATE = r"\mathbb{E}_{z \sim N(0,I)}[\|f(z)\|^2]"


@pytest.mark.parametrize(
    "written",
    [rf"\exp(-{ESTIMATE})", rf"e^{{-{ESTIMATE}}}", rf"\sqrt{{{ESTIMATE}}}", rf"\log {ESTIMATE}", rf"\tanh({ESTIMATE})"],
)
def test_a_function_of_an_estimate(written: str) -> None:
    objective = f2d.compile(rf"\min_f {written}", {}, scaffold=True, dims={"z": 2})
    assert any("not linear, of an estimate" in str(each) for each in objective.assumptions)


def test_an_estimate_of_a_function() -> None:
    objective = f2d.compile(r"\min_f \mathbb{E}_{z \sim N(0,I)}[\sqrt{\|f(z)\|^2}]", {}, scaffold=True, dims={"z": 2})
    assert not any("not linear, of an estimate" in str(each) for each in objective.assumptions)
