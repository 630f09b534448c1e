"""A name for a variable that is drawn together with another one, from the plan between both that costs least."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Coupled(tree.Symbol):
    """A name that stands for draws of its own law in the order in which they go with those of ``to``.

    to      the variable that it goes with
    weight  what the negative entropy of the plan is weighed with; None: with nothing
    """

    to: tree.Symbol = field(kw_only=True)
    weight: tree.Node | None = field(default=None, kw_only=True)

    @property
    def alone(self) -> tree.Symbol:
        """The variable as its law draws it."""
        return tree.Symbol(self.letter, self.accents, self.sub, self.sup, self.style, span=self.span)
