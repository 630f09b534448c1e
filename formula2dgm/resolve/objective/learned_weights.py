r"""A default network that weighs a loss and does nothing else: ``\min E_x[w(x) \|x - f(x)\|^2]``.

The objective is linear in it, so that it goes where the objective is less without end, or to the least that its space
allows: what weighs an error is not learned from that error. Of several players one may lower what another raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Objective
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context

#: What leaves an objective linear in each of its parts.
_PLAIN = (ir.Add, ir.Mul, ir.Neg, ir.Reduce)


def refuse_learned_weights(context: Context, objectives: Sequence[Objective]) -> None:
    """Refuse a default network whose every use is a factor of something that another network has to make small."""
    if len(objectives) != 1:
        return
    terms = [each.node for each in objectives[0].terms]
    plain = _factors_and_summands(terms)
    for network in context.networks.values():
        if network.scaffold is None or network.scaffold.flow is not None or network.name not in plain:
            continue
        uses = [use for term in terms for use in _uses(term, network.name, False)]
        if uses and all(uses):
            head = next(
                each for each in walk(*terms) if isinstance(each, ir.Head) and each.call.network == network.name
            )
            origins = context.arena.origins(head) or context.arena.origins(head.call)
            context.found.error(
                "F2D-0665",
                f"{network.label} is a default network, and only weighs what is learned beside it: the objective is "
                f"the better, the further {network.label} goes one way",
                origins[0].span if origins else objectives[0].span,
                f"say what {network.label} is, bind it, or hold it constant: sg[{network.label}(...)]",
            )


def _factors_and_summands(terms: Sequence[ir.Node]) -> set[str]:
    """The networks whose results are factors and summands of the terms, and nothing else at any place."""
    linear = set(walk(*terms, below=lambda node: node.children if isinstance(node, _PLAIN) else ()))
    found: set[str] = set()
    others: set[str] = set()
    for node in walk(*terms):
        for each in node.children:
            if isinstance(each, ir.Head):
                (found if isinstance(node, _PLAIN) and node in linear else others).add(each.call.network)
    return found - others


def _uses(node: ir.Node, network: str, weighs: bool) -> Iterator[bool]:
    """For each use of a network's result: is it a plain factor, beside something that a network makes?"""
    if not _is_made_by(node, network):
        return
    match node:
        case ir.Add(args):
            for each in args:
                yield from _uses(each, network, weighs)
        case ir.Neg(body) | ir.Reduce("sum" | "mean", _, body):
            yield from _uses(body, network, weighs)
        case ir.Mul(args):
            own = [each for each in args if _is_made_by(each, network)]
            beside = any(isinstance(each, ir.NetCall) for arg in args if arg not in own for each in walk(arg))
            if len(own) == 1:
                yield from _uses(own[0], network, weighs or beside)
            else:
                yield False
        case ir.Head():
            yield weighs
        case _:
            yield False


def _is_made_by(node: ir.Node, network: str) -> bool:
    return any(isinstance(each, ir.NetCall) and each.network == network for each in walk(node))
