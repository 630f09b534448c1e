"""Bindings and definitions of plain names: networks, hyperparameters, constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from formula2dgm.bindings import Binding, NetworkValue, NumberValue, TensorValue
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.names import Name, read_name
from formula2dgm.syntax import tree


@dataclass(slots=True)
class NamedValues:
    """What is bound to names (not to densities), by full name."""

    values: dict[str, Binding]
    names: dict[str, Name]

    def find(self, name: Name) -> Binding | None:
        """The binding of a name: exact; of ``f`` for ``f_theta``; of the only ``f_theta`` for ``f``."""
        if name.full in self.values:
            return self.values[name.full]
        if name.group:
            return self.values[name.id] if name.id in self.values and self._is_network(name.id) else None
        grouped = [key for key, own in self.names.items() if own.group and own.id == name.id and self._is_network(key)]
        if len(grouped) == 1:
            return self.values[grouped[0]]
        return None

    def _is_network(self, key: str) -> bool:
        return isinstance(self.values[key].value, NetworkValue)

    @property
    def tensors(self) -> frozenset[str]:
        """The names that are bound to tensors, without their indices."""
        return frozenset(own.id for key, own in self.names.items() if isinstance(self.values[key].value, TensorValue))

    def is_network(self, name: Name) -> bool:
        found = self.find(name)
        return found is not None and isinstance(found.value, NetworkValue)

    def is_number(self, name: Name) -> bool:
        found = self.find(name)
        return found is not None and isinstance(found.value, NumberValue)


def read_named(parsed: Sequence[tuple[Binding, tree.Node]], indices: frozenset[str], found: Diagnostics) -> NamedValues:
    """The bindings whose keys are names. A family bound to a plain name is an error."""
    values: dict[str, Binding] = {}
    names: dict[str, Name] = {}
    for binding, key in parsed:
        if not isinstance(key, tree.Symbol):
            continue
        own = read_name(key, indices, head=True)
        name = own.full
        if not isinstance(binding.value, NetworkValue | NumberValue | TensorValue):
            found.error(
                "F2D-0701",
                f"a distribution is bound to the name {binding.key.text!r}",
                key.span,
                "bind it to a density: 'p(x|z)'",
            )
            continue
        if name in values:
            found.error("F2D-0702", f"{binding.key.text!r} is bound twice", key.span)
        values[name], names[name] = binding, own
    return NamedValues(values, names)
