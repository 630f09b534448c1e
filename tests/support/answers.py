"""What may become of a text: a result, or errors that have a code, a message and a place in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm import mistakes
from formula2dgm.diagnostics import Diagnostic

BINDINGS = {
    "q(z|x)": f2d.Normal(nn.Linear(6, 4)),
    "p(x|z)": f2d.Bernoulli(nn.Linear(4, 6)),
    "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=4),
    "q(y|x)": f2d.Categorical(nn.Linear(6, 3)),
    "p(y)": f2d.Categorical(logits=torch.zeros(3)),
    "f": nn.Linear(6, 6),
    "beta": 4.0,
    "K": 3,
}
DIMS = {"x": 6, "y": 5, "z": 4, "w": 3}


def located(text: str, found: Iterable[Diagnostic]) -> bool:
    """Are all findings in order? Returns whether there is an error among them."""
    errors = [each for each in found if each.severity == "error"]
    for each in errors:
        assert re.fullmatch(r"F2D-\d{4}", each.code) and each.message
        assert each.code != mistakes.CODE, str(each)
        assert each.code != "F2D-0664" or len(text) > 500, f"so short a text is not deep: {each}"
        assert each.span is not None and each.span.source.text == text, f"no place in the text: {each}"
        assert 0 <= each.span.start <= each.span.end <= len(text)
        assert str(each).startswith(f"error[{each.code}]: ") and each.to_json()["range"] is not None
    return bool(errors)


def check(text: str) -> bool:
    """Check with defaults and with bindings; is there an error where defaults are made?"""
    located(text, f2d.check(text, BINDINGS))
    return located(text, f2d.check(text, scaffold=True))


def compute(text: str) -> None:
    """One forward of what the check accepts. Values may still be refused: the log of a negative number, say."""
    try:
        objective = f2d.compile(text, scaffold=True, dims=DIMS)
    except f2d.FormulaError as error:
        assert located(text, error.diagnostics)
        return
    try:
        player = {"player": objective.players[0]} if objective.players else {}
        out = objective(**objective.example_batch(3), **player)
    except f2d.FormulaError as error:
        assert all(each.code.startswith(("F2D-06", "F2D-0215")) for each in error.diagnostics)
        return
    assert out.loss.shape == () and out.terms.keys() == out.contributions.keys()
