"""What a script's self-check is told: data to try, and whether the loss has its gradient as its derivative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formula2dgm.codegen.data_ranges import data_in_range
from formula2dgm.codegen.names import argument
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Input, Objective, Program
from formula2dgm.ir.rewrite import walk

#: Sizes of an example where the formula leaves them to the data.
SIZES = {"batch": 4, "time": 5, "plate": 4}
ENTRIES = 8

_VALUES = {
    "binary": "torch.rand({shape}).round()",
    "unit": "torch.rand({shape})",
    "category": "torch.randint({classes}, ({shape}))",
    "positive": "torch.randn({shape}).exp()",
    "count": "torch.rand({shape}).mul(6).floor()",
    "integer": "torch.rand({shape}).mul(6).floor()",
    "angle": "torch.rand({shape}).sub(0.5).mul(2 * math.pi)",
    "grid": "torch.rand({shape}).mul(255).round().div(255)",
    "simplex": "torch.randn({shape}).softmax(-1)",
    "sphere": "nn.functional.normalize(torch.randn({shape}), dim=-1)",
}


def example_data(program: Program) -> list[dict[str, str]]:
    """For each input its name and an expression of random values in its shape and range."""
    known = {each.name: each.default for each in program.hyperparameters}
    return [{"name": argument(each.name), "value": _value(each, known)} for each in data_in_range(program)]


def _value(each: Input, known: Mapping[str, float | int | None]) -> str:
    lead = [_size(axis, known) for axis in each.axes]
    if each.name == LENGTHS:
        return f"torch.full(({lead[0]},), {SIZES['time']})"
    event = list(each.shape) if each.shape is not None else [] if each.support == "category" else [ENTRIES]
    shape = ", ".join(map(str, [*lead, *event]))
    if each.support == "category" and len(lead) + len(event) == 1:
        shape += ","
    return _VALUES.get(each.support, "torch.randn({shape})").format(shape=shape, classes=each.classes or 2)


def _size(axis: Axis, known: Mapping[str, float | int | None]) -> int:
    said = known.get(axis.size) if isinstance(axis.size, str) else axis.size
    return int(said) if said else SIZES.get(axis.kind, 1)


def not_a_derivative(objective: Objective, program: Program) -> str:
    """Why the gradient that training uses is not the derivative of the loss at the same noise; empty where it is."""
    owned = objective.trains
    nodes = list(walk(*(term.node for term in objective.terms)))
    drawn = {each.site for each in nodes if isinstance(each, ir.Draw)}
    for site in (each for each in program.sites if each.name in drawn and each.law is not None):
        if site.estimator in ("score", "straight-through"):
            return f"the gradient at {site.name} is an estimator: {site.estimator}"
        if site.estimator == "detached" and site.law is not None and _learns(site.law, owned):
            return f"no gradient goes through {site.name}"
    for each in nodes:
        if isinstance(each, ir.StopGrad) and _learns(each.body, owned):
            return "the formula holds pieces of it constant"
        if isinstance(each, ir.NetCall) and each.frozen and (owned is None or each.network in owned):
            return f"the formula holds {each.network} constant in places"
    return ""


def _learns(node: ir.Node, owned: Sequence[str] | None) -> bool:
    """Does anything in it learn from this objective?"""
    for each in walk(node):
        name = each.network if isinstance(each, ir.NetCall) and not each.frozen else None
        name = each.name if isinstance(each, ir.Param) else name
        if name is not None and (owned is None or name in owned):
            return True
    return False
