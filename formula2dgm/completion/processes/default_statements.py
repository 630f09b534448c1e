r"""Statements that a text leaves out, and that a default gives: what is said already, and schedules by their names.

\beta_t         from 10^{-4} to 0.02 in T = 1000 steps (Ho et al. 2020), or between the ends that are said
                of what is said: 1 - \alpha_t, 1 - \bar\alpha_t / \bar\alpha_{t-1}
\alpha_t        1 - \beta_t; where no \bar\alpha_t stands beside it, the product over all steps
\bar\alpha_t    \prod_{s=1}^t (1 - \beta_s); of what is said: \prod_{s=1}^t \alpha_s
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.spans import Span
from formula2dgm.syntax import parse_one, tree

#: The name of a schedule: a letter with its accents.
Schedule = tuple[str, tuple[str, ...]]
ALPHA_BAR: Schedule = ("alpha", ("bar",))
ALPHA: Schedule = ("alpha", ())
BETA: Schedule = ("beta", ())
SCHEDULES = (ALPHA_BAR, ALPHA, BETA)


@dataclass
class Defaults:
    """A text that is completed; ``keys`` are what is bound, ``numbers`` those of them that are bound to single numbers,
    ``last`` is the last step of schedules, ``notes`` what was decided."""

    statements: list[tree.Statement]
    keys: Sequence[tree.Node]
    numbers: Collection[tree.Node] = ()
    last: str = "T"
    notes: list[Note] = field(default_factory=list)

    @classmethod
    def completed(
        cls, statements: Sequence[tree.Statement], keys: Sequence[tree.Node], numbers: Collection[tree.Node] = ()
    ) -> tuple[list[tree.Statement], list[Note]]:
        """The statements of a text as a rule completes them, and what was decided."""
        text = cls(list(statements), keys, numbers)
        text.complete()
        return text.statements, text.notes

    def complete(self) -> None:
        """Add what the rule adds to the statements."""

    def nodes(self) -> Iterator[tree.Node]:
        return (node for each in self.statements for node in each.body.walk())

    def add(self, text: str, span: Span, said: str | None = None) -> None:
        """One more statement, and that it was added."""
        body = parse_one(text)
        self.statements.append(tree.Statement(placed(body, span), span=span))
        self.notes.append(Note(said or str(body), span))

    def say(self, text: str, span: Span) -> None:
        """What was decided, once."""
        if all(each.text != text for each in self.notes):
            self.notes.append(Note(text, span))

    def chains(self) -> Iterator[tree.Chain]:
        """The statements with a relation."""
        return (each.body for each in self.statements if isinstance(each.body, tree.Chain))

    def left_sides(self) -> Iterator[tree.Node]:
        return (each.members[0] for each in self.chains())

    def data(self, start: tree.Symbol) -> None:
        """``x_0`` is data, where nothing says what it is: ``q(x_0)`` would be its law."""
        declared = (each for each in self.left_sides() if isinstance(each, tree.Call) and each.given is None)
        said = any(start in each.args for each in declared) or self.is_drawn(start)
        calls = (each for each in self.nodes() if isinstance(each, tree.Call))
        if not said and not any(str(each) == f"q({start})" for each in calls):
            self.add(rf"{start.latex()} \sim p_{{data}}", start.span, f"{start} is data")

    def is_said(self, letter: str, accents: tuple[str, ...] = ()) -> bool:
        """Does a statement define or draw this name, or its square, or a binding give it?"""
        names = (each.base if isinstance(each, tree.Power) else each for each in (*self.left_sides(), *self.keys))
        return any(is_named(each, (letter, accents)) for each in names)

    def says_schedule(self, schedule: Schedule) -> bool:
        """Does the text, or what is bound, say a schedule: a value at each step, and no single number?"""
        return any(key not in self.numbers and is_named(key, schedule) for key in self.keys) or any(
            is_named(each.members[0], schedule) and _is_at_steps(each.members[0])
            for each in self.chains()
            if each.relations[0] in ("=", ":=", "~")
        )

    def schedule(self, schedule: Schedule, index: str, span: Span) -> None:
        """What a schedule of noise is by the field's names: made of those that are said, else of the variances of the
        steps, as Ho et al. 2020 have them."""
        if self.says_schedule(schedule):
            return
        if schedule == BETA:
            if self._is_independent(ALPHA, (BETA,)):
                self.add(rf"\beta_{index} = 1 - \alpha_{index}", span)
            elif self._is_independent(ALPHA_BAR, (ALPHA, BETA)):
                self.add(rf"\beta_{index} = 1 - \bar\alpha_{index} / \bar\alpha_{{{index}-1}}", span)
            else:
                self._count(span)
                self.add(rf"\beta_{index} = {self._variance(index)}", span)
            return
        if schedule == ALPHA_BAR and self._is_independent(ALPHA, (ALPHA_BAR,)):
            whole = any(isinstance(each, tree.Big) for each in self._reads(ALPHA))
            body = rf"\alpha_{index}" if whole else self.product(index, lambda at: rf"\alpha_{at}")
            self.add(rf"\bar\alpha_{index} = {body}", span)
            return
        beside = schedule == ALPHA and self.has_index(ALPHA_BAR, index)
        name = rf"\bar\alpha_{index}" if schedule == ALPHA_BAR else rf"\alpha_{index}"
        own = self._reads_number(BETA) and not self.says_schedule(BETA)
        variance = (lambda at: rf"({self._variance(at)})") if own else (lambda at: rf"\beta_{at}")
        body = rf"1 - {variance(index)}" if beside else self.product(index, lambda at: f"(1 - {variance(at)})")
        if own:
            self._count(span)
        self.add(f"{name} = {body}", span)
        if not own:
            self.schedule(BETA, index, span)

    def product(self, index: str, factor: Callable[[str], str]) -> str:
        """The product of all steps up to one, by an index that means nothing else."""
        used = {plain(each) for each in self.nodes() if not isinstance(each, tree.Big)} | {index}
        used -= {name for node in self.nodes() if isinstance(node, tree.Big) for name in _bound(node)} - {index}
        free = next((each for each in ("s", "i", "j", "l", "u") if each not in used), "s")
        return rf"\prod_{{{free}=1}}^{{{index}}} {factor(free)}"

    def _variance(self, index: str) -> str:
        """The variance of a step by default, between the ends that the text gives."""
        first, last = self._end("1") or "10^{-4}", self._end(self.last) or "0.02"
        return rf"{first} + ({last} - {first}) \frac{{{index} - 1}}{{{self.last} - 1}}"

    def _end(self, at: str) -> str | None:
        """``\\beta_1 = 10^{-4}``, a number beside the first or the last step."""
        for chain in self.chains():
            left, body = chain.members[0], chain.members[-1]
            if is_named(left, BETA) and isinstance(left, tree.Symbol) and [each.latex() for each in left.sub] == [at]:
                return rf"({body.latex()})"
        return None

    def _count(self, span: Span) -> None:
        """The number of steps, where nothing says it."""
        if self.last.isalpha() and not self.is_said(self.last):
            self.add(f"{self.last} = 1000", span)

    def _is_independent(self, schedule: Schedule, others: Sequence[Schedule]) -> bool:
        """Is a schedule said, and not by means of these?"""
        read = list(self._reads(schedule))
        return self.says_schedule(schedule) and not any(is_named(each, other) for each in read for other in others)

    def _reads(self, schedule: Schedule) -> Iterator[tree.Node]:
        """What the definition of a schedule reads, and the definitions that are read there."""
        seen: set[Schedule] = set()
        ahead = [schedule]
        while ahead:
            seen.add(now := ahead.pop())
            for chain in self.chains():
                if is_named(chain.members[0], now):
                    for node in (node for body in chain.members[1:] for node in body.walk()):
                        yield node
                        ahead += [each for each in SCHEDULES if each not in seen and is_named(node, each)]

    def _reads_number(self, schedule: Schedule) -> bool:
        """Does the text read the name of a schedule without a step: ``\\beta KL[...]``?"""
        called = {id(each.head) for each in self.nodes() if isinstance(each, tree.Call)}
        bare = (each for each in self.nodes() if isinstance(each, tree.Symbol) and not each.sub and not each.sup)
        return any(is_named(each, schedule) and id(each) not in called for each in bare)

    def says(self, point: tree.Symbol) -> bool:
        """Does a statement say what it is, or draw it?"""
        return any(each == point for each in self.left_sides()) or self.is_drawn(point)

    def is_drawn(self, name: tree.Symbol) -> bool:
        """Does an expectation anywhere draw it, or a statement?"""
        if any(each.relations[0] == "~" and each.members[0] == name for each in self.chains()):
            return True
        for node in self.nodes():
            binders = node.binders if isinstance(node, tree.Expect) else ()
            for each in binders:
                if isinstance(each, tree.Draws) and name in each.names:
                    return True
                if isinstance(each, tree.Call) and name in each.args:
                    return True
        return False

    def has_index(self, schedule: Schedule, index: str) -> bool:
        symbols = (each for each in self.nodes() if isinstance(each, tree.Symbol))
        return any(
            (each.letter, each.accents) == schedule and len(each.sub) == 1 and plain(each.sub[0]) == index
            for each in symbols
        )


def is_named(node: tree.Node, schedule: Schedule) -> bool:
    """Is this a value of a schedule, at whatever step?"""
    head = node.head if isinstance(node, tree.Call) else node
    return isinstance(head, tree.Symbol) and (head.letter, head.accents) == schedule


def _bound(node: tree.Big) -> Iterator[str | None]:
    """The names that a sum or a product binds."""
    return (plain(each.name if isinstance(each, tree.Binds) else each) for each in node.binders)


def _is_at_steps(left: tree.Node) -> bool:
    """Is a left side one at every step, ``\\beta_t``, ``\\beta(t)``: not ``\\beta``, ``\\beta_1`` and ``\\beta_T``?"""
    if isinstance(left, tree.Call):
        return True
    item = left.sub[0] if isinstance(left, tree.Symbol) and len(left.sub) == 1 else None
    return item is not None and not isinstance(item, tree.Number) and not str(item).isupper()


def is_applied(name: tree.Symbol, expectation: tree.Expect) -> bool:
    """Is it a function of a name somewhere: ``\\epsilon_t(x_t)``?"""
    calls = [each for each in expectation.body.all(tree.Call) if each.head == name]
    return any(isinstance(each.args[0], tree.Symbol) for each in calls if len(each.args) == 1)


def is_zero(node: tree.Node) -> bool:
    """The number 0."""
    return isinstance(node, tree.Number) and node.text == "0"


def placed(node: tree.Node, span: Span) -> tree.Node:
    """The node with the place of what it was made for; a sum or product in it ends with it."""
    made = replace(map_children(node, lambda each: placed(each, span)), span=span)
    return replace(made, open=False) if isinstance(made, tree.Big) else made
