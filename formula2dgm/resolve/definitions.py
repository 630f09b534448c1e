"""Deterministic definitions: ``h_t = f(h_{t-1}, x_t)``, ``\\beta = 4``, ``b_{1:T} = f(x_{1:T})``."""

from __future__ import annotations

from dataclasses import dataclass

from formula2dgm.reading.names import Name, plain
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Definition:
    """``name = body``: a deterministic variable, a constant, or a named piece; ``index`` are its index names."""

    name: Name
    index: tuple[str, ...]
    body: tree.Node
    span: Span

    @property
    def at_one_step(self) -> bool:
        """Is it the value at one step of what another statement defines, ``h_0`` of ``h_t``?"""
        return any(isinstance(each, tree.Number) for each in self.name.index)


def enter_definition(definitions: dict[str, Definition], name: Name, body: tree.Node, span: Span) -> None:
    """Enter a definition under its name; ``h_0`` of ``h_t``, which is the value at one step, under its own."""
    index = tuple(text for each in name.index if (text := plain(each)))
    steps = (each.text for each in name.index if isinstance(each, tree.Number))
    definitions["_".join([name.full, *steps])] = Definition(name, index, body, span)
