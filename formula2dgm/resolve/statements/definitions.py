"""Deterministic definitions: ``h_t = f(h_{t-1}, x_t)``, ``\\beta = 4``, ``b_{1:T} = f(x_{1:T})``."""

from __future__ import annotations

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.names import Name, plain
from formula2dgm.records import dataclass
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


def enter_definition(
    definitions: dict[str, Definition], name: Name, body: tree.Node, span: Span, found: Diagnostics
) -> None:
    """Enter a definition under its name; ``h_0`` of ``h_t``, which is the value at one step, under its own.

    One value, ``\\beta = 4``, and one at each step, ``\\beta_t = 0.01 t``, are two things of one name."""
    index = tuple(text for each in name.index if (text := plain(each)))
    steps = (each.text for each in name.index if isinstance(each, tree.Number))
    key = "_".join([name.full, *steps])
    before = definitions.get(key)
    a_loss = name.style == "cal" or name.letter in ("L", "J")
    if before is not None and bool(before.index) != bool(index) and not a_loss:
        refuse_numbers_at_steps(name, span, found)
    definitions[key] = Definition(name, index, body, span)


def refuse_numbers_at_steps(name: Name, span: Span, found: Diagnostics) -> None:
    """Refuse a name that is one value, and has one at each step."""
    message = f"{name.full} is one value in one place, and has a value at each step in another"
    found.error("F2D-0209", message, span, "give one of them another name")
