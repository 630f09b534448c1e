"""What the formula itself calls a node: for comments and names."""

from __future__ import annotations

import re

from formula2dgm.codegen.step_nodes import Given, SoFar, ToCome
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.text import to_text
from formula2dgm.syntax import tree

#: Longer pieces of a formula name nothing.
LONGEST = 60


def notation(program: Program, node: ir.Node) -> str:
    """A node as the formula writes it, if it does; else as the program says it.

    A density at other values than its own variable is ``log p(y_w|x)``, a network's result ``D(G(z))``.
    """

    def name(part: ir.Node) -> str | None:
        match part:
            case ir.LogProb(law):
                return _log_density(program, part, law.label)
            case ir.NetCall():
                return call_label(program, part)
            case ir.Head(call, None, None):
                return call_label(program, call)
            case ir.Jvp() if origins := program.arena.origins(part):
                return str(origins[0])
            case ir.Head(call, None, _, None) if _is_single(program, call):
                return call_label(program, call)
        return None if part is node else definition_name(program, part)

    title = program.arena.title(node)
    return title if title is not None and isinstance(node, Given | SoFar | ToCome) else to_text(node, name)


def _is_single(program: Program, call: ir.NetCall) -> bool:
    """Is this a call of a default network that has one result, whose name says no more than the network's?"""
    scaffold = next(each.scaffold for each in program.called if each.name == call.network)
    return scaffold is not None and len(scaffold.heads) == 1


def call_label(program: Program, call: ir.NetCall) -> str:
    """What the formula calls the network, at these arguments: ``q(z|x)``, ``D(x)``."""
    label = next(each.label for each in program.called if each.name == call.network)
    if any(each.owner.name == call.network and "(" not in label.removeprefix("EMA(") for each in program.targets):
        return f"{label}({', '.join(notation(program, arg) for arg in call.args)})"
    if "(" in label:
        return label
    for node in (call, program.arena.make(ir.Head, call, None, None)):
        for origin in program.arena.origins(node):
            if isinstance(origin, tree.Call) and len(str(origin)) <= LONGEST:
                return str(origin)
    return f"{label}({', '.join(notation(program, arg) for arg in call.args)})"


def definition_name(program: Program, node: ir.Node) -> str | None:
    """The symbol that the formula defines as this node (``x_t``), or what the node was said to be, or None."""
    if (title := program.arena.title(node)) is not None:
        return title
    if isinstance(node, ir.Add | ir.Mul | ir.Div | ir.Pow | ir.Neg | ir.Apply | ir.StopGrad | ir.Picked):
        for origin in program.arena.origins(node):
            if isinstance(origin, tree.Symbol):
                return str(origin)
    return None


def _log_density(program: Program, node: ir.LogProb, label: str) -> str:
    """``log`` of the density as the formula writes it at these values, if that is the same factor."""
    density = program.arena.make(ir.Apply, "exp", (node,))
    for each in (node, density):
        for origin in program.arena.origins(each):
            text = re.sub(r"^log\s*", "", str(origin))
            text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
            if isinstance(origin, tree.Call | tree.Prefix | tree.Func) and _pattern(text) == _pattern(label):
                return f"log {text}"
    return f"log {label}"


def _pattern(text: str) -> tuple[str, int, int] | None:
    """The letter of a density, and how many variables and conditions it has."""
    found = re.fullmatch(r"([^()]+)\((.*)\)", text)
    if found is None:
        return None
    inside = re.sub(r"\{[^{}]*\}", "", found[2])
    variables, _, given = inside.partition("|")
    return found[1], variables.count(","), given.count(",") if given else -1
