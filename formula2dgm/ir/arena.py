"""Interning and provenance: one object for one meaning, and where in the text it came from."""

from __future__ import annotations

from typing import TypeVar

from formula2dgm.ir import nodes as ir
from formula2dgm.syntax import tree

N = TypeVar("N", bound=ir.Node)


class Arena:
    """All nodes of one compilation.

    ``make`` interns.  ``origin`` remembers, for each node, the pieces of syntax it was resolved from: the
    first names it in generated code and in errors.
    """

    def __init__(self) -> None:
        self._nodes: dict[tuple[object, ...], ir.Node] = {}
        self._origins: dict[ir.Node, list[tree.Node]] = {}
        self._noted: dict[ir.Node, set[int]] = {}
        self._titles: dict[ir.Node, str] = {}

    def make(self, kind: type[N], *values: object, origin: tree.Node | None = None) -> N:
        """The node of this kind with these fields, made once."""
        node = None
        if len(values) < len(kind.__match_args__):  # the others have defaults
            node = kind(*values)
            values = values_of(node)
        key = (kind, *map(_exact, values))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = kind(*values) if node is None else node
        if origin is not None:
            self.note(found, origin)
        return found  # type: ignore[return-value]

    def note(self, node: ir.Node, origin: tree.Node) -> None:
        """Remember that ``node`` stands for ``origin`` too."""
        noted = self._noted.setdefault(node, set())
        if id(origin) not in noted:
            noted.add(id(origin))
            self._origins.setdefault(node, []).append(origin)

    def origins(self, node: ir.Node) -> tuple[tree.Node, ...]:
        """The syntax a node was resolved from, in the order met."""
        return tuple(self._origins.get(node, ()))

    def entitle(self, node: N, title: str) -> N:
        """Say what a node is that no piece of the formula names: ``q(z|x) precision``. The first title stays."""
        self._titles.setdefault(node, title)
        return node

    def title(self, node: ir.Node) -> str | None:
        """What the node is called, if it was told."""
        return self._titles.get(node)

    def inherit(self, new: N, old: ir.Node) -> N:
        """Give a rewritten node the provenance of the node it replaces."""
        for origin in self._origins.get(old, ()):
            self.note(new, origin)
        if (title := self._titles.get(old)) is not None:
            self._titles.setdefault(new, title)
        return new


def values_of(node: ir.Node) -> tuple[object, ...]:
    """The fields that make a node what it is, in order."""
    names: tuple[str, ...] = type(node).__match_args__
    return tuple(getattr(node, name) for name in names)


def _exact(value: object) -> object:
    """A key in which ``1``, ``1.0`` and ``True`` differ."""
    if isinstance(value, tuple):
        return tuple(_exact(each) for each in value)
    return (type(value), value) if isinstance(value, bool | int | float) else value
