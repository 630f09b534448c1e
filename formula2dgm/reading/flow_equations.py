r"""Ordinary differential equations, ``\frac{dz(t)}{dt} = f(z(t), t)``, in the forms that people write, and where a
text reads their state.

\frac{dz(t)}{dt} = f(z(t), t)      \dot z = f(z, t)      z'(t) = f(z(t), t)      dz_t = f(z_t, t)\, dt
z(t_1) = z(t_0) + \int_{t_0}^{t_1} f(z(t), t)\, dt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.reading.differentials import read_equation
from formula2dgm.reading.names import plain
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class FlowEquation:
    """``d state / d time = right``; the state is a letter without scripts."""

    state: tree.Symbol
    time: tree.Symbol
    right: tree.Node
    chain: tree.Chain

    def __str__(self) -> str:
        """How messages call it."""
        return f"d{self.state}/d{self.time} = {self.right}"

    def time_of(self, node: tree.Node, time: tree.Symbol | None = None) -> tree.Node | None:
        """The time at which a node reads the state, ``t_0`` of ``z(t_0)`` and of ``z_{t_0}``; None for any other node.

        ``time`` is the name of the running time, where it is another one than the equation's."""
        match node:
            case tree.Call(head=tree.Symbol() as head, args=(when,), given=None, params=None) if head == self.state:
                return when if self._is_time(when, time) else None
            case tree.Symbol(sub=(when,), sup=()) if replace(node, sub=()) == self.state:
                return when if self._is_time(when, time) else None
        return None

    def reads(self, node: tree.Node, time: tree.Symbol) -> bool:
        """Is this the state at the running time: ``z(t)``, ``z_t``?"""
        return self.time_of(node, time) == time

    def _is_time(self, node: tree.Node, time: tree.Symbol | None) -> bool:
        """Is this a time: the running one, a number, ``t_1``, T?"""
        if isinstance(node, tree.Number):
            return True
        if not isinstance(node, tree.Symbol) or node.accents or node.sup:
            return False
        known = {self.time.letter, "T", "tau", *([time.letter] if time is not None else [])}
        return node.letter in known and len(node.sub) <= 1


def read_flow(chain: tree.Chain) -> FlowEquation | None:
    """The equation of a statement; None where it says no such thing, or of something that is no part of its right
    side."""
    if chain.relations != ("=",):
        return None
    found = _in_derivatives(chain) or _in_differentials(chain) or _in_an_integral(chain)
    if found is None or not any(_reads(found, each) for each in found.right.walk()):
        return None
    return found


def _reads(equation: FlowEquation, node: tree.Node) -> bool:
    return node == equation.state or equation.reads(node, equation.time)


def _in_derivatives(chain: tree.Chain) -> FlowEquation | None:
    """``\\frac{dz}{dt} = ...``, ``dz/dt = ...``, ``\\dot z = ...``, ``z'(t) = ...``."""
    left, right = chain.members
    found: tuple[tree.Node, tree.Node] | None = None
    match left:
        case tree.Prefix("jac" | "grad" | "partial", operand, (by,)):
            found = operand, by
        case tree.Div(above, below) if (of := _of_differential(above)) and (by_ := _of_differential(below)):
            found = of, by_
        case tree.Symbol(accents=("dot",), sub=(by,)):
            found = replace(left, accents=()), by
        case tree.Symbol(accents=("dot",), sub=()):
            found = replace(left, accents=()), tree.Symbol("t", span=left.span)
        case tree.Call(head=tree.Symbol(accents=("dot" | "prime",)) as head, args=(by,), given=None):
            found = replace(left, head=replace(head, accents=())), by
    if found is None:
        return None
    operand, by = found
    state = _stem(operand, by)
    if state is None or not isinstance(by, tree.Symbol) or plain(by) is None:
        return None
    return FlowEquation(state, by, right, chain)


def _stem(operand: tree.Node, by: tree.Node) -> tree.Symbol | None:
    """``z`` of ``z(t)``, ``z_t`` and ``z``."""
    match operand:
        case tree.Call(head=tree.Symbol(sub=(), sup=()) as head, args=(when,), given=None, params=None) if when == by:
            return head
        case tree.Symbol(sub=(when,), sup=()) if when == by:
            return replace(operand, sub=())
        case tree.Symbol(sub=(), sup=()):
            return operand
    return None


def _of_differential(node: tree.Node) -> tree.Node | None:
    """``z(t)`` of ``dz(t)``, ``t`` of ``dt``."""
    match node:
        case tree.Symbol(letter=letter) if len(letter) > 1 and letter[0] == "d":
            return replace(node, letter=letter[1:])
        case tree.Call(head=tree.Symbol(letter=letter) as head) if len(letter) > 1 and letter[0] == "d":
            return replace(node, head=replace(head, letter=letter[1:]))
        case tree.Mul(factors=(tree.Symbol("d", sub=()), each)):
            return each
    return None


def _in_differentials(chain: tree.Chain) -> FlowEquation | None:
    """``dz = f(z, t) dt``, ``dz(t) = ...``, without noise."""
    left, right = chain.members
    match left:
        case tree.Call(head=tree.Symbol(sub=()) as head, args=(when,), given=None, params=None):
            left = replace(head, sub=(when,))
    if not isinstance(left, tree.Symbol | tree.Mul):
        return None
    equation = read_equation(replace(chain, members=(left, right)))
    if equation is None or equation.diffusion is not None or equation.drift is None:
        return None
    state = _stem(equation.variable, equation.time)
    return None if state is None else FlowEquation(state, equation.time, equation.drift, chain)


def _in_an_integral(chain: tree.Chain) -> FlowEquation | None:
    """``z(t_1) = z(t_0) + \\int_{t_0}^{t_1} f(z(t), t) dt``."""
    match chain.members:
        case (left, tree.Add((tree.Integral() as integral, first)) | tree.Add((first, tree.Integral() as integral))):
            pass
        case _:
            return None
    match integral:
        case tree.Integral(body, (tree.Symbol() as time,), lower, upper) if lower is not None and upper is not None:
            ends = [_at(left, upper), _at(first, lower)]
        case _:
            return None
    state = ends[0]
    if state is None or ends[1] != state or plain(time) is None:
        return None
    return FlowEquation(state, time, body, chain)


def _at(node: tree.Node, when: tree.Node) -> tree.Symbol | None:
    """``z`` of ``z(t_0)`` and of ``z_{t_0}``, at this very time."""
    match node:
        case tree.Call(head=tree.Symbol(sub=(), sup=()) as head, args=(at,), given=None, params=None) if at == when:
            return head
        case tree.Symbol(sub=(at,), sup=()) if at == when:
            return replace(node, sub=())
    return None


def reads_of_state(
    equation: FlowEquation, node: tree.Node, time: tree.Symbol | None = None
) -> Iterator[tuple[tree.Node, bool]]:
    """The times at which a tree reads the state, each with whether it is the running one, ``time``; none of those that
    an integral runs over."""
    when = equation.time_of(node, time)
    if when is not None:
        yield when, when == (equation.time if time is None else time)
        return
    inside = variable_of(node)
    for each in node.children:
        found = reads_of_state(equation, each, inside or time)
        yield from (one for one in found if not (inside and one[1]))


def variable_of(node: tree.Node) -> tree.Symbol | None:
    """The name that an integral between two ends runs over; None for any other node."""
    match node:
        case tree.Integral(variables=(tree.Symbol() as name,), lower=tree.Node(), upper=tree.Node()):
            return name
    return None
