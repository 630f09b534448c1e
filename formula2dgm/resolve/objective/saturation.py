"""``\\min_G E[log(1 - D(G(z)))]``: exact as the formula's game, but flat where the discriminator wins.

Its gradient vanishes as ``D(G(z))`` goes to 0, so the formula is computed as written and the choice is said; with the
option ``non_saturating`` the player maximises ``E[log D(G(z))]`` in its place.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.resolve.context import Context


def settle_saturation(
    context: Context, terms: tuple[Term, ...], player: str, owned: tuple[str, ...], maximise: bool
) -> tuple[Term, ...]:
    """The terms with each saturating one replaced, where that is asked for; else named among the assumptions."""
    out = []
    for term in terms:
        found = [each for each in walk(term.node) if _judged(each, owned) is not None]
        if not found or maximise != _is_negative(term.coefficient):
            out.append(term)
        elif context.options.non_saturating:
            made = _without(context, term, owned)
            context.assume(f"{player} maximises {made.name} in place of minimising {term.name}", term.span)
            out.append(made)
        else:
            said = f"{player} minimises {term.name} as written, which saturates while the judge wins"
            context.assume(f"{said}: non_saturating=True maximises the logarithm of the judgement instead", term.span)
            out.append(term)
    return tuple(out)


def _judged(node: ir.Node, owned: tuple[str, ...]) -> ir.Node | None:
    """``D(G(z))`` of ``log(1 - D(G(z)))``, where the player owns G and not D."""
    match node:
        case ir.Apply("log", (ir.Add((ir.Const(1), ir.Neg(judgement))),)):
            calls = [each for each in walk(judgement) if isinstance(each, ir.NetCall)]
            judges = [each for each in calls if each.network not in owned]
            if judges and any(each.network in owned for each in calls) and calls[-1].network not in owned:
                return judgement
    return None


def _is_negative(coefficient: ir.Node) -> bool:
    match coefficient:
        case ir.Neg():
            return True
        case ir.Const(value) | ir.Mul((ir.Const(value), *_)):
            return value < 0
    return False


def _without(context: Context, term: Term, owned: tuple[str, ...]) -> Term:
    """``-log D(G(z))`` for ``log(1 - D(G(z)))``."""
    arena = context.arena

    def change(node: ir.Node) -> ir.Node:
        judgement = _judged(node, owned)
        return node if judgement is None else arena.inherit(arena.make(ir.Apply, "log", (judgement,)), node)

    judgements = [found for each in walk(term.node) if (found := _judged(each, owned)) is not None]
    written = [str(each) for each in arena.origins(judgements[0])]
    name = f"log {written[0]}" if written else f"-{term.name}"
    value = term.coefficient
    negated = context.const(-value.value) if isinstance(value, ir.Const) else arena.make(ir.Neg, value)
    return replace(term, name=name, coefficient=negated, node=rewrite(arena, term.node, change))
