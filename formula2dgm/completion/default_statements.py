r"""Statements that a text leaves out, and that a default gives: what is said already, and schedules by their names.

\beta_t         from 10^{-4} to 0.02 in T = 1000 steps (Ho et al. 2020)
\alpha_t        1 - \beta_t; where no \bar\alpha_t stands beside it, the product over all steps
\bar\alpha_t    \prod_{s=1}^t (1 - \beta_s)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.spans import Span
from formula2dgm.syntax import parse_one, tree

#: The names of schedules, each a letter with its accents.
SCHEDULES: tuple[tuple[str, tuple[str, ...]], ...] = (("alpha", ("bar",)), ("alpha", ()), ("beta", ()))


@dataclass
class Defaults:
    """A text that is completed; ``keys`` are what is bound, ``notes`` what was decided."""

    statements: list[tree.Statement]
    keys: Sequence[tree.Node]
    notes: list[Note] = field(default_factory=list)

    def nodes(self) -> Iterator[tree.Node]:
        return (node for each in self.statements for node in each.body.walk())

    def add(self, text: str, span: Span, said: str | None = None) -> None:
        """One more statement, and that it was added."""
        body = parse_one(text)
        self.statements.append(tree.Statement(placed(body, span), span=span))
        self.notes.append(Note(said or str(body), span))

    def chains(self) -> Iterator[tree.Chain]:
        """The statements with a relation."""
        return (each.body for each in self.statements if isinstance(each.body, tree.Chain))

    def left_sides(self) -> Iterator[tree.Node]:
        return (each.members[0] for each in self.chains())

    def data(self, start: tree.Symbol) -> None:
        """``x_0`` is data, where nothing says what it is."""
        densities = (each for each in self.left_sides() if isinstance(each, tree.Call) and each.given is None)
        if not self.is_drawn(start) and not any(start in each.args for each in densities):
            self.add(rf"{start.latex()} \sim p_{{data}}", start.span, f"{start} is data")

    def is_said(self, letter: str, accents: tuple[str, ...] = ()) -> bool:
        """Does a statement define, draw or a binding give this name?"""
        named = [each.head if isinstance(each, tree.Call) else each for each in (*self.left_sides(), *self.keys)]
        return any(isinstance(each, tree.Symbol) and (each.letter, each.accents) == (letter, accents) for each in named)

    def schedule(self, letter: str, accents: tuple[str, ...], index: str, span: Span) -> None:
        """What a schedule of noise is by the field's names, down to the variances of the steps."""
        if self.is_said(letter, accents):
            return
        if letter == "beta":
            if not self.is_said("T"):
                self.add("T = 1000", span)
            self.add(rf"\beta_{index} = 10^{{-4}} + (0.02 - 10^{{-4}}) \frac{{{index} - 1}}{{T - 1}}", span)
            return
        beside = letter == "alpha" and not accents and self.has_index(SCHEDULES[0], index)
        name = rf"\bar\alpha_{index}" if accents else rf"\alpha_{index}"
        body = rf"1 - \beta_{index}" if beside else rf"\prod_{{s=1}}^{{{index}}} (1 - \beta_s)"
        self.add(f"{name} = {body}", span)
        self.schedule("beta", (), index, span)

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

    def has_index(self, schedule: tuple[str, tuple[str, ...]], index: str) -> bool:
        symbols = (each for each in self.nodes() if isinstance(each, tree.Symbol))
        return any(
            (each.letter, each.accents) == schedule and len(each.sub) == 1 and plain(each.sub[0]) == index
            for each in symbols
        )


def is_zero(node: tree.Node) -> bool:
    """The number 0."""
    return isinstance(node, tree.Number) and node.text == "0"


def placed(node: tree.Node, span: Span) -> tree.Node:
    """The node with the place of what it was made for; a sum or product in it ends with it."""
    made = replace(map_children(node, lambda each: placed(each, span)), span=span)
    return replace(made, open=False) if isinstance(made, tree.Big) else made
