"""What generated code must know of a law: its family as chosen, its settings, whether it carries its event."""

from __future__ import annotations

from formula2dgm.codegen.event_dimensions import carries_event
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.registry import family
from formula2dgm.registry.family import Family


def facts(law: ir.Law) -> Family:
    """The family of a law, as its binding chose it."""
    return family(law.family).under(law.options)


def settings(law: ir.Law) -> list[str]:
    """The settings of a law that are not the family's own, as keywords; the dimension of a law without parameters."""
    chosen = dict(law.options)
    known = dict(facts(law).settings)
    if "dim" in known and law.shape:
        chosen.setdefault("dim", law.shape[-1])
    return [f"{name}={chosen[name]!r}" for name in known if name in chosen and chosen[name] != known[name]]


def is_standard(law: ir.Law) -> bool:
    """Is it the standard member of its family, N(0, 1)?"""
    fact, given = facts(law), dict(law.params)
    numbers = [given[name] for name in fact.parameters if name in given]
    values = tuple(each.value for each in numbers if isinstance(each, ir.Const))
    return fact.standard is not None and values == fact.standard and not settings(law)


def is_entry(node: ir.LogProb | ir.Divergence | ir.Entropy) -> bool:
    """Is it one number without a sum: of a scalar variable, or kept entry by entry?"""
    laws = (node.left, node.right) if isinstance(node, ir.Divergence) else (node.law,)
    return node.elementwise or all(law.scalar for law in laws)


def has_event(program: Program, law: ir.Law) -> bool:
    """Need the parameters no filling, because the family counts its own dimensions or they carry the event's?"""
    return law.scalar or not facts(law).elementwise or carries_event(program, law)


def has_float(law: ir.Law) -> bool:
    """Is one of the numbers that a law is given a float, so that all of them are written as floats?"""
    return any(isinstance(node, ir.Const) and isinstance(node.value, float) for _, node in law.params)
