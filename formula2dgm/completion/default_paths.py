r"""What ``x_t`` is in a text that says only what it is made of.

E_{t, x_0, \epsilon}     x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1-\bar\alpha_t} \epsilon, t a step (Ho et al. 2020)
E_{t, x_0, x_1}          x_t = (1-t) x_0 + t x_1, t between 0 and 1, x_0 noise (Liu et al. 2023)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.default_statements import SCHEDULES, Defaults, is_zero, placed
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree
from formula2dgm.syntax.vocabulary import UNIFORM

#: Letters of times and of steps.
TIMES = ("t", "s", "n", "k", "i", "tau")
_NOISE = ("epsilon", "varepsilon", "eps")


def write_paths(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what is said of no path, and what was decided; ``keys`` are what is bound."""
    path = _Path(list(statements), keys)
    for expectation in [each for each in path.nodes() if isinstance(each, tree.Expect)]:
        path.complete(expectation)
    return path.statements, path.notes


class _Path(Defaults):
    def complete(self, expectation: tree.Expect) -> None:
        """``E_{t, x_0, \\epsilon}``: what ``x_t`` is, and t."""
        bound = [each for each in expectation.binders if isinstance(each, tree.Symbol)]
        drawn = {
            name: each
            for each in expectation.binders
            if isinstance(each, tree.Draws)
            for name in each.names
            if isinstance(name, tree.Symbol)
        }
        names = dict.fromkeys((*bound, *drawn))
        time = next((each for each in names if plain(each) in TIMES), None)
        noise = next((each for each in names if each.letter in _NOISE), None)
        starts = [each for each in names if len(each.sub) == 1 and is_zero(each.sub[0])]
        if time is None or len(starts) != 1:
            return
        (start,) = starts
        same = (each for each in names if letter_of(each) == letter_of(start) and len(each.sub) == 1)
        end = next((each for each in same if isinstance(each.sub[0], tree.Number) and each.sub[0].text == "1"), None)
        point = replace(start, sub=(replace(time, span=start.span),))
        used = any(each == point for each in expectation.body.walk())
        said = point in names or any(each == point for each in self.left_sides()) or self.is_drawn(point)
        index = plain(time) or "t"
        if used and not said and end is not None:
            line = rf"{point.latex()} = (1-{index}) {start.latex()} + {index} {end.latex()}"
            self.add(line, point.span, f"{point} is on the straight line from {start} to {end}")
            self._draw(time, drawn, r"\mathcal{U}(0, 1)", expectation)
            self._draw(start, drawn, r"\mathcal{N}(0, I)", expectation)
        elif noise is not None:
            if used and not said:
                pieces = rf"\sqrt{{\bar\alpha_{index}}} {start.latex()} + \sqrt{{1-\bar\alpha_{index}}} {noise.latex()}"
                self.add(f"{point.latex()} = {pieces}", point.span)
            self._indexed_schedules(index, expectation)
            if any(self.is_said(*each) and self.has_index(each, index) for each in SCHEDULES):
                self._draw(time, drawn, r"\mathcal{U}\{1, T\}", expectation)
                self._count_steps(time)
            if start not in drawn:
                self.data(start)
            if noise.sub == (time,):
                self._draw(noise, drawn, r"\mathcal{N}(0, I)", expectation)
            self._unmark(replace(noise, sub=(time,)), noise, expectation)
        self._apply_at_time(time, expectation)

    def _apply_at_time(self, time: tree.Symbol, expectation: tree.Expect) -> None:
        """``u_t^\\theta(x_t)`` as ``u^\\theta(x_t, t)``: one network for all times."""
        heads = [*self.left_sides(), *self.keys]

        def applied(node: tree.Node) -> tree.Node:
            node = map_children(node, applied)
            head = node.head if isinstance(node, tree.Call) and not is_density_call(node) else None
            if not isinstance(node, tree.Call) or not isinstance(head, tree.Symbol) or time not in head.sub:
                return node
            if any(each in (head, replace(head, sub=())) or _heads(each) == head for each in heads):
                return node
            bare = replace(head, sub=tuple(each for each in head.sub if each != time))
            made = replace(node, head=bare, args=(*node.args, replace(time, span=node.span)))
            self.notes.append(Note(f"{node} is {made}, one network for all times", node.span))
            return made

        self.statements = [replace(each, body=applied(each.body)) for each in self.statements]

    def _count_steps(self, time: tree.Symbol) -> None:
        """``t ~ U(1, T)``, read as an index, is a whole number."""
        steps = parse_one(r"t \sim \mathcal{U}\{1, T\}")
        assert isinstance(steps, tree.Chain)

        def counted(node: tree.Node) -> tree.Node:
            node = map_children(node, counted)
            match node:
                case tree.Draws(
                    names=(name,), density=tree.Call(head=tree.Symbol(drawn), args=(tree.Number("1"), last))
                ) if name == time and drawn in UNIFORM and plain(last) == "T":
                    self.notes.append(Note(f"{time} counts steps: a whole number from 1 to T", node.span))
                    return replace(node, density=placed(steps.members[1], node.span))
            return node

        self.statements = [replace(each, body=counted(each.body)) for each in self.statements]

    def _unmark(self, marked: tree.Symbol, noise: tree.Symbol, expectation: tree.Expect) -> None:
        """``\\epsilon_t`` under an expectation over ``\\epsilon``."""
        if not any(each == marked for each in expectation.body.walk()) or self.is_drawn(marked):
            return

        def unmarked(node: tree.Node) -> tree.Node:
            return replace(noise, span=node.span) if node == marked else map_children(node, unmarked)

        self.notes.append(Note(f"{marked} is {noise}", expectation.span))
        self.statements = [replace(each, body=unmarked(each.body)) for each in self.statements]

    def _indexed_schedules(self, index: str, expectation: tree.Expect) -> None:
        """The schedules that are read at a step, t itself or s of ``\\prod_{s=1}^t``, and that nothing defines."""
        for letter, accents in SCHEDULES:
            read = any(self.has_index((letter, accents), each) for each in dict.fromkeys((index, *TIMES)))
            if read and not self.is_said(letter, accents):
                self.schedule(letter, accents, index, expectation.span)

    def _draw(self, name: tree.Symbol, drawn: dict[tree.Symbol, tree.Draws], law: str, place: tree.Expect) -> None:
        """What a name is drawn from, where no one says it; a time that counts steps is a whole number."""
        if name not in drawn and not any(each == name for each in self.left_sides()):
            self.add(rf"{name.latex()} \sim {law}", place.span)


def _heads(node: tree.Node) -> tree.Node | None:
    return node.head if isinstance(node, tree.Call) else None
