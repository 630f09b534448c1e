r"""Values that only the solution of an equation in differentials says: z at 1 of ``\frac{dz}{dt} = f(z, t)``.

The equation is not solved. Where the text says the value at one time, ``z_0 = x``, and reads it at another, of which
nothing else says what it is, this is an error: the value would be taken for data, and the equation for an aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def refuse_solutions(equation: tree.Statement, statements: Sequence[tree.Statement]) -> None:
    """Refuse a value that nothing but the equation says, where another one is said."""
    assert isinstance(equation.body, tree.Chain)
    variable = _variable(equation.body.members[0])
    if variable is None:
        return
    others = [each.body for each in statements if each is not equation]
    told = {at for body in others for each in _told(body) if (at := _time(each, variable)) is not None}
    if any(plain(at) is not None and plain(at) != "T" for at in told):
        return  # the text says the value at every time itself: a path
    drawn = {at for body in others for each in _drawn(body) if (at := _time(each, variable)) is not None}
    for node in (each for body in others for each in body.walk()):
        at = _time(node, variable)
        if told and at is not None and at not in told | drawn and (isinstance(at, tree.Number) or plain(at) == "T"):
            raise FormulaError(
                Diagnostic(
                    "F2D-0130",
                    "error",
                    f"{node} would be the solution of {equation.body.span.text}, which is not solved",
                    node.span,
                    f"bind the solution as a network, {node} = g(...), or write the steps of a solver",
                )
            )


def _variable(left: tree.Node) -> tree.Symbol | None:
    """z of ``dz`` and of ``\\frac{dz}{dt}``."""
    inside = left.operand if isinstance(left, tree.Prefix) else left
    if isinstance(inside, tree.Mul) and len(inside.factors) == 2 and plain(inside.factors[0]) == "d":
        inside = inside.factors[1]
    inside = inside.head if isinstance(inside, tree.Call) else inside
    return inside if isinstance(inside, tree.Symbol) else None


def _time(node: tree.Node, variable: tree.Symbol) -> tree.Node | None:
    """The time at which a node is the variable: 1 of ``z_1`` and of ``z(1)``."""
    symbol = node.head if isinstance(node, tree.Call) else node
    if not isinstance(symbol, tree.Symbol) or (symbol.letter, symbol.accents, symbol.style) != (
        variable.letter,
        variable.accents,
        variable.style,
    ):
        return None
    if isinstance(node, tree.Call):
        return node.args[0] if len(node.args) == 1 and not symbol.sub else None
    return symbol.sub[0] if len(symbol.sub) == 1 else None


def _told(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement defines, draws, or says the density of."""
    if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=", "~"):
        left = body.members[0]
        yield from left.args if isinstance(left, tree.Call) and is_density_call(left) else (left,)


def _drawn(body: tree.Node) -> Iterator[tree.Node]:
    """What expectations bind, and what is data of a space."""
    if isinstance(body, tree.Chain) and body.relations[0] == "in":
        yield body.members[0]
    for each in body.walk():
        for item in each.binders if isinstance(each, tree.Expect) else ():
            match item:
                case tree.Draws(names=names):
                    yield from names
                case tree.Call(args=args):
                    yield from args
                case _:
                    yield item
