"""What stands for each name of a density, of what is written where it is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from formula2dgm.reading.names import Name
from formula2dgm.reading.signature import Signature
from formula2dgm.syntax import tree

Slots = tuple[tree.Node, ...]


def paired(own: Signature, wanted: Signature) -> tuple[Slots, Slots]:
    """Pair slots of equal names; several of one name (``p(z_t|z_{t-1})``) within their side, where both name the same
    steps (``q(z|b_{t_2}, b_{t_1})``, ``q(z|b_{t_1}, b_{t_2})``) step by step, else in the order written."""
    count = len(wanted.variables)
    same = sorted(map(_at_step, (*own.variables, *own.given))) == sorted(
        map(_at_step, (*wanted.variables, *wanted.given))
    )
    key = _at_step if same else _id_of
    variables = _by_name(wanted.variables, wanted.slots[:count], key)
    given = _by_name(wanted.given, wanted.slots[count:], key)
    return (
        tuple(_take(key(name), variables, given) for name in own.variables),
        tuple(_take(key(name), given, variables) for name in own.given),
    )


def _id_of(name: Name | None) -> str:
    return name.id if name is not None else ""


def _at_step(name: Name | None) -> str:
    """A name with the steps that it is read at."""
    return f"{_id_of(name)}{[str(each) for each in name.index] if name is not None else ''}"


def _by_name(
    names: Sequence[Name | None], slots: Sequence[tree.Node], key: Callable[[Name | None], str]
) -> dict[str, deque[tree.Node]]:
    found: dict[str, deque[tree.Node]] = {}
    for name, slot in zip(names, slots, strict=True):
        found.setdefault(key(name), deque()).append(slot)
    return found


def _take(name: str, own: dict[str, deque[tree.Node]], other: dict[str, deque[tree.Node]]) -> tree.Node:
    """What stands for a name: on its own side the next of that name, the last of them again and again."""
    if name in own:
        return own[name].popleft() if len(own[name]) > 1 else own[name][0]
    return other[name][0]


def at_other_values(
    own: tuple[Name | None, ...], names: tuple[Name | None, ...], slots: tuple[tree.Node, ...]
) -> tuple[tree.Node, ...] | None:
    """What stands for each name, at other values of its letter; None where something is left for one of them."""
    left = list(zip(names, slots, strict=True))
    out: list[tree.Node] = []
    for name in own:
        hit = next((each for each in left if is_at_other_values(name, each[0])), None)
        if hit is None:
            return None
        left.remove(hit)
        out.append(hit[1])
    return tuple(out)


def is_at_other_values(own: Name | None, name: Name | None) -> bool:
    """Do both have the letter, and no labels that tell them apart?"""
    if own is None or name is None:
        return own is name
    one, other = (tuple(label for label in each.labels if label not in each.positions) for each in (own, name))
    return own.base == name.base and (not one or not other or one == other)
