"""The factor graph of recurrences: what is carried is a variable, edges know their lag."""

from __future__ import annotations

from torch import nn

import formula2dgm as f2d


def test_a_state_is_a_variable_that_reads_its_last_step() -> None:
    formula = ["(h_t, c_t) = f(x_t, (h_{t-1}, c_{t-1}))", r"\sum_{t=1}^T \log p(x_t|h_{t-1})"]
    bindings = {"f": nn.LSTMCell(2, 3), "p(x_t|h_{t-1})": f2d.Normal(loc=nn.Linear(3, 2), scale=1.0)}
    graph = f2d.compile(formula, bindings).contract["graph"]
    assert {each["name"]: each["kind"] for each in graph["nodes"]} == {
        "x": "data",
        "h": "deterministic",
        "c": "deterministic",
    }
    assert {(each["from"], each["to"], each["lag"]) for each in graph["edges"]} == {
        ("h", "x", 1),
        *((source, target, lag) for target in "hc" for source, lag in (("x", 0), ("h", 1), ("c", 1))),
    }


def test_steps_to_come_are_marked_in_the_picture() -> None:
    formula = ["b_t = f(b_{t+1}, x_t)", r"\sum_{t=1}^T \log p(x_t|b_{t+1})"]
    bindings = {"f": nn.Bilinear(3, 2, 3), "p(x_t|b_{t+1})": f2d.Normal(loc=nn.Linear(3, 2), scale=1.0)}
    objective = f2d.compile(formula, bindings, dims={"b": 3})
    lags = {(each["from"], each["to"]): each["lag"] for each in objective.contract["graph"]["edges"]}
    assert lags == {("b", "x"): -1, ("b", "b"): -1, ("x", "b"): 0}
