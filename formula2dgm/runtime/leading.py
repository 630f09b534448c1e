"""The axes in front of values: the batch, and whatever else the user puts there, where event shapes are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor

from formula2dgm import registry
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.joints import Factor, Joint, Query
from formula2dgm.ir.program import Input
from formula2dgm.records import dataclass
from formula2dgm.resolve.distributions.variants import parents
from formula2dgm.runtime.arguments import refuse

Shape = tuple[int, ...]
#: The parameters of a variable's law, at one example of what it depends on.
Probe = Callable[[str, Mapping[str, Tensor]], dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Leads:
    """Finds how many trailing dimensions of each value are its event; all but the first where nothing says it."""

    joint: Joint
    inputs: Sequence[Input]
    probe: Probe

    def ranks(self, values: Mapping[str, Tensor]) -> dict[str, int]:
        """The number of event dimensions of each value."""
        found = {
            each.name: len(each.shape) + len(each.axes) - 1
            if each.shape is not None
            else max(values[each.name].dim() - 1, 0)
            for each in self.inputs
            if each.name in values
        }
        for each in self.inputs:
            if each.name in values:
                _fits(each, values[each.name])
        unsized = {each.name for each in self.inputs if each.shape is None}
        for factor in self.joint.factors:
            (name,) = factor.variables if len(factor.variables) == 1 else ("",)
            if name in values and name in unsized and factor.law is not None and parents(factor) <= set(values):
                rows = {key: _first_row(value, found[key]) for key, value in values.items()}
                found[name] = self._of_law(factor, factor.law, rows, found[name])
        return found

    def _of_law(self, factor: Factor, law: ir.Law, rows: Mapping[str, Tensor], otherwise: int) -> int:
        """The dimensions that the parameters of a law have; ``otherwise`` where only numbers say nothing."""
        params, facts = self.probe(factor.variables[0], rows), registry.family(law.family).under(law.options)
        nodes = dict(law.params)
        outer = [each.dim() - bool(nodes[key].axes) - facts.rank(key) for key, each in params.items()]
        says = any(nodes[key].axes or each.dim() > 0 for key, each in params.items())
        return max(outer) + facts.value_rank if says else otherwise


def _fits(variable: Input, value: Tensor) -> None:
    """Refuse a value whose last dimensions are not the event that the formula says."""
    shape, event = tuple(value.shape), variable.shape
    if event is not None and (len(shape) < len(event) or shape[len(shape) - len(event) :] != event):
        said = f"{variable.name} has shape {shape}, but is [..., {', '.join(map(str, event))}]"
        raise FormulaError(Diagnostic("F2D-0606", "error", said, variable.span))


def _first_row(value: Tensor, rank: int) -> Tensor:
    event = value.shape[value.dim() - rank :]
    return value.reshape(-1, *event)[:1]


def common_lead(values: Mapping[str, Tensor], ranks: Mapping[str, int]) -> Shape:
    """The leading shape that all values broadcast to."""
    leads = {name: tuple(value.shape[: value.dim() - ranks[name]]) for name, value in values.items()}
    short = next((name for name, value in values.items() if value.dim() < ranks[name]), None)
    if short is not None:
        shape = tuple(values[short].shape)
        raise refuse("F2D-0606", f"{short} has shape {shape}, but its law is over {ranks[short]} dimensions")
    try:
        return tuple(torch.broadcast_shapes(*leads.values()))
    except RuntimeError:
        said = ", ".join(f"{list(lead)} of {name}" for name, lead in leads.items())
        raise refuse("F2D-0605", f"the leading axes do not meet: {said}") from None


def flattened(values: Mapping[str, Tensor], ranks: Mapping[str, int], lead: Shape) -> dict[str, Tensor]:
    """The values with one batch axis in front of their events."""
    made = {}
    for name, value in values.items():
        event = value.shape[value.dim() - ranks[name] :]
        same = tuple(value.shape[: value.dim() - ranks[name]]) == lead and len(lead) == 1
        made[name] = value if same else value.expand((*lead, *event)).reshape((prod(lead), *event))
    return made


def unflattened(answer: Any, query: Query, lead: Shape, several: bool) -> Any:
    """An answer whose batch axis is the leading axes again; ``several`` draws stand in front of them."""
    if len(lead) == 1:
        return answer
    place = 1 if several else 0

    def of(tensor: Tensor, node: ir.Node) -> Tensor:
        if not any(axis.kind == "batch" for axis in node.axes):
            return tensor
        return tensor.reshape((*tensor.shape[:place], *lead, *tensor.shape[place + 1 :]))

    if isinstance(answer, Tensor):
        return of(answer, query.answers[0][1])
    if query.name != "params":
        return {name: of(answer[name], node) for name, node in query.answers}
    laws = [(name, node) for name, node in query.answers if isinstance(node, ir.Law)]
    made = {
        name: {key: of(each, dict(law.params)[key]) for key, each in (answer[name] if laws[1:] else answer).items()}
        for name, law in laws
    }
    return made if laws[1:] else made[laws[0][0]]
