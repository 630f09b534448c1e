r"""Noise processes: densities that follow from one step, ``q(x_t|x_{t-1})``: of several steps, and back one step."""

from __future__ import annotations

from collections.abc import Mapping

from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import Signature
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.sequences.places import End, Offset, Place, Step, place_of
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree

#: What a density that follows from one step is called among those that are declared.
PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A density of a process: over x at a step, given x at the first step and maybe at the step after."""

    kernel: Density
    over: Place
    first: tree.Node
    later: tree.Node | None


def use_in_process(context: Context, wanted: Signature, call: tree.Call) -> Use | None:
    """A density of several steps, or of the step before, where the text declares one step, or a declared step at
    its number; None for any other."""
    if (one := _step_at_number(context, wanted)) is not None:
        return one
    near = context.densities.all.by("head", wanted.head) if context.time is not None else ()
    if not any(is_step(context, each) for each in near):
        return None
    density = next((each for each in context.densities.all if _is_same(each.signature, wanted)), None)
    if density is None and wanted_of(context, wanted) is not None:
        density = Density(wanted, None, Declared(wanted, PROCESS, call, call.span))
        context.densities.all.append(density)
    if density is None:
        return None
    context.densities.used.add(density.label)
    count = len(wanted.variables)
    return Use(density, wanted.slots[:count], wanted.slots[count:])


def _step_at_number(context: Context, wanted: Signature) -> Use | None:
    """``p(x_0|x_1)``, where ``p(x_{t-1}|x_t)`` is declared and nothing for the last step alone; ``q(x_1|x_0)``."""
    time, places = context.time, [_place(context, each) for each in wanted.slots]
    if time is None or wanted.arity != (1, 1) or not all(isinstance(each, Step) for each in places):
        return None
    if any(_is_same(each.signature, wanted) for each in context.densities.all):
        return None
    for each in context.densities.all:
        own, declared = each.signature, each.declared
        if (own.head, own.arity) != (wanted.head, wanted.arity) or declared is None or declared.kind != "family":
            continue
        over, given = (_place(context, slot) for slot in own.slots)
        letters = [_letter(slot) for slot in own.slots] == [_letter(slot) for slot in wanted.slots]
        if not letters or not isinstance(given, Offset) or not isinstance(over, Offset) or over.index != given.index:
            continue
        first, second = places
        assert isinstance(first, Step) and isinstance(second, Step)
        if over.by - given.by not in (-1, 1) or first.number - second.number != over.by - given.by:
            continue
        number = second.number - given.by
        put = dict(zip(own.slots, wanted.slots, strict=True))
        body = _at_number(context, declared.body, given.index, number, put)
        density = Density(wanted, None, Declared(wanted, "family", body, declared.span, of=own))
        context.densities.all.append(density)
        context.densities.used |= {each.label, density.label}
        return Use(density, wanted.slots[:1], wanted.slots[1:])
    return None


def _at_number(
    context: Context, node: tree.Node, index: str, number: int, put: Mapping[tree.Node, tree.Node]
) -> tree.Node:
    """What is declared at every step, at one of them; a schedule as its definition says, where steps are drawn."""
    if node in put:
        return put[node]
    if plain(node) == index:
        return tree.Number(str(number), span=node.span)
    made = map_children(node, lambda each: _at_number(context, each, index, number, put))
    if isinstance(node, tree.Symbol) and made is not node:
        model = context.model
        own, there = (read_name(each, model.indices).full for each in (node, made) if isinstance(each, tree.Symbol))
        if own in model.definitions and there not in model.definitions and not model.definitions[own].index:
            return _at_number(context, model.definitions[own].body, index, number, put)
    return made


def _is_same(own: Signature, wanted: Signature) -> bool:
    """Are both over and given the same symbols at the same steps?"""
    return (own.head, own.group, own.arity, own.slots) == (wanted.head, wanted.group, wanted.arity, wanted.slots)


def is_step(context: Context, density: Density) -> bool:
    """Is this one step of a process, declared by a family over x_t given x_{t-1}?"""
    declared = density.declared
    if declared is None or declared.kind != "family" or declared.signature.arity != (1, 1) or context.time is None:
        return False
    over, given = (_place(context, each) for each in declared.signature.slots)
    return (
        _letter(declared.signature.slots[0]) == _letter(declared.signature.slots[1])
        and isinstance(over, Offset)
        and given == Offset(over.index, over.by - 1)
    )


def processes(context: Context) -> frozenset[str]:
    """The letters of the variables that noise is added to step by step."""
    kernels = (each for each in context.densities.all if is_step(context, each))
    return frozenset(letter for each in kernels if (letter := _letter(each.signature.slots[0])) is not None)


def _letter(slot: tree.Node) -> str | None:
    return letter_of(slot) if isinstance(slot, tree.Symbol) else None


def _place(context: Context, slot: tree.Node) -> Place | None:
    """The step at which a symbol stands."""
    time = context.time
    if time is None or not isinstance(slot, tree.Symbol) or len(slot.sub) != 1:
        return None
    found = place_of(slot.sub[0], time.indices | context.model.indices.positions, time.ends)
    return found if isinstance(found, Offset | Step | End) else None


def wanted_of(context: Context, wanted: Signature) -> Wanted | None:
    """What is wanted of which process."""
    time, count = context.time, len(wanted.variables)
    if time is None or count != 1 or not 1 <= len(wanted.given) <= 2:
        return None
    letters = {_letter(each) for each in wanted.slots if not stands_in(context, wanted, each)}
    kernel = next(
        (
            each
            for each in context.densities.all
            if each.signature.head == wanted.head
            and is_step(context, each)
            and letters == {_letter(each.signature.slots[0])}
        ),
        None,
    )
    over, *given = (_place(context, each) for each in wanted.slots)
    if kernel is None or over is None:
        return None
    start = Step(time.start - 1)
    places = [
        start if stands_in(context, wanted, slot) else place
        for slot, place in zip(wanted.slots[1:], given, strict=True)
    ]
    if None in places:
        return None
    firsts = [slot for slot, place in zip(wanted.slots[1:], places, strict=True) if place == start]
    others = [(slot, place) for slot, place in zip(wanted.slots[1:], places, strict=True) if place != start]
    if len(firsts) != 1:
        return None
    if not others:
        return Wanted(kernel, over, firsts[0], None) if over != Step(time.start) else None
    ((slot, place),) = others
    if not isinstance(over, Offset) or place != Offset(over.index, over.by + 1):
        return None
    return Wanted(kernel, over, firsts[0], slot)


def stands_in(context: Context, wanted: Signature, slot: tree.Node) -> bool:
    """Is it what stands for the first step: beside x_t the value of a call, ``q(x_{t-1}|x_t, f(x_t, t))``, or
    ``\\hat x_0``?"""
    if isinstance(slot, tree.Call):
        return len(wanted.given) == 2
    own, place = wanted.slots[0], _place(context, slot)
    if not isinstance(slot, tree.Symbol) or not isinstance(own, tree.Symbol) or context.time is None:
        return False
    accented = bool(slot.accents) and _letter(slot) != _letter(own)
    return accented and place == Step(context.time.start - 1) and (slot.style, slot.letter) == (own.style, own.letter)
