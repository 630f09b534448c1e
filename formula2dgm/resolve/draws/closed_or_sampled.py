"""Closed form or estimate: what the options choose, and what is said of the choice."""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

_LEAVE_OUT = "leave divergences='closed' out: it is then estimated at draws"


def choice_of(context: Context, node: tree.Node) -> str:
    """What ``divergences=`` says of a divergence or an entropy."""
    chosen = context.options.divergences
    context.functionals[str(node)] = None
    return chosen if isinstance(chosen, str) else chosen.get(str(node), "auto")


def refuse_unmatched(context: Context) -> None:
    """A term that ``divergences=`` names and the formula does not have is an error: the choice would say nothing."""
    chosen = context.options.divergences
    for key in () if isinstance(chosen, str) else chosen:
        if key not in context.functionals:
            names = ", ".join(map(repr, context.functionals)) or "none"
            context.found.error(
                "F2D-0708",
                f"divergences names {key!r}, and the formula has no such divergence or entropy",
                None,
                f"those it has: {names}",
            )


def no_closed_form(context: Context, written: tree.Node, hint: str = _LEAVE_OUT) -> Exception:
    """The refusal where there is no closed form, and nothing else will do."""
    return context.refuse("F2D-0311", f"{written} has no closed form", written.span, hint)


def is_estimated(node: ir.Node) -> bool:
    """Does a draw stand in the node, or is it exact?"""
    return any(isinstance(each, ir.Draw | ir.Permuted) for each in walk(node))


def note_estimate(context: Context, written: tree.Node, value: ir.Node, sides: str = "its left side") -> bool:
    """List that a value is estimated, and return whether it is; an error where closed forms are insisted on."""
    if not is_estimated(value):
        return False
    if choice_of(context, written) == "closed":
        raise no_closed_form(context, written)
    why = "it has no closed form or sampling was asked for"
    context.assume(f"{written} is estimated at draws of {sides}: {why}", written.span)
    return True
