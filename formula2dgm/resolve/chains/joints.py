r"""Joints over a sequence and its states: ``p(x_{1:T}, z_{1:T}) = ...``, and the marginal ``p(x_{1:T})`` of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, read_signature
from formula2dgm.resolve.chains.paths import Paths, paths_of
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def written_joint(context: Context, paths: Paths, call: tree.Call) -> tree.Node | None:
    """What a statement says a joint over all the states is; None for any other density."""
    if paths.whole not in (*call.args, *(call.given or ())):
        return None
    wanted = _signature(context, call)
    same = (each for each in _of_head(context, wanted) if each.signature.ids == wanted.ids)
    return next((each.body for each in same if each.kind in ("expression", "factors")), None)


def marginal(context: Context, call: tree.Call) -> tree.Big | None:
    r"""``\sum_{z_{1:T}} p(x_{1:T}, z_{1:T})`` for ``p(x_{1:T})``: as a statement writes it, or where one factorises the
    joint, or where the densities of the steps of x are given those of one other variable; None for any other."""
    if not isinstance(call.head, tree.Symbol) or not any(_is_sequence(each) for each in call.args):
        return None
    wanted = _signature(context, call)
    for each in _of_head(context, wanted):
        if each.signature.ids == wanted.ids and isinstance(each.body, tree.Big) and paths_of(each.body) is not None:
            return each.body
    hidden = _left_out(context, wanted) or _given_to_steps(context, call, wanted)
    if hidden is None:
        return None
    joint = tree.Call(call.head, (*call.args, hidden), call.given, call.params, span=call.span)
    context.assume(f"{call} is the marginal of {joint} over all {hidden}", call.span)
    return tree.Big("sum", (hidden,), None, joint, False, span=call.span)


def _left_out(context: Context, wanted: Signature) -> tree.Symbol | None:
    """The one variable, all steps of it, that a joint of the marginal's variables has beside them."""
    for each in _of_head(context, wanted):
        variables, given = each.signature.ids
        if len(variables - wanted.ids[0]) == 1 and wanted.ids[0] <= variables and given == wanted.ids[1]:
            slot = next(slot for slot in each.signature.slots if _id(context, slot) not in wanted.ids[0])
            return slot if _is_sequence(slot) and isinstance(slot, tree.Symbol) else None
    return None


def _given_to_steps(context: Context, call: tree.Call, wanted: Signature) -> tree.Symbol | None:
    """The one variable with a density of its steps, ``p(z_t|z_{t-1})``, that those of the marginal's are given."""
    own = [each.signature for each in context.densities.all if each.signature.head == wanted.head]
    moving = {
        name: each for each in own for name in each.ids[0] if each.ids[0] <= each.ids[1] and len(each.ids[0]) == 1
    }
    given = {name for each in own if each.ids[0] <= wanted.ids[0] for name in each.ids[1]}
    hidden = (given & moving.keys()) - wanted.ids[0] - wanted.ids[1]
    if len(hidden) != 1:
        return None
    state = moving[hidden.pop()].slots[0]
    whole = next(each.sub[-1] for each in call.args if _is_sequence(each) and isinstance(each, tree.Symbol))
    return replace(state, sub=(*state.sub[:-1], whole)) if isinstance(state, tree.Symbol) and state.sub else None


def _of_head(context: Context, wanted: Signature) -> Iterator[Declared]:
    """The densities of the same letter that a statement writes as a product."""
    for each in (*context.model.densities, *context.model.sequences):
        own = each.signature
        if own.head == wanted.head and (not own.group or not wanted.group or own.group == wanted.group):
            yield each


def _signature(context: Context, call: tree.Call) -> Signature:
    return read_signature(call, context.model.indices, context.model.parameters)


def _id(context: Context, slot: tree.Node) -> str | None:
    return read_name(slot, context.model.indices).id if isinstance(slot, tree.Symbol) else None


def _is_sequence(node: tree.Node) -> bool:
    """Is it all steps of a variable, ``z_{1:T}``?"""
    return isinstance(node, tree.Symbol) and bool(node.sub) and isinstance(node.sub[-1], tree.Range)
