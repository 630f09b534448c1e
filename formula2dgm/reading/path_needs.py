"""Which statements speak of a path of a differential equation: the equation, and what its state is at single times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading.flow_equations import FlowEquation, read_flow
from formula2dgm.syntax import tree

_SAYS = frozenset({"=", ":=", "~"})


class Paths:
    """The paths of a document's equations, each by the letter of its state."""

    def __init__(self, bodies: Sequence[tree.Node]):
        found = (read_flow(each) for each in bodies if isinstance(each, tree.Chain))
        self.equations: list[FlowEquation] = [each for each in found if each is not None]
        self.names: dict[tree.Symbol, str] = {}
        for equation in self.equations:
            for body in bodies:
                for name in _named(equation, body):
                    self.names[name] = str(equation.state)

    def said_in(self, body: tree.Node) -> Iterator[str]:
        """The paths of which a statement says something: how the state changes, or what it is at a time."""
        for each in self.equations:
            if not isinstance(body, tree.Chain) or body.relations[0] not in _SAYS:
                return
            says = any(each.time_of(member) is not None for member in body.members)
            if body is each.chain or says or _is_change(each, body):
                yield str(each.state)

    def functions_in(self, body: tree.Node) -> set[tree.Node]:
        """The functions that say how the state changes, v of ``dz/dt = v(z(t), t)``."""
        found: set[tree.Node] = set()
        for each in (each for each in self.equations if body is each.chain):
            found |= {node.head for node in each.right.all(tree.Call)} - {each.state}
        return found

    def is_equation(self, body: tree.Node) -> bool:
        """Is a statement one that says how a state changes: of several of one state, the nearest counts?"""
        return any(body is each.chain for each in self.equations)

    def read_in(self, body: tree.Node) -> Iterator[str]:
        """The paths that a statement reads: at a time, ``z(t_0)``, or by another name of the state, ``x = z(1)``."""
        for node in body.walk() if self.equations else ():
            if isinstance(node, tree.Symbol) and node in self.names:
                yield self.names[node]
            if isinstance(node, tree.Call):
                yield from (str(each.state) for each in self.equations if each.time_of(node) is not None)


def _named(equation: FlowEquation, body: tree.Node) -> Iterator[tree.Symbol]:
    """``x`` of ``x = z(1)``."""
    match body:
        case tree.Chain((tree.Symbol() as name, tree.Call() as state), ("=",)):
            pass
        case tree.Chain((tree.Call() as state, tree.Symbol() as name), ("=",)):
            pass
        case _:
            return
    if equation.time_of(state) is not None:
        yield name


def _is_change(equation: FlowEquation, body: tree.Chain) -> bool:
    """Does it say how the log-density of the state changes by time?"""
    match body.members[0]:
        case tree.Prefix("jac", tree.Prefix("log", tree.Call(args=(state,))), (by,)):
            return by == equation.time and equation.reads(state, equation.time)
    return False
