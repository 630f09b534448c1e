"""The sides of a divergence, and what an entropy is of: their factors, parents first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import family_law
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.laws import law_of
from formula2dgm.resolve.densities.lookup import find_uses
from formula2dgm.resolve.draws.ancestry import parents_before
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def factors(context: Context, node: tree.Node) -> list[Use]:
    """The factors of one side, parents first."""
    uses = []
    for each in node.factors if isinstance(node, tree.Mul) else (node,):
        stopped = isinstance(each, tree.Func) and each.name == "sg" and len(each.args) == 1
        density = each.args[0] if isinstance(each, tree.Func) and stopped else each
        if not isinstance(density, tree.Call):
            raise context.refuse("F2D-0312", f"{each} is no density", each.span, "write a density, p(z) or q(z|x)")
        uses += [replace(use, stopped=stopped) for use in find_uses(context, density)]
    return _parents_first(context, uses)


def right_side(context: Context, node: tree.Divergence, left: Sequence[Use]) -> list[Use]:
    """The right side; a family written out, ``N(0, I)``, is a density of the left side's variable."""
    right = node.right
    if isinstance(right, tree.Call) and is_written_family(right) and len(left) == 1:
        return [WrittenSide(left[0], right)]
    return factors(context, right)


def both_sides(context: Context, node: tree.Divergence) -> tuple[list[Use], list[Use]]:
    """Both sides; a family written out on one of them is a density of the other's variable."""
    if is_written_family(node.left):
        right = factors(context, node.right)
        if len(right) == 1 and isinstance(node.left, tree.Call):
            return [WrittenSide(right[0], node.left)], right
    left = factors(context, node.left)
    return left, right_side(context, node, left)


def same_variables(context: Context, node: tree.Divergence, left: list[Use], right: list[Use]) -> None:
    """Both sides are over the same variables, or it is an error."""
    ours, theirs = ({variable_of(context, each) for each in side} for side in (left, right))
    if ours != theirs:
        raise context.refuse(
            "F2D-0313",
            f"the two sides are over different variables: {', '.join(sorted(ours))} and {', '.join(sorted(theirs))}",
            node.span,
            "a divergence compares two distributions of the same variables",
        )


class WrittenSide(Use):
    """A family written in place of a density: its call stands for the law."""

    call: tree.Call

    def __init__(self, like: Use, call: tree.Call):
        super().__init__(Density(like.density.signature), like.variables, ())
        object.__setattr__(self, "call", call)


def law_of_factor(context: Context, use: Use, scope: Scope, evaluate: Evaluator) -> ir.Law:
    if isinstance(use, WrittenSide):
        return family_law(context, use.call, None, scope, evaluate)
    return law_of(context, use, scope, evaluate)


def variable_of(context: Context, use: Use) -> str:
    slot = use.variables[0]
    if len(use.variables) != 1 or not isinstance(slot, tree.Symbol):
        raise context.refuse(
            "F2D-0403",
            f"{use.density.label} is over several variables or a value",
            slot.span,
            "write it as a product of conditionals",
        )
    return read_name(slot, context.model.indices).id


def _parents(context: Context, use: Use) -> set[str]:
    return {
        step_key(read_name(symbol, context.model.indices)) for each in use.given for symbol in each.all(tree.Symbol)
    }


def _own(context: Context, use: Use) -> tuple[str]:
    """The variable of a factor, at its step."""
    variable_of(context, use)
    slot = use.variables[0]
    assert isinstance(slot, tree.Symbol)
    return (step_key(read_name(slot, context.model.indices)),)


def _parents_first(context: Context, uses: list[Use]) -> list[Use]:
    order, cycle = parents_before(uses, lambda each: _own(context, each), lambda each: _parents(context, each))
    if cycle:
        raise context.refuse("F2D-0308", "these factors form a cycle", cycle[0].variables[0].span)
    return order


def pair_up(context: Context, left: list[Use], right: list[Use]) -> list[tuple[Use, Use]] | None:
    """Factor by factor, in an order that is ancestral for both sides; None if there is none."""
    partner = {variable_of(context, each): each for each in right}
    pairs = [(each, partner[variable_of(context, each)]) for each in left]
    order, cycle = parents_before(
        pairs,
        lambda pair: _own(context, pair[0]),
        lambda pair: _parents(context, pair[0]) | _parents(context, pair[1]),
    )
    return None if cycle else order
