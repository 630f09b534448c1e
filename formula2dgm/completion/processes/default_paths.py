r"""What ``x_t`` is in a text that says only what it is made of.

E_{t, x_0, \epsilon}     x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1-\bar\alpha_t} \epsilon, t a step (Ho et al. 2020)
E_{t, x_0, x_1}          x_t = (1-t) x_0 + t x_1, t between 0 and 1, x_0 noise (Liu et al. 2023)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from formula2dgm.completion.processes.default_statements import (
    ALPHA,
    ALPHA_BAR,
    BETA,
    SCHEDULES,
    Defaults,
    is_applied,
    is_named,
)
from formula2dgm.completion.processes.path_starts import reads_time, starts_of
from formula2dgm.completion.processes.path_times import ends_of, steps_summed, whole_steps
from formula2dgm.completion.processes.said_paths import at_step, kept, laws_of, moments, root
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.differentials import is_in_differentials
from formula2dgm.reading.dotted import unmarked
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import parse_one, tree

#: Letters of times and of steps, and of noise.
TIMES = ("t", "s", "n", "k", "i", "tau")
#: Letters of times, and of nothing that is counted beside them.
CONTINUOUS = ("t", "s", "tau")
NOISE = ("epsilon", "varepsilon", "eps")


def write_paths(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what is said of no path, and what was decided; ``keys`` are what is bound, ``numbers`` those
    of them that are bound to single numbers."""
    path = _Path(list(statements), keys, numbers)
    for said in statements:
        summed = steps_summed(said.body, CONTINUOUS)
        for binders, expectation in brackets(said.body):
            path.declare(binders, expectation, summed[id(expectation)])
    return path.statements, path.notes


class _Path(Defaults):
    def declare(
        self,
        binders: Sequence[tree.Node],
        expectation: tree.Expect,
        summed: Sequence[tuple[tree.Symbol, tree.Node]] = (),
    ) -> None:
        """``E_{t, x_0, \\epsilon}``: what ``x_t`` is, and t; ``binders`` are those of the brackets around, too, and
        ``summed`` the steps that sums run over, each with the last."""
        bound = [each for each in binders if isinstance(each, tree.Symbol)]
        drawn = {
            name: each
            for each in binders
            if isinstance(each, tree.Draws)
            for name in each.names
            if isinstance(name, tree.Symbol)
        }
        laws = self._unsaid_laws(binders)
        counted = {name: last for name, last in summed if name not in (*bound, *drawn)}
        names = dict.fromkeys((*bound, *drawn, *laws, *counted))
        noise = next((each for each in names if each.letter in NOISE), None)
        starts = starts_of((*bound, *drawn, *laws), noise, CONTINUOUS, expectation)
        if len(starts) != 1:
            for each in (name for name in names if plain(name) in CONTINUOUS and name not in counted):
                self._apply_at_time(each, expectation)
            return
        (start,) = starts
        time = self._time([each for each in names if plain(each) in TIMES], start, expectation)
        if time is None:
            return
        same = (each for each in names if letter_of(each) == letter_of(start) and len(each.sub) == 1)
        end = next((each for each in same if isinstance(each.sub[0], tree.Number) and each.sub[0].text == "1"), None)
        point = replace(start, sub=(replace(time, span=start.span),))
        used = any(each == point for each in expectation.body.walk())
        said = point in names or self.says(point)
        kind = self._kind(time, drawn)
        if time in counted:
            if noise is None or self.says(point) or not reads_time(expectation, start, noise, time):
                return
            kind, self.last = "steps", counted[time].latex()
        if used and not said and end is not None:
            if kind in (None, "unit"):
                self._straighten(time, start, end, point, drawn, expectation)
        elif noise is not None and (said or not used or self._mixed(time, start, noise, point, kind)):
            index = plain(time) or "t"
            self._indexed_schedules(index, kind, expectation)
            if any(self.says_schedule(each) and self.has_index(each, index) for each in SCHEDULES):
                if time not in counted:
                    self._draw(time, drawn, rf"\mathcal{{U}}\{{1, {self.last}\}}", expectation)
                self._count_steps(time)
            if start not in drawn:
                self.data(start)
            if noise.sub == (time,):
                self._draw(noise, drawn, r"\mathcal{N}(0, I)", expectation)
            self._unmark(replace(noise, sub=(time,)), noise, expectation)
        elif (
            noise is None
            and end is not None
            and time in bound
            and kind in (None, "unit")
            and (not used or self._defined_between(point, (time, start, end)))
        ):
            self._draw(time, drawn, r"\mathcal{U}(0, 1)", expectation)
            self._draw_start(start, laws, drawn, expectation)
        self._apply_at_time(time, expectation)

    def _defined_between(self, point: tree.Symbol, ends: Sequence[tree.Symbol]) -> bool:
        """Does a statement say that ``x_t`` is made of all of these?"""
        bodies = [each.members[1] for each in self.chains() if each.members[0] == point and each.relations[0] == "="]
        return any({*ends} <= {*body.walk()} for body in bodies)

    def _unsaid_laws(self, binders: Sequence[tree.Node]) -> dict[tree.Symbol, tree.Call]:
        """What is drawn from densities of which nothing is said, ``p(x_0)``."""
        calls = [each for each in binders if isinstance(each, tree.Call) and each.given is None and len(each.args) == 1]
        said = {*self.left_sides(), *self.keys}
        return {each.args[0]: each for each in calls if isinstance(each.args[0], tree.Symbol) and each not in said}

    def _draw_start(
        self,
        start: tree.Symbol,
        laws: dict[tree.Symbol, tree.Call],
        drawn: dict[tree.Symbol, tree.Draws],
        expectation: tree.Expect,
    ) -> None:
        """``x_0`` beside ``x_1`` and a time between them is noise: drawn by itself, or by a density of which nothing is
        said."""
        if start in laws:
            self.add(rf"{laws[start].latex()} = \mathcal{{N}}({start.latex()}; 0, I)", expectation.span)
        else:
            self._draw(start, drawn, r"\mathcal{N}(0, I)", expectation)

    def _time(self, times: Sequence[tree.Symbol], start: tree.Symbol, expectation: tree.Expect) -> tree.Symbol | None:
        """The time among names: the index below x, of a schedule, or of a network; else the first by its letter."""
        times = sorted(times, key=lambda each: TIMES.index(plain(each) or "t"))
        symbols = list(expectation.body.all(tree.Symbol))
        read = [each for each in times if replace(start, sub=(each,)) in symbols]
        read += [each for each in times if any(self.has_index(own, plain(each) or "t") for own in SCHEDULES)]
        read += [each for each in times if any(each in symbol.sub for symbol in symbols)]
        return next(iter((*read, *times)), None)

    def _straighten(
        self,
        time: tree.Symbol,
        start: tree.Symbol,
        end: tree.Symbol,
        point: tree.Symbol,
        drawn: dict[tree.Symbol, tree.Draws],
        expectation: tree.Expect,
    ) -> None:
        """The straight line from noise to data."""
        index = plain(time) or "t"
        line = rf"{point.latex()} = (1-{index}) {start.latex()} + {index} {end.latex()}"
        self.add(line, point.span, f"{point} is on the straight line from {start} to {end}")
        self._draw(time, drawn, r"\mathcal{U}(0, 1)", expectation)
        self._draw(start, drawn, r"\mathcal{N}(0, I)", expectation)

    def _mixed(
        self, time: tree.Symbol, start: tree.Symbol, noise: tree.Symbol, point: tree.Symbol, kind: str | None
    ) -> bool:
        """Write ``x_t`` as data and noise: as its density says, else by the schedules of the steps that are counted.
        False where something is said of it that says no such thing."""
        index = plain(time) or "t"
        before = replace(point, sub=(parse_one(f"{index} - 1"),))
        laws = laws_of(self.chains(), point, (start, before))
        whole = [law for given, law in laws if given == start]
        if whole:
            own = moments(whole[0])
            if own is not None:
                self.add(f"{point.latex()} = {own[0].latex()} + {root(own[1])} {noise.latex()}", point.span)
            return own is not None
        if kind not in (None, "steps") or any(_evolves(each, start) for each in self.chains()):
            return False
        for _, law in laws:
            share = kept(law, before)
            if share is None:
                return False
            if not self.says_schedule(ALPHA_BAR) and not any(
                is_named(each, own) for each in share.walk() for own in (ALPHA, BETA)
            ):
                steps = self.product(index, partial(_factor, share, time))
                self.add(rf"\bar\alpha_{index} = {steps}", point.span)
        pieces = rf"\sqrt{{\bar\alpha_{index}}} {start.latex()} + \sqrt{{1-\bar\alpha_{index}}} {noise.latex()}"
        self.add(f"{point.latex()} = {pieces}", point.span)
        return True

    def _kind(self, time: tree.Symbol, drawn: dict[tree.Symbol, tree.Draws]) -> str | None:
        """What the text says that a time is: ``steps`` that are counted from 1, a number of the ``unit`` interval,
        ``other``; None where it says nothing. The last of the steps is that of the schedules."""
        laws: list[tree.Node] = [drawn[time].density] if time in drawn else []
        laws += [each.members[1] for each in self.chains() if each.members[0] == time and each.relations[0] == "~"]
        laws += [each.members[1] for each in self.chains() if each.members[0] == time and each.relations[0] == "in"]
        if not laws:
            return None
        ends = ends_of(laws[0])
        if ends is None:
            return "other"
        first, last, whole = ends
        if isinstance(first, tree.Number) and first.text == "1" and (whole or str(last) != "1"):
            self.last = last.latex()
            return "steps"
        return "unit" if isinstance(last, tree.Number) and last.text == "1" and not whole else "other"

    def _apply_at_time(self, time: tree.Symbol, expectation: tree.Expect) -> None:
        """``u_t^\\theta(x_t)`` as ``u^\\theta(x_t, t)``: one network for all times."""
        defined = list(self.left_sides())
        defined += [replace(each, sub=()) for each in defined if isinstance(each, tree.Symbol) and len(each.sub) == 1]
        heads = [each.head if isinstance(each, tree.Call) else each for each in (*defined, *self.keys)]

        def applied(node: tree.Node) -> tree.Node:
            node = map_children(node, applied)
            head = node.head if isinstance(node, tree.Call) and not is_density_call(node) else None
            if not isinstance(node, tree.Call) or not isinstance(head, tree.Symbol) or time not in head.sub:
                return node
            if all(isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS for each in node.args):
                return node  # r_t(\theta): a function of parameters, which the text has to define
            if any(each in (head, unmarked(head)) for each in heads) or replace(head, sub=()) in defined:
                return node
            bare = replace(head, sub=tuple(each for each in head.sub if each != time))
            more = () if time in node.args else (replace(time, span=node.span),)
            made = replace(node, head=bare, args=(*node.args, *more))
            self.notes.append(Note(f"{node} is {made}, one network for all times", node.span))
            return made

        self.statements = [each.with_body(applied(each.body)) for each in self.statements]

    def _count_steps(self, time: tree.Symbol) -> None:
        """``t ~ U(1, T)``, read as an index, is a whole number."""

        def counted(node: tree.Node) -> tree.Node:
            node = map_children(node, counted)
            match node:
                case tree.Draws(names=(name,), density=law) if name == time and (made := whole_steps(law)) is not None:
                    self.notes.append(Note(f"{time} counts steps: a whole number from 1 to {self.last}", node.span))
                    return replace(node, density=made)
                case tree.Chain(members=(name, law), relations=("~",)) if (
                    name == time and (made := whole_steps(law)) is not None
                ):
                    self.notes.append(Note(f"{time} counts steps: a whole number from 1 to {self.last}", node.span))
                    return replace(node, members=(name, made))
            return node

        self.statements = [each.with_body(counted(each.body)) for each in self.statements]

    def _unmark(self, marked: tree.Symbol, noise: tree.Symbol, expectation: tree.Expect) -> None:
        """``\\epsilon_t`` under an expectation over ``\\epsilon``; ``\\epsilon_t(x_t)`` is a network, no product."""
        if marked not in expectation.body.walk() or self.is_drawn(marked) or is_applied(marked, expectation):
            return

        def unmarked(node: tree.Node) -> tree.Node:
            return replace(noise, span=node.span) if node == marked else map_children(node, unmarked)

        self.notes.append(Note(f"{marked} is {noise}", expectation.span))
        self.statements = [each.with_body(unmarked(each.body)) for each in self.statements]

    def _indexed_schedules(self, index: str, kind: str | None, expectation: tree.Expect) -> None:
        """The schedules that are read at a step, t itself or s of ``\\prod_{s=1}^t``, and that nothing defines."""
        unsaid = [each for each in SCHEDULES if self.has_index(each, index) and not self.says_schedule(each)]
        if unsaid and kind not in (None, "steps"):
            letter, accents = unsaid[0]
            name = "_".join([letter, *accents, index])
            message = f"{name} is read at a time that counts no steps from 1, and nothing says what it is"
            hint = f"write it, {name} = ..., or count steps: {index} \\sim \\mathcal{{U}}\\{{1, T\\}}"
            raise FormulaError(Diagnostic("F2D-0539", "error", message, expectation.span, hint))
        for schedule in SCHEDULES:
            read = any(self.has_index(schedule, each) for each in dict.fromkeys((index, *TIMES)))
            if read and not self.says_schedule(schedule):
                self.schedule(schedule, index, expectation.span)

    def _draw(self, name: tree.Symbol, drawn: dict[tree.Symbol, tree.Draws], law: str, place: tree.Expect) -> None:
        """What a name is drawn from, where no one says it; a time that counts steps is a whole number."""
        if name not in drawn and not any(
            each.members[0] == name and each.relations[0] != "in" for each in self.chains()
        ):
            self.add(rf"{name.latex()} \sim {law}", place.span)


def _evolves(chain: tree.Chain, start: tree.Symbol) -> bool:
    """Does an equation in differentials say how x moves?"""
    symbols = chain.members[0].all(tree.Symbol)
    return is_in_differentials(chain) and any(letter_of(each).endswith(letter_of(start)) for each in symbols)


def _factor(share: tree.Node, time: tree.Symbol, at: str) -> str:
    """``(a)`` at another step."""
    return f"({at_step(share, time, tree.Symbol(at, span=share.span)).latex()})"
