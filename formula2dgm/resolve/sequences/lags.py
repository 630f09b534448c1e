"""How many steps lie between what a density is over and what it is given: ``p(x_t|x_{t-1})`` is no ``p(x_{t-1}|x_t)``.

Steps take no part in a density's name, so that one density is used at every step; how far it reaches is part of what
it is.
"""

from __future__ import annotations

from formula2dgm.reading.names import Name
from formula2dgm.reading.signature import Signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.sequences.places import End, Offset, Step, place_of
from formula2dgm.syntax import tree


def refuse_other_lags(context: Context, use: Use, wanted: Signature, call: tree.Call) -> None:
    """Refuse a density at another distance, or in the other direction, than it is declared or first used at. One that
    the text writes once, under a sum over distances, is one density for all of them."""
    own = use.density.signature
    if [each.span for each in own.slots] == [each.span for each in wanted.slots]:
        return
    for name in sorted({each.id for each in wanted.variables if each} & {each.id for each in wanted.given if each}):
        lags, others = _lags(context, own, name), _lags(context, wanted, name)
        if lags is None or others is None or lags == others:
            continue
        raise context.refuse(
            "F2D-0209",
            f"{call} is another density than {own.written()}, and has its name",
            call.span,
            "give one of them another letter, or each its own parameter group",
        )


def _lags(context: Context, signature: Signature, name: str) -> list[tuple[int, ...]] | None:
    """The steps from each variable of a name to each given of that name; None where any is not known."""
    over = [each for each in signature.variables if each and each.id == name]
    given = [each for each in signature.given if each and each.id == name]
    found = [_lag(context, one, other) for one in over for other in given]
    known = [each for each in found if each is not None]
    return sorted(known) if known and len(known) == len(found) else None


def _lag(context: Context, one: Name, other: Name) -> tuple[int, ...] | None:
    """The steps from one to the other, along each index."""
    if len(one.index) != len(other.index):
        return None
    steps: list[int] = []
    for here, there in zip(one.index, other.index, strict=True):
        places = [place_of(each, context.model.indices, _ends(context)) for each in (here, there)]
        match places:
            case [Offset(index, by), Offset(same, at)] if index == same:
                steps.append(at - by)
            case [Step(by), Step(at)]:
                steps.append(at - by)
            case [End(by), End(at)]:
                steps.append(by - at)
            case _:
                return None
    return tuple(steps)


def _ends(context: Context) -> frozenset[str]:
    return context.time.ends if context.time is not None else frozenset()
