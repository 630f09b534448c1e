r"""What an equation and the integrals along its path say, in terms of the state and the time of a point on the path.

f(z(t), t), f(z, t)                              f(z, t)
\frac{\partial f}{\partial z(t)}, df/dz          \nabla_z f(z, t)
\nabla \cdot f(z(t), t)                          \nabla_z \cdot f(z, t)
\dot z(t), \frac{dz(t)}{dt}                      f(z, t)
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.completion.flows.symbols import Moving
from formula2dgm.reading.flow_equations import FlowEquation
from formula2dgm.reading.kinds import PARAMETER_LETTERS
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

_DERIVATIVES = ("jac", "grad", "partial", "hess")


class OnPath:
    """Rewrites expressions to what they say at a point of a path; ``time`` is what they call the running time."""

    def __init__(self, equation: FlowEquation, time: tree.Symbol):
        self.equation, self.time = equation, time
        self.state = _moving(equation.state)
        self.now = _moving(equation.time)
        calls = [each for each in equation.right.all(tree.Call) if len(each.args) > 1]
        self.parameters = frozenset(arg for each in calls for arg in each.args if plain(arg) in PARAMETER_LETTERS)

    def __call__(self, node: tree.Node) -> tree.Node:
        equation = self.equation
        if self._is_change(node):
            return self._field(node)
        if equation.reads(node, self.time) or node == equation.state:
            return replace(self.state, span=node.span)
        if node == self.time:
            return replace(self.now, span=node.span)
        match node:
            case tree.Prefix(name, operand, sub) if name in _DERIVATIVES or name == "div":
                return self._derivative(node, name, operand, sub)
            case tree.Div(above, below) if (parts := _of_differentials(above, below)) is not None:
                return self._derivative(node, "jac", parts[0], (parts[1],))
            case tree.Call(args=args) if any(each in self.parameters for each in args):
                return self(replace(node, args=tuple(each for each in args if each not in self.parameters)))
            case tree.Call(head=tree.Symbol(sub=sub) as head) if self.time in sub:
                kept = tuple(each for each in sub if each != self.time)
                args = (*(self(each) for each in node.args), replace(self.now, span=head.span))
                return replace(node, head=replace(head, sub=kept), args=args)
            case tree.Symbol():
                call = self._call_of(node)
                within = isinstance(call, tree.Call) and any(each == node for arg in call.args for each in arg.walk())
                return node if call is None or within else self(call)
            case tree.Call(head=tree.Symbol() as head):
                inside = map_children(replace(node, head=tree.Number("0", span=node.head.span)), self)
                return replace(inside, head=self._named_as_written(head))  # type: ignore[call-arg]
        return map_children(node, self)

    def _is_change(self, node: tree.Node) -> bool:
        """Is this the derivative of the state by time, which the equation says?"""
        of = self.equation
        match node:
            case tree.Prefix("jac" | "grad" | "partial", operand, (by,)):
                return by == self.time and (of.reads(operand, self.time) or operand == of.state)
            case tree.Symbol(accents=("dot",)) | tree.Call(head=tree.Symbol(accents=("dot",))):
                head = node.head if isinstance(node, tree.Call) else node
                return isinstance(head, tree.Symbol) and replace(head, accents=(), sub=()) == of.state
        return False

    def _field(self, node: tree.Node) -> tree.Node:
        return OnPath(self.equation, self.equation.time)(self.equation.right).placed(node.span)

    def _derivative(self, node: tree.Node, name: str, operand: tree.Node, sub: tuple[tree.Node, ...]) -> tree.Node:
        """A derivative by the state; ``f`` alone is the call of f that the equation writes."""
        if name == "partial" and not sub and isinstance(operand, tree.Div):
            parts = _of_differentials(tree.Prefix("partial", operand.numerator, span=node.span), operand.denominator)
            if parts is not None:
                return self._derivative(node, "jac", parts[0], (parts[1],))
        by = tuple(self(each) for each in sub) or (replace(self.state, span=node.span),)
        return tree.Prefix(name, self(operand), by, span=node.span)

    def _named_as_written(self, head: tree.Symbol) -> tree.Symbol:
        """``f_\\theta`` of the equation where an integral says ``f``."""
        calls = self.equation.right.all(tree.Call)
        heads = {each.head for each in calls if isinstance(each.head, tree.Symbol) and each.head.sub}
        same = [each for each in heads if not head.sub and replace(each, sub=()) == head]
        return replace(same[0], span=head.span) if len(same) == 1 else head

    def _call_of(self, symbol: tree.Symbol) -> tree.Node | None:
        """The call that a function's name stands for: ``f`` or ``f_\\theta`` of the equation's right side."""
        right = self.equation.right
        calls = [each for each in right.all(tree.Call) if isinstance(each.head, tree.Symbol)]
        for each in calls:
            head = each.head
            assert isinstance(head, tree.Symbol)
            bare = replace(head, sub=())
            if symbol == head or symbol == bare or (replace(symbol, sub=()) == bare and not head.sub):
                if self.equation.time_of(each) is None:
                    return each if self.time == self.equation.time else _with_time(each, self.equation.time, self.time)
        return None


def _with_time(node: tree.Node, old: tree.Symbol, new: tree.Symbol) -> tree.Node:
    """A call with another name of the running time."""
    return new if node == old else map_children(node, lambda each: _with_time(each, old, new))


def _moving(symbol: tree.Symbol) -> Moving:
    return Moving(symbol.letter, symbol.accents, (), (), symbol.style, span=symbol.span)


def _of_differentials(above: tree.Node, below: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """``f`` and ``z(t)`` of ``∂f/∂z(t)`` and of ``df/dz(t)``."""
    found = [_of_differential(each) for each in (above, below)]
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _of_differential(node: tree.Node) -> tree.Node | None:
    match node:
        case tree.Prefix("partial", operand, ()):
            return operand
        case tree.Symbol(letter=letter) if len(letter) > 1 and letter[0] == "d":
            return replace(node, letter=letter[1:])
        case tree.Call(head=tree.Symbol(letter=letter) as head) if len(letter) > 1 and letter[0] == "d":
            return replace(node, head=replace(head, letter=letter[1:]))
    return None
