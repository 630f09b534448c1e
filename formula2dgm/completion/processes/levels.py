r"""Levels of noise that a text counts: ``\sum_{i=1}^L`` over ``\sigma_i``, and what a sequence of them is.

\sigma_1 / \sigma_2 = \cdots = \sigma_{L-1} / \sigma_L     \sigma_i = \sigma_1 (\sigma_L / \sigma_1)^{(i-1)/(L-1)}
\sigma_i = \sigma_1 r^{i-1}, \sigma_1 = 1                  \sigma_i = 1 r^{i-1}
no word of \sigma_i                                        from 1 to 0.01 in L = 10 (Song and Ermon 2019)
\lambda(\sigma_i), \lambda said nowhere                    one weight, the same at every level
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults
from formula2dgm.completion.processes.noise_at_levels import WEIGHTS
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbers import constant
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: The first and the last level, and how many there are, where the text does not say it.
FIRST, LAST, NUMBER = "1", "0.01", "10"


def write_levels(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sequences written out, and what was decided; ``keys`` are what is bound."""
    text = _Levels(list(statements), keys)
    text.weigh_alike()
    for statement in list(text.statements):
        if (found := _ratios(statement.body)) is not None:
            text.geometric(statement, *found, defaults)
    text.write_first()
    if defaults:
        text.write_defaults()
    return text.statements, text.notes


class _Levels(Defaults):
    def weigh_alike(self) -> None:
        """``\\lambda(\\sigma_i)`` that nothing says is one weight, and no product."""
        said = {each.head if isinstance(each, tree.Call) else each for each in (*self.left_sides(), *self.keys)}

        def written(node: tree.Node) -> tree.Node:
            match node:
                case tree.Call(tree.Symbol() as head, (tree.Symbol("sigma", sub=(_,)),), None, None):
                    if head.letter in WEIGHTS and head not in said and not head.accents:
                        self.say(f"{node} is {head}, the same at every {node.args[0]}", node.span)
                        return head
            return map_children(node, written)

        self.statements = [each.with_body(written(each.body)) for each in self.statements]

    def geometric(
        self,
        statement: tree.Statement,
        level: tree.Symbol,
        last: tree.Node,
        falls: bool | None,
        defaults: bool,
    ) -> None:
        """Levels whose ratios are all one."""
        self.statements.remove(statement)
        ends = [self._end_of(level, each) for each in (tree.Number("1", span=level.span), last)]
        place = statement.body
        if None in ends and not defaults:
            missing = _at(level, tree.Number("1", span=level.span) if ends[0] is None else last)
            raise _refused(
                f"nothing says what {missing} is, an end of the sequence", place, f"give it a number: {missing} = ..."
            )
        numbers = [None if each is None else constant(each) for each in ends]
        if falls is not None and None not in numbers:
            first, final = numbers
            assert first is not None and final is not None
            if first <= 0 or final <= 0 or (first > final) != falls:
                way = "fall" if falls else "rise"
                raise _refused(
                    f"the levels are said to {way}, but go from {ends[0]} to {ends[1]}", place, "exchange both ends"
                )
        self._write(level, self._index(level), last, ends, place)

    def _write(
        self, level: tree.Symbol, index: str, last: tree.Node, ends: Sequence[tree.Node | None], place: tree.Node
    ) -> None:
        """``\\sigma_i = a (b / a)^{(i - 1) / (L - 1)}``."""
        if isinstance(last, tree.Symbol) and not self._is_known(last):
            self.add(rf"{last.latex()} = {NUMBER}", place.span)
        start, end = (
            default if each is None else each.latex() for each, default in zip(ends, (FIRST, LAST), strict=True)
        )
        one = rf"{_at(level, tree.Symbol(index, span=place.span)).latex()} = {start}"
        many = rf" \left(\frac{{{end}}}{{{start}}}\right)^{{\frac{{{index} - 1}}{{{last.latex()} - 1}}}}"
        said = f"{level}_{index} is a geometric sequence from {start} to {end}"
        self.add(one + ("" if str(last) == "1" else many), place.span, said)

    def write_first(self) -> None:
        """``\\sigma_i = \\sigma_1 r^{i-1}`` with the number that ``\\sigma_1`` is."""
        for statement in list(self.statements):
            match statement.body:
                case tree.Chain(members=(tree.Symbol(sub=(tree.Symbol(),)) as left, body), relations=("=" | ":=",)):
                    level, one = replace(left, sub=()), tree.Number("1", span=left.span)
                    first = _at(level, one)
                    if any(each == first for each in body.walk()) and (number := self._end_of(level, one)) is not None:
                        made = replace(statement.body, members=(left, _put(body, first, number)))
                        self.statements[self.statements.index(statement)] = statement.with_body(made)

    def write_defaults(self) -> None:
        """What ``\\sigma_i`` is under a sum over i that reads nothing else at i, and draws noise of that level."""
        for big in [each for each in self.nodes() if isinstance(each, tree.Big)]:
            match big.binders:
                case (tree.Binds(tree.Symbol() as name, tree.Number("1")),) if big.op == "sum":
                    pass
                case _:
                    continue
            index, upper = plain(name), big.upper
            read = {each for each in big.body.all(tree.Symbol) if name in each.sub}
            if index is None or upper is None or len(read) != 1:
                continue
            (level,) = (replace(each, sub=()) for each in read)
            if level.letter == "sigma" and not level.sup and _is_drawn_with(big.body, *read):
                if not self.is_said(level.letter, level.accents) or self._only_ends(level, upper):
                    ends = [self._end_of(level, each) for each in (tree.Number("1", span=level.span), upper)]
                    self._write(level, index, upper, ends, big)

    def _only_ends(self, level: tree.Symbol, last: tree.Node) -> bool:
        """Do statements say nothing of the levels but what the first and the last are?"""
        said = {each for each in (*self.left_sides(), *self.keys) if isinstance(each, tree.Symbol)}
        ends = {_at(level, tree.Number("1", span=level.span)), _at(level, last)}
        return {each for each in said if replace(each, sub=()) == level} <= ends

    def _end_of(self, level: tree.Symbol, place: tree.Node) -> tree.Node | None:
        """The number that a statement says a level is, which it then needs not say; None where none does."""
        for statement in self.statements:
            match statement.body:
                case tree.Chain(members=(left, body), relations=("=" | ":=",)) if left == _at(level, place):
                    if constant(body) is not None:
                        self.statements.remove(statement)
                        return body
        return None

    def _index(self, level: tree.Symbol) -> str:
        """The letter at which the text reads a level."""
        for each in self.nodes():
            if isinstance(each, tree.Symbol) and each.sub and replace(each, sub=()) == level and len(each.sub) == 1:
                if (index := plain(each.sub[0])) is not None and index.islower():
                    return index
        return "i"

    def _is_known(self, name: tree.Symbol) -> bool:
        return name in self.keys or name in self.left_sides()


def _at(level: tree.Symbol, place: tree.Node) -> tree.Symbol:
    return replace(level, sub=(place,))


def _put(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    return replace(new, span=node.span) if node == old else map_children(node, lambda each: _put(each, old, new))


def _refused(message: str, place: tree.Node, hint: str) -> FormulaError:
    return FormulaError(Diagnostic("F2D-0543", "error", message, place.span, hint))


def _ratios(body: tree.Node) -> tuple[tree.Symbol, tree.Node, bool | None] | None:
    """The levels of a chain of equal ratios, the place of the last, and whether they fall; None for anything else."""
    if not isinstance(body, tree.Chain) or not any(isinstance(each, tree.Ellipsis) for each in body.members):
        return None
    members, relations = list(body.members), list(body.relations)
    falls: bool | None = None
    if relations[-1] in (">", "<") and str(members[-1]) == "1":
        falls = relations.pop() == ">"
        members.pop()
    if set(relations) != {"="}:
        return None
    match (members[0], members[-1]):
        case (tree.Div(tree.Symbol(sub=(one,)) as first, tree.Symbol(sub=(two,))), tree.Div(before, final)):
            pass
        case _:
            return None
    if (str(one), str(two)) == ("2", "1"):
        falls = None if falls is None else not falls
        before, final = final, before
    elif (str(one), str(two)) != ("1", "2"):
        return None
    level = replace(first, sub=())
    ends = [each for each in (before, final) if isinstance(each, tree.Symbol) and replace(each, sub=()) == level]
    if len(ends) != 2 or len(ends[1].sub) != 1:
        return None
    return level, ends[1].sub[0], falls


def _is_drawn_with(body: tree.Node, level: tree.Symbol) -> bool:
    """Is something drawn from a law that reads the level?"""
    return any(level in source.walk() for source in _laws(body))


def _laws(body: tree.Node) -> Iterator[tree.Node]:
    for each in body.walk():
        if isinstance(each, tree.Expect):
            yield from each.binders
