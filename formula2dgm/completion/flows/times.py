"""The times between which an equation is solved: which names are of one time, and what the state is called then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.flow_equations import FlowEquation
from formula2dgm.reading.notes import Notes
from formula2dgm.syntax import tree

#: What times are where nothing says it.
_SAID = {"0": "0", "1": "1", "T": "1"}


class Times:
    """The times that a text names, and their values where it says them."""

    def __init__(self, equation: FlowEquation, statements: Sequence[tree.Statement]):
        self.equation = equation
        self.values: dict[tree.Node, float] = {}
        for each in statements:
            match each.body:
                case tree.Chain((tree.Symbol() as name, tree.Number(text)), ("=" | ":=",)):
                    self.values[name] = float(text)

    def key(self, time: tree.Node) -> object:
        """What two names of one time share."""
        if isinstance(time, tree.Number):
            return float(time.text)
        return self.values.get(time, time)

    def same(self, one: tree.Node, other: tree.Node) -> bool:
        """Do two names stand for one time?"""
        return self.key(one) == self.key(other)

    def named(self, time: tree.Node) -> tree.Symbol:
        """What the state is called at a time: ``z_0`` of ``z(0)`` and of ``z(t_0)``."""
        label = time
        if isinstance(time, tree.Symbol) and len(time.sub) == 1:
            (label,) = time.sub
        return replace(self.equation.state, sub=(label,), span=time.span)

    def completed(self, used: Sequence[tree.Node], bound: Collection[tree.Node], notes: Notes) -> list[tree.Statement]:
        """Statements for times that the text names and says nothing of: ``t_0`` is 0, ``t_1`` and T are 1."""
        made = []
        for time in dict.fromkeys(used):
            if not isinstance(time, tree.Symbol) or time in self.values or time in bound:
                continue
            label = str(time.sub[0]) if len(time.sub) == 1 else time.letter
            if label not in _SAID:
                raise FormulaError(
                    Diagnostic(
                        "F2D-0532",
                        "error",
                        f"nothing says what the time {time} is",
                        time.span,
                        f"write its value, {time} = 1, or bind it to a number",
                    )
                )
            notes.add(f"{time} is {_SAID[label]}", time.span)
            number = tree.Number(_SAID[label], span=time.span)
            self.values[time] = float(_SAID[label])
            made.append(tree.Statement(tree.Chain((time, number), ("=",), span=time.span), span=time.span))
        return made
