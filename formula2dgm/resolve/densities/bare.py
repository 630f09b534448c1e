"""Distributions without arguments: which density ``E_q``, ``z ~ Q`` and ``P_X`` mean.

The letter names the densities of that letter that the text mentions; where there is none, those of the letter in its
other case. A letter whose label is a variable is the distribution of that variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.signature import DENSITY_LETTERS, is_density_call, read_signature
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.syntax import tree


def calls_of(context: Context, head: Name) -> list[tree.Call]:
    """The densities of a letter that the objectives mention, in the letter's other case where there is none in its own.

    A group that is not written fits any: q and q(z|x) are q_phi(z|x), and q_phi is q(z|x) where no density has phi.
    """
    calls = [
        each
        for wanted in context.model.objectives
        for member in wanted.members
        for each in member.all(tree.Call)
        if isinstance(each.head, tree.Symbol)
    ]
    own = [each for each in calls if _is_named(context, each, head.id, head)]
    own = own or [each for each in calls if head.group and is_density_call(each) and _is_ungrouped(context, each, head)]
    if own or head.letter not in DENSITY_LETTERS:
        return own
    other = [each for each in calls if is_density_call(each) and _is_named(context, each, head.id.swapcase(), head)]
    if other:
        context.assume(f"{head.full} is the distribution {other[0]}", other[0].span)
    return other


def _is_named(context: Context, call: tree.Call, id: str, head: Name) -> bool:
    assert isinstance(call.head, tree.Symbol)
    name = read_name(call.head, context.model.indices, head=True)
    return name == head or (is_density_call(call) and name.id == id and (not head.group or name.group == head.group))


def _is_ungrouped(context: Context, call: tree.Call, head: Name) -> bool:
    assert isinstance(call.head, tree.Symbol)
    name = read_name(call.head, context.model.indices, head=True)
    return name.id == head.id and not name.group


def density_of(context: Context, source: tree.Symbol, names: Sequence[tree.Node]) -> tree.Call:
    """What ``names`` are drawn from: the one density over them that the letter can mean, else a marginal."""
    head = read_name(source, context.model.indices, head=True)
    variables = _ids(context, names)
    marginal = tree.Call(source, tuple(names), span=source.span)
    known = [each.signature for each in context.densities.all]
    if any(each.head == head.id and each.ids[0] == variables and not each.given for each in known):
        return marginal
    fitting = fitting_densities(context, head, variables)
    if len(fitting) > 1:
        raise context.refuse(
            "F2D-0305",
            f"{source} could be any of {', '.join(sorted(fitting))}",
            source.span,
            "write what it is conditioned on",
        )
    if not fitting:
        return marginal
    label, call = fitting.popitem()
    context.assume(f"{', '.join(map(str, names))} ~ {source} is a draw from {label}", source.span)
    return tree.Call(call.head, tuple(names), call.given, call.params, span=source.span)


def fitting_densities(context: Context, head: Name, variables: frozenset[str]) -> dict[str, tree.Call]:
    """The densities of a letter over these variables that the text writes, by their labels."""
    return {
        signature.label: call
        for call in calls_of(context, head)
        if (signature := read_signature(call, context.model.indices, context.model.parameters)).ids[0] == variables
    }


def may_be_several(context: Context, source: tree.Symbol, names: Sequence[tree.Node]) -> bool:
    """Can a letter that names are drawn from mean several densities over them?"""
    head = read_name(source, context.model.indices, head=True)
    return len(fitting_densities(context, head, _ids(context, names))) > 1


def refuse_unread(context: Context, head: tree.Symbol, uses: Sequence[Use]) -> None:
    """Refuse ``E_q`` where what is bound draws nothing that the text reads: ``q(w|x)`` beside ``log p(x|z)``."""
    drawn = {each.id: use.density for use in uses for each in use.density.signature.variables if each is not None}
    bound = all(each.binding is not None for each in drawn.values())
    if drawn and bound and not drawn.keys() & _read(context):
        label, names = next(iter(drawn.values())).label, ", ".join(drawn)
        raise context.refuse(
            "F2D-0572",
            f"{head} is {label}, as it is bound, and nothing in the formula reads {names}",
            head.span,
            f"write what is drawn, {head}(z|x), and bind that",
        )


def placed_at(use: Use, head: tree.Symbol) -> Use:
    """The density at its own variables, which stand in a binding's key, as written where the letter is."""
    variables, given = (tuple(each.placed(head.span) for each in slots) for slots in (use.variables, use.given))
    return replace(use, call=head, variables=variables, given=given)


@contextmanager
def in_its_words(context: Context, head: tree.Symbol, use: Use) -> Iterator[None]:
    """An error of what is bound says which binding the letter is."""
    try:
        yield
    except Refused:
        last = context.found.found[-1]
        if use.density.binding is not None and last.span == head.span:
            said = f"{last.message} ({head} is {use.density.label}, as it is bound)"
            context.found.found[-1] = replace(last, message=said)
        raise


def _read(context: Context) -> set[str]:
    """The names of all that the text computes, declares and draws."""
    model = context.model
    nodes = [*model.expressions(), *(each.body for each in model.densities)]
    found = (each for node in nodes for each in node.all(tree.Symbol))
    return {read_name(each, model.indices).id for each in found} | model.drawn.keys()


def labelled_by_variable(context: Context, symbol: tree.Node) -> tree.Call | None:
    """``P_X(X)`` for ``P_X``, where X is a variable."""
    if not isinstance(symbol, tree.Symbol) or symbol.letter not in DENSITY_LETTERS or len(symbol.sub) != 1:
        return None
    label = symbol.sub[0]
    if symbol.sup or plain(label) not in context.model.variables:
        return None
    return tree.Call(symbol, (label,), span=symbol.span)


def _ids(context: Context, names: Iterable[tree.Node]) -> frozenset[str]:
    return frozenset(read_name(each, context.model.indices).id for each in names if isinstance(each, tree.Symbol))
