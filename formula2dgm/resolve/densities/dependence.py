"""What a declared density depends on: its own variables and what it is given, nothing else that varies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from formula2dgm.completion.flows.symbols import Moving
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.sequences.places import Between, Offset, Place, Step
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def refuse_unseen(context: Context, declared: Declared) -> None:
    """``q(z) = N(z; mu(x), I)`` depends on x: it has to be written, and used, as q(z|x)."""
    signature = declared.signature
    seen = {each.id for each in (*signature.variables, *signature.given) if each} | set(signature.group)
    seen |= set(signature.head.split("_")[1:]) | set(_times(signature.slots))
    for symbol in _operands(declared.body):
        name = read_name(symbol, context.model.indices)
        if name.id not in seen and _varies(context, symbol, name):
            given = ", ".join([*(each.id for each in signature.given if each), name.id])
            variables = ", ".join(each.id for each in signature.variables if each)
            raise context.refuse(
                "F2D-0319",
                f"{signature.label} is declared to depend on {name.id}, which it is not given",
                symbol.span,
                f"write {signature.head}({variables}|{given}), here and where it is used",
            )
        _refuse_later(context, declared, symbol, name)


def _refuse_later(context: Context, declared: Declared, symbol: tree.Symbol, name: Name) -> None:
    """``p(x_i|x_{<i}) = Bernoulli(x_i; f_i(x))``: of the variable that it scores, a density reads the steps that it is
    given, or earlier ones."""
    time, signature = context.time, declared.signature
    own = next((each for each in signature.variables if each and each.id == name.id), None)
    if time is None or own is None:
        return
    present = next((place for _, place in time.places(own) if isinstance(place, Offset)), None)
    given = [_end(place) for each in signature.given if each and each.id == name.id for _, place in time.places(each)]
    reads = [_end(place) for _, place in time.places(name) if isinstance(place, Between)]
    if present is None or not reads or max(reads) <= max([present.by - 1, *given]):
        return
    raise context.refuse(
        "F2D-0491",
        f"{signature.label} is declared to depend on {symbol}, later steps than those that it is given",
        symbol.span,
        f"read the steps before, {symbol.letter}_{{<{present.index}}}",
    )


def refuse_own_step(context: Context, use: Use) -> None:
    """``p(x_i|x_{\\le i})``: a density of a step is not given that very step."""
    for node in use.variables:
        here = [each for each in _places(context, node) if isinstance(each[1], Offset)]
        for each in use.given:
            for name, place in _places(context, each):
                if any(name == own and _holds(place, step) for own, step in here):
                    raise context.refuse(
                        "F2D-0492",
                        f"{use.call or use.density.label} is given {each}, which holds {node}, the value it scores",
                        each.span,
                        f"give it the steps before, {name}_{{<{here[0][1].index}}}",
                    )


def _places(context: Context, node: tree.Node) -> list[tuple[str, Any]]:
    """The places at which a slot reads a variable, each with its name."""
    time = context.time
    if time is None or not isinstance(node, tree.Symbol):
        return []
    name = read_name(node, context.model.indices)
    return [(name.id, place) for _, place in time.places(name)]


def _holds(place: Place | Between, step: Offset) -> bool:
    """Is a step one of those of a place?"""
    if not isinstance(place, Between):
        return place == step
    lower, upper = place.lower, place.upper
    behind = isinstance(lower, Offset) and (lower.index != step.index or lower.by > step.by)
    before = isinstance(upper, Offset) and (upper.index != step.index or upper.by < step.by)
    return not behind and not before and not isinstance(upper, Step)


def _end(place: Place | Between) -> float:
    """How many steps behind the present one a place ends."""
    last = place.upper if isinstance(place, Between) else place
    return last.by if isinstance(last, Offset) else math.inf


def _times(slots: Sequence[tree.Node]) -> Iterator[str]:
    """What stands in the scripts of the variables, the time of ``p(x_t|x_0)``; ``p_t(x|x_1)`` has it in its name."""
    for slot in slots:
        for item in (*slot.sub, *slot.sup) if isinstance(slot, tree.Symbol) else ():
            yield from (each.letter for each in item.all(tree.Symbol))


def refuse_itself(context: Context, declared: Declared) -> None:
    """``p(x|z) = N(x; x + f(z), I)``: the parameters of a family do not depend on the value that it scores."""
    signature, body = declared.signature, declared.body
    assert isinstance(body, tree.Call)
    count = len(signature.variables)
    given = {each for slot in signature.slots[count:] for each in _operands(slot)}
    for symbol in (each for node in body.params or body.given or body.args for each in _operands(node)):
        if symbol in signature.slots[:count] and symbol not in given:
            raise context.refuse(
                "F2D-0319",
                f"the parameters of {signature.label} are declared to depend on {symbol}, its own value",
                symbol.span,
                "write them in terms of what it is given",
            )


def _operands(node: tree.Node) -> list[tree.Symbol]:
    """The symbols that stand for values: not the heads of calls, nor what a sum or an integral binds, nor the state of
    a path."""
    if isinstance(node, tree.Symbol):
        return [] if isinstance(node, Moving) else [node]
    if isinstance(node, tree.Binds):
        return _operands(node.value)
    inside = tuple(node.children)
    bound: set[str] = set()
    if isinstance(node, tree.Call):
        inside = (*node.args, *(node.given or ()), *(node.params or ()))
    elif isinstance(node, tree.Big):
        bound = {name for name, _ in binder_names(node)}
    elif isinstance(node, tree.Integral):
        bound = {str(each) for each in node.variables}
    return [symbol for each in inside for symbol in _operands(each) if str(symbol) not in bound]


def _varies(context: Context, symbol: tree.Symbol, name: Name) -> bool:
    """Data, or a variable that something draws; a definition or a statement's draw says itself what it depends on."""
    head = read_name(symbol, context.model.indices, head=True)
    known = name.id in context.model.drawn or bool({name.full, head.full} & context.model.definitions.keys())
    known = known or name.full in context.model.parameters or context.named.find(head) is not None
    return name.id in context.model.variables and not known
