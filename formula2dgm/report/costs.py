"""What a term costs: how often each network is called for it, on what; and the shapes of what it is made of."""

from __future__ import annotations

from typing import Any

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def network_calls(node: ir.Node) -> list[dict[str, Any]]:
    """Each network's calls for a node, with the axes that one call takes at once; a call that several terms share
    counts for each of them."""
    found: dict[tuple[str, tuple[Axis, ...]], int] = {}
    for each in walk(node):
        if isinstance(each, ir.NetCall):
            key = each.network, each.axes
            found[key] = found.get(key, 0) + 1
    return [{"network": name, "calls": number, "axes": list(map(str, axes))} for (name, axes), number in found.items()]


def shapes_in(node: ir.Node, program: Program) -> list[dict[str, Any]]:
    """The data and draws of a node: their axes, and their event shape where something says it."""
    inputs = {each.name: each.shape for each in program.inputs}
    out: dict[str, dict[str, Any]] = {}
    for each in walk(node):
        match each:
            case ir.Data(name):
                out[name] = _shape(each.axes, inputs.get(name))
            case ir.Draw(law):
                out[each.key] = _shape(each.axes, law.shape or _of_a_default(law, program))
    return [{"name": name, **shape} for name, shape in out.items()]


def _shape(axes: tuple[Axis, ...], event: tuple[int, ...] | None) -> dict[str, Any]:
    return {"axes": list(map(str, axes)), "event": list(event) if event is not None else None}


def _of_a_default(law: ir.Law, program: Program) -> tuple[int, ...] | None:
    """The event shape that a default network was made for."""
    for _, parameter in law.params:
        if isinstance(parameter, ir.Head):
            network = next((each for each in program.called if each.name == parameter.call.network), None)
            if network is not None and network.scaffold is not None:
                return network.scaffold.heads[0][2]
    return None
