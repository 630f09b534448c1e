"""Which data come in batches of their own: labelled beside unlabelled examples, two modalities that never meet.

Data that meet (under one density, network or arithmetic node) before their batch is averaged are one stream: a row of
one belongs to the row of the other with its number.  Data that never meet are streams of their own, with batches of any
sizes.  A draw without data is made for the stream that it meets, else for the first.

The resolver works with one batch axis; here, once all terms are known, each stream is given its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import values_of
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Input, Objective, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context


def separate(context: Context, objectives: Sequence[Objective], batch: Axis) -> list[Objective]:
    """The objectives with a batch axis for each stream of data, entered among the context's inputs too."""
    streams = _Streams(batch)
    for term in (term for objective in objectives for term in objective.terms):
        streams.meet(term.node)
        streams.meet(term.coefficient)
    groups = streams.groups(context.inputs)
    if len(groups) < 2 or context.options.reduction == "none":
        return list(objectives)
    own = {name: Axis("batch", stream) for stream, names in groups.items() for name in names}
    for name, axis in own.items():
        known = context.inputs[name]
        context.inputs[name] = replace(known, axes=tuple(_moved(each, batch, axis) for each in known.axes))
    splitter, first = _Splitter(context, streams, own), next(iter(own.values()))
    said = "; ".join(", ".join(names) for names in groups.values())
    context.assume(f"these data never meet, so each has batches of its own: {said}")
    return [replace(each, terms=tuple(splitter.term(term, first) for term in each.terms)) for each in objectives]


@dataclass(slots=True)
class _Streams:
    """The data that meet.

    known   for each data variable, one that stands for its stream
    inside  for each node seen, a data variable that its value depends on, whether along the batch or averaged
    along   for each node seen, a data variable whose examples it runs along
    """

    batch: Axis
    known: dict[str, str] = field(default_factory=dict)
    inside: dict[ir.Node, str | None] = field(default_factory=dict)
    along: dict[ir.Node, str | None] = field(default_factory=dict)

    def meet(self, root: ir.Node) -> None:
        """Join the streams of all data that meet below a term."""
        for node in walk(root):
            if node in self.inside:
                continue
            if isinstance(node, ir.Data):
                self.inside[node] = self.along[node] = node.name if runs_along(node, self.batch) else None
                continue
            meeting = [name for each in node.children if (name := self.along[each]) is not None]
            for other in meeting[1:]:
                self._join(meeting[0], other)
            found = meeting + [name for each in node.children if (name := self.inside[each]) is not None]
            self.inside[node] = found[0] if found else None
            self.along[node] = meeting[0] if meeting and runs_along(node, self.batch) else None

    def _join(self, left: str, right: str) -> None:
        one, other = self._standing(left), self._standing(right)
        self.known |= {name: one for name in self.known if self.known[name] == other} | {other: one}

    def _standing(self, name: str) -> str:
        return self.known.setdefault(name, name)

    def groups(self, inputs: dict[str, Input]) -> dict[str, list[str]]:
        """The variables of each stream in the order of the inputs, by its first; what no term reads is of the first."""
        out: dict[str, list[str]] = {}
        first: dict[str, str] = {}
        read = {name for name in self.inside.values() if name is not None}
        for name in (name for name, each in inputs.items() if self.batch in each.axes and name in read):
            out.setdefault(first.setdefault(self._standing(name), name), []).append(name)
        for name in (name for name, each in inputs.items() if self.batch in each.axes and name not in read and out):
            out[next(iter(out))].append(name)
        return out


class _Splitter:
    """Rewrites nodes so that each runs along the batch of its own stream."""

    def __init__(self, context: Context, streams: _Streams, own: dict[str, Axis]):
        self.context = context
        self.streams = streams
        self.own = own
        self.done: dict[tuple[ir.Node, Axis], ir.Node] = {}
        self.sites: dict[str, dict[Axis, str]] = {}

    def term(self, term: Term, first: Axis) -> Term:
        """The term along its own stream, the size of a batch in its coefficient that of the same stream."""
        name = self.streams.inside[term.node]
        stream = first if name is None else self.own[name]
        return replace(term, coefficient=self(term.coefficient, stream), node=self(term.node, stream))

    def __call__(self, node: ir.Node, around: Axis) -> ir.Node:
        """The node; what no data decides runs along the stream ``around`` it."""
        name = self.streams.inside[node]
        stream = around if name is None else self.own[name]
        if (node, stream) not in self.done:
            fields = tuple(self._field(each, stream) for each in values_of(node))
            arena = self.context.arena
            new = arena.inherit(arena.make(type(node), *fields), node)
            self.done[node, stream] = self._sited(node, new, stream)
        return self.done[node, stream]

    def _field(self, value: object, stream: Axis) -> object:
        if isinstance(value, ir.Node):
            return self(value, stream)
        if isinstance(value, Axis):
            return _moved(value, self.streams.batch, stream)
        return tuple(self._field(each, stream) for each in value) if isinstance(value, tuple) else value

    def _sited(self, old: ir.Node, new: ir.Node, stream: Axis) -> ir.Node:
        """A draw without data that two streams use is a draw for each of them."""
        if not isinstance(old, ir.Draw) or not isinstance(new, ir.Draw) or not runs_along(old, self.streams.batch):
            return new
        known = self.sites.setdefault(old.site, {})
        if stream not in known:
            known[stream] = old.site if not known else self._another(old.site)
        if known[stream] == new.site:
            return new
        return self.context.arena.inherit(
            self.context.arena.make(ir.Draw, new.law, known[stream], new.own, new.copy), new
        )

    def _another(self, site: str) -> str:
        taken = {*self.context.draws.sites, *(name for each in self.sites.values() for name in each.values())}
        variable = site.split("@")[0]
        return next(name for number in range(1, len(taken) + 2) if (name := f"{variable}@{number}") not in taken)


def runs_along(node: ir.Node, batch: Axis) -> bool:
    """Has the node a value for each example, or each second example of a pair?"""
    return any(batch in (axis, axis.of) for axis in node.axes)


def _moved(axis: Axis, batch: Axis, stream: Axis) -> Axis:
    if axis == batch:
        return stream
    return replace(axis, of=stream) if axis.of == batch else axis


def streams_of(inputs: Iterable[Input]) -> dict[str, list[str]]:
    """The data variables of each batch, by the name of its axis."""
    out: dict[str, list[str]] = {}
    for each in inputs:
        for axis in each.axes:
            if axis.kind == "batch":
                out.setdefault(axis.name, []).append(each.name)
    return out
