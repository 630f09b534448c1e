r"""Where an index reads a sequence: ``t``, ``t - 1``, ``1``, ``T``, ``1:T``, ``<t``, ``t:T``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.names import Name, plain
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Offset:
    """``t + by``."""

    index: str
    by: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its number as it is written: ``1``, ``0``."""

    number: int


@dataclass(frozen=True, slots=True)
class End:
    """``T - back``."""

    back: int = 0


Place = Offset | Step | End


@dataclass(frozen=True, slots=True)
class Between:
    """``lower:upper``; None where the range is open: ``<t``."""

    lower: Place | None
    upper: Place | None

    @property
    def index(self) -> str | None:
        """The index that bounds the range, if one does."""
        found = (each.index for each in (self.lower, self.upper) if isinstance(each, Offset))
        return next(found, None)


def place_of(node: tree.Node, indices: frozenset[str], ends: frozenset[str]) -> Place | Between | None:
    """The place that a subscript names; None for anything else. ``indices`` run over steps up to ``ends``."""
    match node:
        case tree.Range(lower, upper):
            low, high = _single(lower, indices, ends), _single(upper, indices, ends)
            return Between(low, high) if low is not None and high is not None else None
        case tree.OpenRange(op, bound):
            at = _single(bound, indices, ends)
            if at is None:
                return None
            if op in ("<", "<="):
                return Between(None, moved(at, -(op == "<")))
            return Between(moved(at, op == ">"), None) if op in (">", ">=") else None
    return _single(node, indices, ends)


def moved(place: Place, by: int) -> Place:
    """The place some steps later; earlier: negative."""
    match place:
        case Offset(index, own):
            return Offset(index, own + by)
        case Step(number):
            return Step(number + by)
        case End(back):
            return End(back - by)


def _single(node: tree.Node, indices: frozenset[str], ends: frozenset[str]) -> Place | None:
    """``t``, ``T``, a number, and any of them plus numbers."""
    by, found = 0, list[Place]()
    for sign, each in _summands(node):
        if isinstance(each, tree.Number) and each.text.isdigit():
            by += sign * int(each.text)
        elif sign == 1 and (name := plain(each)) in indices:
            found.append(Offset(name or ""))
        elif sign == 1 and (name in ends or str(each) in ends):
            found.append(End())
        else:
            return None
    if not found:
        return Step(by)
    return moved(found[0], by) if len(found) == 1 else None


def _summands(node: tree.Node) -> Iterator[tuple[int, tree.Node]]:
    if isinstance(node, tree.Add):
        for each in node.terms:
            yield from _summands(each)
    elif isinstance(node, tree.Neg):
        for sign, each in _summands(node.body):
            yield -sign, each
    else:
        yield 1, node


def places_of(name: Name, indices: frozenset[str], ends: frozenset[str]) -> Iterator[tuple[tree.Node, Place | Between]]:
    """The subscripts of a name that are places in a sequence."""
    for each in name.index:
        found = place_of(each, indices, ends)
        if found is not None:
            yield each, found
