r"""Which density of a text is one of a noise process that nothing declares.

q(x_{t-1}|x_t, x_0), q(x_T|x_0)         by its letter
p(x_t|x_0)                              beside ``p_\theta(x_{t-1}|x_t)``; where its score is fitted, ``\nabla_{x_t} \log
                                        p(x_t|x_0)``; or where it is drawn from beside a time
p_{0t}(x_t|x_0), p(x_t|x_0, t)          the same: times below its letter and behind its bar are those of its variables
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import TIMES
from formula2dgm.completion.processes.default_statements import Defaults, is_zero
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.differentials import is_in_differentials
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import UNIFORM


@dataclass(frozen=True, slots=True)
class Process:
    """The head of its densities, without times; one of its variables; the letter of its steps or times; and what times
    between numbers are drawn from, where they are."""

    head: tree.Symbol
    slot: tree.Symbol
    index: str
    times: tree.Call | None = None

    def at(self, step: str) -> str:
        """The variable at a step."""
        return f"{replace(self.slot, sub=()).latex()}_{{{step}}}"

    def is_of(self, call: tree.Node) -> bool:
        """Is this a density of the process, as the text writes it?"""
        if not isinstance(call, tree.Call) or not isinstance(call.head, tree.Symbol) or not _labelled(call):
            return False
        same = replace(call.head, sub=()) == self.head
        return same and all(letter_of(each) == letter_of(self.slot) for each in _own(call))


def find_process(text: Defaults) -> Process | None:
    """The process of a text, where one of its densities stands there and nothing declares it."""
    if any(is_in_differentials(each.body) for each in text.statements):
        return None
    declared = [
        each
        for each in (*text.left_sides(), *text.keys)
        if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol) and each.given is not None
    ]
    times = _times(text)
    for call in text.nodes():
        if not isinstance(call, tree.Call) or not _labelled(call):
            continue
        steps = _own(call)
        if any(_says(each, call, letter_of(steps[0])) for each in declared):
            continue
        if len({letter_of(each) for each in steps}) != 1 or any(len(each.sub) != 1 for each in steps):
            continue
        if any(is_zero(each.sub[0]) for each in steps[len(call.args) :]):
            assert isinstance(call.head, tree.Symbol)
            found = Process(replace(call.head, sub=()), steps[0], index_of(text, steps[0]), times)
            if not _adds_noise(text, found, call):
                continue
            if times is None or _is_kernel(text, found):
                return found
            if plain(times.args[1]) is not None:  # steps from 0 to T
                return replace(found, times=None)
    return None


def _says(declared: tree.Call, call: tree.Call, letter: str) -> bool:
    """Does a declaration say how a density of the same letter depends on other steps? An encoder of the first says no
    such thing."""
    if declared.head.letter != call.head.letter:  # type: ignore[attr-defined]
        return False
    given = (each for each in declared.given or () if isinstance(each, tree.Symbol))
    over = any(isinstance(each, tree.Symbol) and letter_of(each) == letter for each in declared.args)
    return not over or any(letter_of(each) == letter for each in given)


def index_of(text: Defaults, slot: tree.Symbol) -> str:
    """The letter of the steps of a variable."""
    for item in _items(text, slot):
        first = item.terms[0] if isinstance(item, tree.Add) else item
        if (name := plain(first)) in TIMES and name is not None:
            return name
    return "t"


def _labelled(call: tree.Call) -> bool:
    """A density with a bar whose letter has no labels but times: ``q(x_t|x_0)``, ``p_{0t}(x_t|x_0)``."""
    head = call.head
    if not is_density_call(call) or not call.given or not isinstance(head, tree.Symbol) or head.sup:
        return False
    slots = (*call.args, *call.given)
    times = {each.sub[0] for each in slots if isinstance(each, tree.Symbol) and len(each.sub) == 1}
    labels = [part for each in head.sub for part in _parts(each)]
    return all(each in times for each in labels) and all(isinstance(each, tree.Symbol) for each in _own(call))


def _parts(label: tree.Node) -> tuple[tree.Node, ...]:
    """The times of ``0t`` and of ``t|0``."""
    return tuple(label.children) if isinstance(label, tree.Mul | tree.Relates) else (label,)


def _own(call: tree.Call) -> list[tree.Symbol]:
    """What a density is over and given, but for the time of what it is over."""
    times = {each.sub[0] for each in call.args if isinstance(each, tree.Symbol) and len(each.sub) == 1}
    return [*call.args, *(each for each in call.given or () if each not in times)]  # type: ignore[list-item]


def _adds_noise(text: Defaults, found: Process, call: tree.Call) -> bool:
    """Is a density one of a process: q, or another letter where the text says it, at steps that have a name?"""
    if all(isinstance(item, tree.Number) for item in _items(text, found.slot)):
        return False
    others = (each for each in text.nodes() if isinstance(each, tree.Call) and is_density_call(each))
    beside = (each for each in others if isinstance(each.head, tree.Symbol) and _has_group(each.head))
    return (
        (found.head.letter == "q" and not call.head.sub)  # type: ignore[attr-defined]
        or any(_is_over(each, found.slot) for each in beside)
        or any(_is_score(each, call) for each in text.nodes())
        or _is_drawn_at_time(text, found, call)
    )


def _has_group(head: tree.Symbol) -> bool:
    parts = (part for each in head.sub for part in _parts(each))
    return any(not isinstance(each, tree.Number) and plain(each) not in TIMES for each in parts)


def _is_over(call: tree.Call, slot: tree.Symbol) -> bool:
    slots = (*call.args, *(call.given or ()))
    return all(isinstance(each, tree.Symbol) and letter_of(each) == letter_of(slot) for each in slots)


def _is_score(node: tree.Node, call: tree.Call) -> bool:
    """``\\nabla_{x_t} \\log p(x_t|x_0)``."""
    match node:
        case tree.Prefix(name="grad", operand=tree.Prefix(name="log", operand=operand), sub=by):
            return operand == call and by == call.args
    return False


def _is_drawn_at_time(text: Defaults, found: Process, call: tree.Call) -> bool:
    """Does a bracket draw from the density, and that bracket or one around it the time?"""
    for binders, _ in (each for statement in text.statements for each in brackets(statement.body)):
        laws = [each.density if isinstance(each, tree.Draws) else each for each in binders]
        if call in laws and any(found.index in map(plain, names_of(each)) for each in binders):
            return True
    return False


def names_of(binder: tree.Node) -> Iterator[tree.Node]:
    """What a part of a bracket draws: ``t``, ``t \\sim p(t)``, ``p(t)``."""
    match binder:
        case tree.Draws(names=names) | tree.Call(args=names):
            yield from names
        case _:
            yield binder


def _is_kernel(text: Defaults, found: Process) -> bool:
    """Are all the densities of a process ``p(x_t|x_0)``? A time between numbers has no step before."""
    calls = [each for each in text.nodes() if isinstance(each, tree.Call) and found.is_of(each)]
    slots = [[str(item.sub[0]) for item in _own(each)] for each in calls]
    return bool(calls) and all(each == [found.index, "0"] for each in slots)


def _items(text: Defaults, slot: tree.Symbol) -> list[tree.Node]:
    """The steps at which a variable stands."""
    same = (each for each in text.nodes() if isinstance(each, tree.Symbol) and letter_of(each) == letter_of(slot))
    return [each.sub[0] for each in same if len(each.sub) == 1]


def _times(text: Defaults) -> tree.Call | None:
    """What a time between two numbers is drawn from, ``t \\sim U(0, 1)``, where no step is counted."""
    for node in text.nodes():
        match node:
            case tree.Draws(names=(tree.Symbol() as name,), density=density):
                pass
            case tree.Chain(members=(tree.Symbol() as name, density), relations=("~",)):
                pass
            case _:
                continue
        if plain(name) not in TIMES or not isinstance(density, tree.Call) or str(density.head) not in UNIFORM:
            continue
        if len(density.args) == 2 and (plain(density.args[1]) is None or is_zero(density.args[0])):
            return density
    return None
