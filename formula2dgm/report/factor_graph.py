"""The factor graph of a program: its variables, what each depends on, and what is repeated.

An edge runs from what a density is given to the variable that it is of.  A density that approximates a posterior is
an inference density: its edges are drawn dashed, and say nothing of how the data come about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.signature import read_signature
from formula2dgm.syntax import parse_one, tree


def factor_graph(program: Program) -> dict[str, Any]:
    """The graph as plain data.

    nodes   ``kind``: ``data``, ``latent``, ``deterministic`` (what a network returns) or ``parameter``; ``plates``
    edges   ``kind``: ``generative``, ``inference`` or ``function`` (into a network); ``lag`` counts the steps of
            time; an edge from nothing is a density that is given nothing
    plates  what is repeated, outermost first: its axis and how often
    """
    return _Builder(program).build()


@dataclass(slots=True)
class _Density:
    """A density as the program uses it: the variables it is of, what these are given, how it is used."""

    targets: dict[str, None] = field(default_factory=dict)
    sources: dict[tuple[str, int], None] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    drawn: bool = False

    def ends(self) -> Iterator[tuple[str, str, int]]:
        """The edges: from, to, lag.  A variable is no parent of itself, but for an earlier step of time."""
        for target in self.targets:
            for source, lag in self.sources:
                if source != target or lag:
                    yield source, target, lag


class _Builder:
    """Collects nodes and densities from the terms of a program."""

    def __init__(self, program: Program):
        self.program = program
        self.kinds: dict[str, str] = {each.name: "data" for each in program.inputs}
        self.axes: dict[str, tuple[Axis, ...]] = {each.name: each.axes for each in program.inputs}
        self.densities: dict[str, _Density] = {}
        self.functions: dict[tuple[str, str, int], None] = {}
        self.groups: dict[str, dict[str, None]] = {}

    def build(self) -> dict[str, Any]:
        roots = [term.node for objective in self.program.objectives for term in objective.terms]
        self._results(roots)
        for node in walk(*roots):
            match node:
                case ir.State():
                    self._state(node)
                case ir.Draw(law):
                    self._density(law, [self._latent(self._variable(node), node.axes)], drawn=True)
                case ir.Enumerated(law, axis):
                    self._latent(axis.name.rstrip("'"), law.axes)
                case ir.LogProb(law, value):
                    scored = value.body if isinstance(value, ir.Picked) else value  # its step is no part of the value
                    self._density(law, [name for name, _ in self._variables(scored)])
                case ir.LogProbAt(label, category, parts):
                    self._at_category(label, category, parts)
                case ir.Divergence(_, left, right):
                    targets = [self._latent(each, left.axes) for each in _named(left) or _named(right)]
                    self._density(left, targets, drawn=True)
                    self._density(right, targets)
                case ir.Entropy(law):
                    self._density(law, [self._latent(each, law.axes) for each in _named(law)], drawn=True)
        return self._data()

    # -- nodes -----------------------------------------------------------------------------------------

    def _latent(self, name: str, axes: Iterable[Axis]) -> str:
        self.kinds.setdefault(name, "latent")
        self.axes.setdefault(name, _outside(axes))
        return name

    def _results(self, roots: list[ir.Node]) -> None:
        """The networks whose results the terms hold: what is not a parameter of a law."""
        heads: dict[ir.Head, None] = {}
        stack, seen = list(roots), set()
        while stack:
            node = stack.pop(0)
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, ir.State):
                stack.extend(_made_of(node))
                continue
            if isinstance(node, ir.Head) and node.family is None:
                heads.setdefault(node)
            stack.extend(each for each in node.children if not isinstance(each, ir.Law))
        for state in (each for each in walk(*roots) if isinstance(each, ir.State)):
            self.kinds.setdefault(state.site, "deterministic")
            self.axes.setdefault(state.site, _outside(state.axes))
        for head in heads:
            self.kinds.setdefault(self._label(head.call), "deterministic")
            self.axes.setdefault(self._label(head.call), _outside(head.axes))
        for head in heads:
            self._result(head.call)

    def _result(self, call: ir.NetCall) -> None:
        name = self._label(call)
        for source, lag in self._variables(*call.args):
            if source != name:
                self.functions.setdefault((source, name, lag))
        for group in self._groups(call):
            self.groups.setdefault(group, {}).setdefault(name)

    def _state(self, state: ir.State) -> None:
        """What a recurrence defines is a variable of its own, made of what its body reads."""
        for source, lag in self._variables(*_made_of(state)):
            if source != state.site or lag:
                self.functions.setdefault((source, state.site, lag))
        for group in self._groups(state.body):
            self.groups.setdefault(group, {}).setdefault(state.site)

    def _variables(self, *roots: ir.Node) -> list[tuple[str, int]]:
        """The variables that values are made of, with their lag, not looking through draws."""
        found: dict[tuple[str, int], None] = {}
        stack = list(roots)
        while stack:
            node = stack.pop(0)
            match node:
                case ir.Data(name):
                    found.setdefault((name, 0))
                case ir.Draw():
                    found.setdefault((self._latent(self._variable(node), node.axes), 0))
                case ir.Previous(site, _, _, _, lag):
                    found.setdefault((self._of_site(site), lag))
                case ir.State(_, site):
                    found.setdefault((site, 0))
                case ir.Shifted(body, _, by):
                    found |= dict.fromkeys((name, lag - by) for name, lag in self._variables(body))
                case ir.Carrying(body):
                    stack.append(body)
                case ir.Enumerated(law, axis):
                    found.setdefault((self._latent(axis.name, law.axes), 0))
                case ir.Head(call, None) if self.kinds.get(self._label(call)) == "deterministic":
                    found.setdefault((self._label(call), 0))
                case _:
                    stack.extend(node.children)
        return list(found)

    def _variable(self, draw: ir.Draw) -> str:
        return self._of_site(draw.site)

    def _of_site(self, site: str) -> str:
        return next((each.variable for each in self.program.sites if each.name == site), site)

    def _label(self, call: ir.NetCall) -> str:
        return next((each.label for each in self.program.called if each.name == call.network), call.network)

    # -- densities and parameters ----------------------------------------------------------------------

    def _density(self, law: ir.Law, targets: Iterable[str], drawn: bool = False) -> None:
        density = self.densities.setdefault(law.label, _Density())
        density.targets.update(dict.fromkeys(targets))
        density.sources.update(dict.fromkeys(self._variables(*(value for _, value in law.params))))
        density.groups.update(dict.fromkeys(self._groups(*(value for _, value in law.params))))
        density.drawn |= drawn

    def _at_category(self, label: str, category: ir.Node, parts: tuple[ir.Node, ...]) -> None:
        """A density that is bound value by value is given the category beside what its parts are given."""
        density = self.densities.setdefault(label, _Density())
        for each in parts:
            if isinstance(each, ir.LogProb):
                density.targets.update(dict.fromkeys(name for name, _ in self._variables(each.value)))
        density.sources.update(dict.fromkeys(self._variables(category)))

    def _groups(self, *roots: ir.Node) -> list[str]:
        """The parameters behind values, not looking through draws: ``theta``."""
        found: dict[str, None] = {}
        stack = list(roots)
        while stack:
            node = stack.pop(0)
            if isinstance(node, ir.NetCall):
                group = next((each.group for each in self.program.called if each.name == node.network), None)
                if group:
                    found.setdefault(group)
            elif isinstance(node, ir.Param) and node.learned:
                known = next(each for each in self.program.parameters if each.name == node.name)
                if known.group or known.label.isidentifier():
                    found.setdefault(known.group or known.label)
            if not isinstance(node, ir.Draw | ir.Enumerated | ir.State):
                stack.extend(node.children)
        return [each for each in found if self.kinds.get(each, "parameter") == "parameter"]

    def _inference(self) -> set[str]:
        """The labels of the densities that approximate others.

        By convention those of the letter q beside one of another letter; else one that is drawn from, and given
        something, where the same variable is scored under a density of its own that is given nothing.
        """
        named = {label for label in self.densities if _letter(label) in ("q", "Q")}
        if named:
            return named if len(named) < len(self.densities) else set()
        priors = {
            target for each in self.densities.values() if not each.sources and not each.drawn for target in each.targets
        }
        return {
            label
            for label, each in self.densities.items()
            if each.drawn and each.sources and priors.intersection(each.targets)
        }

    # -- the result ------------------------------------------------------------------------------------

    def _data(self) -> dict[str, Any]:
        edges = [*self._density_edges(), *(_edge(*each, "", "function") for each in self.functions)]
        edges += [_edge(group, to, 0, "", "function") for group, targets in self.groups.items() for to in targets]
        parameters = {each["from"] for each in edges if each["from"] is not None} - set(self.kinds)
        nodes = [
            {"name": name, "kind": kind, "plates": [str(axis) for axis in self.axes[name]]}
            for name, kind in self.kinds.items()
        ]
        nodes += [{"name": name, "kind": "parameter", "plates": []} for name in sorted(parameters)]
        return {"nodes": nodes, "edges": edges, "plates": self._plates()}

    def _density_edges(self) -> Iterator[dict[str, Any]]:
        inference = self._inference()
        for label, density in self.densities.items():
            kind = "inference" if label in inference else "generative"
            ends = list(density.ends())
            yield from (_edge(*each, label, kind) for each in ends)
            alone = [each for each in density.targets if each not in {target for _, target, _ in ends}]
            yield from (_edge(None, each, 0, label, kind) for each in alone)
            for group in density.groups:
                yield from (_edge(group, each, 0, label, kind) for each in density.targets)

    def _plates(self) -> list[dict[str, Any]]:
        """Every axis that a node lies in, those that hold the most nodes first."""
        held: dict[Axis, int] = {}
        for axes in self.axes.values():
            for axis in axes:
                held[axis] = held.get(axis, 0) + 1
        ordered = sorted(held, key=lambda axis: (-held[axis], axis.kind != "batch"))
        return [{"name": str(axis), "kind": axis.kind, "axis": axis.name, "size": axis.size} for axis in ordered]


def _made_of(state: ir.State) -> list[ir.Node]:
    """What a state is computed from; a network that returns it is no variable beside it."""
    body = state.body
    return list(body.call.args if isinstance(body, ir.Head) and body.family is None else body.children)


def _edge(source: str | None, target: str, lag: int, density: str, kind: str) -> dict[str, Any]:
    return {"from": source, "to": target, "density": density, "kind": kind, "lag": lag}


def _outside(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """The axes along which a value is repeated, not that of a sum over all its values."""
    return tuple(axis for axis in axes if axis.kind != "enumeration")


def _letter(label: str) -> str:
    return label.split("(")[0].split("_")[0]


def _named(law: ir.Law) -> list[str]:
    """The variables that a law's label names; none where the label is a family's."""
    try:
        call = parse_one(law.label)
    except FormulaError:
        return []
    if not isinstance(call, tree.Call) or not isinstance(call.head, tree.Symbol) or _letter(law.label) == law.family:
        return []
    indices = frozenset(axis.name for axis in law.axes if axis.kind == "time")
    return [each.id for each in read_signature(call, indices).variables if each]
