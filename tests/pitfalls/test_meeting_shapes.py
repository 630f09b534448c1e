"""One number an example beside a vector: never broadcast along the entries, whatever the sizes of batch and event."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.support.agreement import assert_agrees

PRIOR = f2d.Normal(loc=0.0, scale=1.0, event_shape=3)


class Number(nn.Module):
    """One number an example: [batch]."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1).double()

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).squeeze(-1)


def linear(out: int) -> nn.Module:
    return nn.Linear(3, out).double()


FORMULAS = [
    r"\min E_{p(z)}[\|z + b(y)\|^2]",
    r"\min E_{p(z)}[\|g(z b(y))\|^2]",
    r"\min \|x - b(y)\|^2",
    r"\min (w(y)^\top b(y))^2",
    [r"\min E_{p(z)}[-\log p(x|y, z)]", r"p(x|y, z) = N(x; w(y)^\top z + b(y), I)"],
]


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
@pytest.mark.parametrize("batch", [2, 3])
def test_a_number_beside_a_vector_is_refused(formula: str | list[str], batch: int) -> None:
    bindings = {"p(z)": PRIOR, "b": Number(), "w": linear(3), "g": linear(3)}
    objective = f2d.compile(formula, bindings)
    data = {"x": torch.randn(batch, 3, dtype=torch.float64), "y": torch.randn(batch, 3, dtype=torch.float64)}
    with pytest.raises(FormulaError) as caught:
        objective(**data)
    (found,) = caught.value.diagnostics
    assert found.code in ("F2D-0607", "F2D-0612") and found.span is not None
    if batch == 3:
        assert "event shape ()" in found.message


@pytest.mark.parametrize("formula", FORMULAS[:4], ids=str)
@pytest.mark.parametrize("out", [1, 3])
def test_vectors_and_numbers_of_event_shape_1_meet(formula: str, out: int) -> None:
    bindings = {"p(z)": PRIOR, "b": linear(out), "g": linear(3), "w": linear(3)}
    data = {"x": torch.randn(3, 3, dtype=torch.float64), "y": torch.randn(3, 3, dtype=torch.float64)}
    used = {name: value for name, value in bindings.items() if f"{name[0]}(" in formula}
    assert_agrees(formula, used, data)


def test_an_inner_product_and_a_number_are_one_number() -> None:
    bindings = {"p(z)": PRIOR, "b": Number(), "w": linear(3)}
    data = {"y": torch.randn(3, 3, dtype=torch.float64)}
    objective = assert_agrees(r"\min E_{p(z)}[(w(y)^\top z + b(y))^2]", bindings, data)
    checks = objective.source.split("self.check_values:")[1].split("self.check_values = False")[0]
    assert '"b(y)"' not in checks


def test_the_check_is_not_written_where_nothing_is_open() -> None:
    objective = f2d.compile("log p(x)", {"p(x)": PRIOR})
    assert "check_event_rank" not in objective.source
