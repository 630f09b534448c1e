r"""States that nothing defines, and conditions that are left out: ``p(z_t|h_{t-1})``, ``q(z_t|\cdot)``.

A state h that the densities of a step are given from the step before, and that the text neither defines nor draws, is
carried on by a network of what the text has at a step: ``h_t = f(h_{t-1}, x_t, z_t)``. A dot behind the bar of a
density of a step stands for all that is known there. Of one that is drawn from: the data at the step and the state
before it, where there is one; else all data up to the step and all that was drawn before it. A prior knows of the data
what came before the step; a density of the data knows what is drawn at the step, too, and no data from it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: The letter of a state that a network carries.
STATE = "h"


def write_states(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such states and conditions, and what was decided; ``keys`` are what is bound."""
    return _States.completed(statements, keys)


class _States(Defaults):
    def complete(self) -> None:
        """Define the state, and fill in what dots stand for."""
        calls = [each for each in self.nodes() if isinstance(each, tree.Call) and is_density_call(each)]
        drawn = list(dict.fromkeys(name for each in self.nodes() for name in _over(each)))
        slots = (arg for each in calls for arg in each.args)
        scored = list(
            dict.fromkeys(each for each in slots if isinstance(each, tree.Symbol) and _step(each) is not None)
        )
        data = [each for each in scored if each not in drawn]
        if not data or len({_step(each) for each in (*drawn, *data)}) != 1:
            return
        (time,) = {_step(each) for each in (*drawn, *data)}
        given = (each for call in calls for each in call.given or () if isinstance(each, tree.Symbol))
        states = [each for each in given if self._is_state(each, time)]
        state = states[0] if len(set(states)) == 1 else None
        if any(isinstance(each, tree.Blank) for call in calls for each in call.given or ()):
            if state is not None:
                self._fill((*data, state), (state,), (*drawn, state), data)
            else:
                past = [_until(each, "<") for each in data], [_until(each, "<") for each in drawn]
                seen, made = ([_until(each, "<=") for each in of] for of in (data, drawn))
                self._fill((*seen, *past[1]), (*past[0], *past[1]), (*made, *past[0]), data)
        if state is not None:
            self._carry(state, [*data, *drawn], time)

    def _is_state(self, node: tree.Symbol, time: str | None) -> bool:
        """Is it a letter of states at the step before, of which the text says nothing?"""
        if node.letter != STATE or len(node.sub) != 1:
            return False
        before = isinstance(node.sub[0], tree.Add) and str(node.sub[0]) == f"{time} - 1"
        heads = [*self.left_sides(), *self.keys]
        parts = (part for each in heads for part in (each.items if isinstance(each, tree.Tuple) else (each,)))
        known = any(isinstance(each, tree.Symbol) and each.letter == node.letter for each in parts)
        over = any(_letter(arg) == node.letter for each in self.nodes() for arg in _over(each))
        return before and not known and not over

    def _carry(self, state: tree.Symbol, read: Sequence[tree.Symbol], time: str | None) -> None:
        letters = {each.letter for each in self.nodes() if isinstance(each, tree.Symbol)}
        network = next((each for each in ("f", "g", "rnn") if each not in letters), "ff")
        arguments = ", ".join((state.latex(), *(each.latex() for each in read)))
        self.add(f"{replace(state, sub=()).latex()}_{time} = {network}({arguments})", state.span)

    def _fill(
        self,
        drawing: tuple[tree.Symbol, ...],
        prior: tuple[tree.Symbol, ...],
        likelihood: tuple[tree.Symbol, ...],
        data: Sequence[tree.Symbol],
    ) -> None:
        """What densities that are drawn from are given, those that are not, and those of the data."""
        heads = {each.head for node in self.nodes() for each in _drawing(node)}

        def filled(node: tree.Node) -> tree.Node:
            node = map_children(node, filled)
            if isinstance(node, tree.Call) and is_density_call(node) and _is_blank(node):
                given = drawing if node.head in heads else likelihood if {*node.args} & {*data} else prior
                made = replace(node, given=given)
                listed = ", ".join(map(str, given))
                self.notes.append(Note(f"{node} is given what is known at its step: {listed}", node.span))
                return made
            return node

        self.statements = [each.with_body(filled(each.body)) for each in self.statements]


def _drawing(node: tree.Node) -> Iterator[tree.Call]:
    """The densities that expectations draw from, or that stand on the left of a divergence."""
    match node:
        case tree.Expect(binders=binders):
            found = [each.density if isinstance(each, tree.Draws) else each for each in binders]
        case tree.Draws(density=density):
            found = [density]
        case tree.Divergence(left=left):
            found = [left]
        case _:
            found = []
    yield from (each for each in found if isinstance(each, tree.Call))


def _is_blank(call: tree.Call) -> bool:
    given = call.given or ()
    return len(given) == 1 and isinstance(given[0], tree.Blank) and any(_step(each) is not None for each in call.args)


def _over(node: tree.Node) -> Iterator[tree.Symbol]:
    """What expectations draw at a step."""
    for each in node.binders if isinstance(node, tree.Expect) else ():
        for name in each.names if isinstance(each, tree.Draws) else each.args if isinstance(each, tree.Call) else ():
            if isinstance(name, tree.Symbol) and _step(name) is not None:
                yield name


def _step(node: tree.Node) -> str | None:
    """t of ``z_t``."""
    return (
        plain(node.sub[0])
        if isinstance(node, tree.Symbol) and len(node.sub) == 1 and plain(node.sub[0]) == "t"
        else None
    )


def _until(node: tree.Symbol, end: str) -> tree.Symbol:
    """``x_{\\le t}`` and ``x_{<t}`` of ``x_t``."""
    return replace(node, sub=(tree.OpenRange(end, node.sub[0], span=node.span),))


def _letter(node: tree.Node) -> str:
    return node.letter if isinstance(node, tree.Symbol) else ""
