"""A name that the text gives a number is a hyperparameter, however the number is written."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d

BOUND = {"q(z|x)": f2d.Normal(loc="x", scale=2.0), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
X = torch.zeros(3, 4)


@pytest.mark.parametrize("written", ["0.001", r"10^{-3}", r"\frac{1}{1000}", r"1 \times 10^{-3}", "1/1000"])
def test_it_has_the_number_and_can_be_set(written: str) -> None:
    formula = [r"\min \beta KL[q(z|x) || p(z)]", rf"\beta = {written}"]
    objective = f2d.compile(formula, BOUND)
    kl = objective(x=X, beta=1.0).value
    torch.testing.assert_close(objective(x=X).value, 0.001 * kl)
    torch.testing.assert_close(f2d.compile(formula, BOUND | {"beta": 5.0})(x=X).value, 5 * kl)


def test_a_negative_number_and_one_that_is_none() -> None:
    assert f2d.compile([r"\min a KL[q(z|x) || p(z)]", "a = -2^2"], BOUND)(x=X).value < 0
    with pytest.raises(f2d.FormulaError):
        f2d.compile([r"\min a KL[q(z|x) || p(z)]", "a = 1 / 0"], BOUND)
