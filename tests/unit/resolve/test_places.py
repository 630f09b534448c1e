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


NET = nn.Linear(3, 4)
#: A formula, the keys of its bindings, the code, the source of the place, and what stands there.
PLACES = [
    ("E_q[log p(x|z)]", {"q(w|x)": f2d.Normal(NET)}, "F2D-0572", "<formula>", "q"),
    (
        "E_q[log p(x|z)]",
        {"q(z_t|x_t)": f2d.Normal(NET), "p(x_t|z_{<t})": f2d.Normal(NET)},
        "F2D-0204",
        "<formula>",
        "q",
    ),
    ("E_q[log p(x|z)]", {"q(z|x)": f2d.Normal(loc="w", scale=1.0)}, "F2D-0705", "binding 'q(z|x)'", "z|x"),
    ("E_q[log p(x|z)]", {"q(z|x)": f2d.Normal(loc=0.0)}, "F2D-0704", "binding 'q(z|x)'", "z|x"),
    ("E_q[log p(x|z)]", {"q(z|x": f2d.Normal(NET)}, "F2D-0103", "binding 'q(z|x'", "("),
    ("E_q[log p(x|z)]", {"q(z|x)": NET}, "F2D-0703", "binding 'q(z|x)'", "q(z|x)"),
    (
        "log p(x|z)",
        {"p(x|z)": f2d.Normal(NET), "p(x=1|z)": f2d.Normal(NET)},
        "F2D-0702",
        "binding 'p(x=1|z)'",
        "p(x=1|z)",
    ),
    ("E_q[log p(x|z)]", {"q": f2d.Normal(NET)}, "F2D-0701", "binding 'q'", "q"),
]


@pytest.mark.parametrize(("formula", "bindings", "code", "source", "text"), PLACES)
def test_errors_of_keys_stand_in_their_keys(
    formula: str, bindings: dict[str, object], code: str, source: str, text: str
) -> None:
    """And those of the formula in the formula, with an excerpt of what they stand in."""
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile(formula, bindings, scaffold=True, dims={"x": 3, "z": 2})
    found = next(each for each in caught.value.diagnostics if each.code == code)
    assert found.span is not None
    assert (found.span.source.name, found.span.text) == (source, text)
    assert f"--> {source}:1:" in str(found) and f"| {found.span.source.text}\n" in str(found)


def test_data_that_a_letter_reads_stand_in_the_formula() -> None:
    objective = f2d.compile(
        "E_q[log p(x|z)] - KL[q(z|x) || p(z)]", {"q(z|x)": f2d.Normal(NET)}, scaffold=True, dims={"x": 3}
    )
    assert [each.span.source.name for each in objective.inputs] == ["<formula>"]
