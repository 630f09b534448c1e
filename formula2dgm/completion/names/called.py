"""What calls of definitions say: ``L(x_l, y_l)`` and ``L(x_u, y)`` of ``L(x, y)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


@dataclass(slots=True)
class Called:
    """What calls of definitions say.

    densities  a density at the arguments of a call, and as the definition writes it
    values     what calls put for the name of an argument
    """

    densities: dict[tree.Node, tree.Call] = field(default_factory=dict)
    values: dict[tree.Symbol, list[tree.Node]] = field(default_factory=dict)

    def enter(self, put: Mapping[tree.Node, tree.Node]) -> None:
        """Note what one call puts for the arguments of its definition."""
        for slot, value in put.items():
            known = self.values.setdefault(slot, []) if isinstance(slot, tree.Symbol) else []
            if value not in known:
                known.append(value)

    def enter_density(self, written: tree.Node, made: tree.Node) -> None:
        """Note a density of the definition, as it is written there and at the call."""
        if isinstance(written, tree.Call) and is_density_call(written) and made != written:
            self.densities.setdefault(made, written)
