"""The values that data may have: what the text says of their space, else what the density that scores them is over."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.codegen.laws import facts
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Input, Program
from formula2dgm.ir.rewrite import walk


def data_in_range(program: Program) -> tuple[Input, ...]:
    """The inputs, those of no declared space in that of the densities that score them.

    A density of numbers says less than one of positive numbers or bits: the first that says more is taken.
    """
    scored: dict[str, Input] = {}
    open_inputs = {each.name: each for each in program.inputs if each.support == "unknown"}
    for node in walk(*program.roots):
        if not isinstance(node, ir.LogProb) or not isinstance(node.value, ir.Data):
            continue
        each, family = open_inputs.get(node.value.name), facts(node.law)
        if each is not None and family.support not in ("real", "unknown", "category"):
            scored.setdefault(each.name, replace(each, support=family.support))
    return tuple(scored.get(each.name, each) for each in program.inputs)
