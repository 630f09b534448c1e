"""What nobody bound or declared means the same in every formula of a model: alone, ``q(z|x)`` would get another default
than beside ``p(x|z) p(z)``. The laws that an objective's defaults are, as bindings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.runtime.arguments import canonical, refuse
from formula2dgm.runtime.bindings import BoundFamily, class_named
from formula2dgm.syntax import tree

#: What is assumed of a density that has neither a binding nor a network.
CONSTANT = ("the standard Normal", "uniform")


def own_laws(objective: Any, program: Program, bound: Collection[str]) -> dict[str, BoundFamily]:
    """The laws that an objective's defaults have and those of another program of its model have not, by label.

    Left out is what a statement of the program declares, and what is ``bound``.  Raises FormulaError (F2D-0708) for a
    law that is no binding, and for a default without a network that scores data by a density that the objective does
    not have: ``log p(x)`` would be that of a standard Normal.
    """
    declared = {str(each.body.members[0]) for each in program.statements if isinstance(each.body, tree.Chain)}  # type: ignore[attr-defined]
    known = {each.label: each for each in walk(*objective.program.roots) if isinstance(each, ir.Law)}
    assumed = {each.text for each in program.assumptions}
    scores = (each for each in walk(*program.roots) if isinstance(each, ir.LogProb) and isinstance(each.value, ir.Data))
    of_data = {each.law for each in scores}
    found: dict[str, BoundFamily] = {}
    for law in walk(*program.roots):
        own = known.get(law.label) if isinstance(law, ir.Law) else None
        if law in of_data and own is None and {f"{law.label} is {each}" for each in CONSTANT} & assumed:
            hint = f"weights_of= has {', '.join(known)}; write {law.label} by them, or bind it: a default is untrained"
            raise refuse("F2D-0708", f"{law.label} is no density of the model", hint)
        if own is None or {own.label} & ({*map(canonical, bound)} | declared | found.keys()):
            continue
        if _kind(own) != _kind(law):  # type: ignore[arg-type]
            made = _as_binding(own, objective)
            if made is None:
                says = f"weights_of: {own.label} has another default here than in its formula"
                raise refuse("F2D-0708", says, f"write what it is in both: {own.label} = ..., or bind it")
            found[own.label] = made
    return found


def _kind(law: ir.Law) -> object:
    """The family, and of each parameter whether it is a number or what a network returns."""
    params = [(name, node.value if isinstance(node, ir.Const) else type(node)) for name, node in law.params]
    return law.family, params, dict(law.options)


def _as_binding(law: ir.Law, objective: Any) -> BoundFamily | None:
    """A law as a binding, where its parameters are numbers, and results of one network that returns no others."""
    numbers = {name: node.value for name, node in law.params if isinstance(node, ir.Const)}
    heads = {name: node for name, node in law.params if isinstance(node, ir.Head)}
    calls = {node.call for node in heads.values()}
    if len(numbers) + len(heads) < len(law.params) or len(calls) > 1:
        return None
    made: Any = class_named(law.family)
    if not heads:
        return made(**numbers, **dict(law.options), event_shape=law.shape)
    (call,) = calls
    scaffold = next((each.scaffold for each in objective.program.networks if each.name == call.network), None)
    names = [name for name, _, _ in scaffold.heads] if scaffold is not None else []
    if names != list(heads) or scaffold is None or scaffold.sequence or scaffold.whole or scaffold.state:
        return None
    network, options = getattr(objective, call.network), dict(law.options)
    if numbers:
        return made(**dict.fromkeys(heads, network), **numbers, **options) if len(heads) == 1 else None
    return made(network, **options)
