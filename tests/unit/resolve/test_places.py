"""An exception inside generated code carries the formula with a caret under the piece that was computed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from tests.support.small import Model


@pytest.mark.parametrize(("broken", "piece"), [("encoder", "q(z|x)"), ("decoder", "p(x|z)")])
def test_a_network_that_breaks(broken: str, piece: str) -> None:
    model = Model()
    key = {"encoder": "q(z|x)", "decoder": "p(x|z)"}[broken]
    bindings = {**model.bindings, key: f2d.Normal(loc=nn.Linear(7, 2).to(model.x.dtype), scale=1.0)}
    formula = "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]"
    objective = f2d.compile(formula, bindings)
    with pytest.raises(f2d.FormulaError) as caught:
        objective(x=model.x)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0612" and found.span is not None
    assert formula[found.span.start :].startswith(piece)


def test_a_deterministic_network_that_breaks() -> None:
    objective = f2d.compile(r"\min ||x - f(x)||^2", {"f": nn.Linear(7, 2)})
    with pytest.raises(f2d.FormulaError) as caught:
        objective(x=torch.ones(3, 2))
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0612" and found.span is not None
    assert r"\min ||x - f(x)||^2"[found.span.start :].startswith("f(x)")
