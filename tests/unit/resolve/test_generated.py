"""What these tests pin in the reference, the generated code computes too."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import Gaussian, Model


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E_{q(z|x)}[\log p(x|z)] * E_{q(z|x)}[\log p(z)]",
        r"\max E_{q(z|x)}[\log p(x|z) * E_{q(z|x)}[f(z)]]",
        r"\min E_{q(z|x)}[\|x - z\|]^2",
        r"\max \frac1M \sum_{m=1}^M (E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)])",
        r"\max \frac1N \sum_{i=1}^N E_{q(z|x_i)}[\log p(x_i|z)]",
        r"\max E_{q(w)}[\sum_{i=1}^N \log p(x_i|w)]",
        r"\max \log E_{q(w)}[e^{f(w)}] + E_{q(z|x)}[\log N(x; z, 0.25 I)]",
        r"\min KL[q(z|x)||N(0, I)] + KL[q(w)||N(0, I)]",
        r"\max E_{p_D(x)}[E_{p_D(y)}[f(x)]]",
    ],
)
def test_generated_equals_reference(formula: str) -> None:
    model = Model()
    bindings = {
        **model.bindings,
        "q(w)": f2d.Normal(loc=nn.Parameter(torch.randn(2)), scale=0.5),
        "p(x|w)": f2d.Normal(Gaussian(2)),
        "f": nn.Linear(2, 1),
        "M": 3,
        "N": 10,
    }
    objective = f2d.compile(formula, bindings)
    data = {"x": model.x} | ({"y": model.other} if "(y)" in formula else {})
    noise = objective.example_noise(**data)
    judge = reference(formula, bindings, data, noise).run()
    assert_close(objective(**data, noise=noise).value, judge.value)
