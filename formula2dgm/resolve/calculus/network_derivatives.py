r"""Derivatives by numbers where networks are under them, ``\frac{d}{dt} u(z_t, t)``, and what they hold constant.

``\frac{d}{dt}`` follows every value that hangs on t, z_t with it: the derivative of u along ``(dz_t/dt, 1)``.
``\frac{\partial}{\partial t}`` and ``\partial_t`` of an expression with networks hold such values constant.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import depends, walk
from formula2dgm.resolve.calculus.affine import is_number
from formula2dgm.resolve.calculus.derivatives import derivative
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.families import Evaluate
from formula2dgm.syntax import tree


def derived_by_rules(
    context: Context,
    node: tree.Node,
    body: tree.Node,
    variable: tree.Node,
    value: ir.Node,
    by: ir.Node,
    direction: ir.Node | None = None,
    constant: frozenset[ir.Node] = frozenset(),
) -> ir.Node:
    """The derivative of a value by another, refused where no rule says what it is."""
    found = derivative(context.arena, value, by, direction, constant)
    if found.node is None and isinstance(found.end, ir.Draw):
        raise context.refuse(
            "F2D-0550",
            f"{found.end.site} is drawn by a law that hangs on {variable}: how the draw moves with it is not said",
            node.span,
            f"define it by its noise: {found.end.site} = ... + ... \\epsilon, \\epsilon \\sim \\mathcal{{N}}(0, I)",
        )
    if found.node is None:
        raise context.refuse(
            "F2D-0215",
            f"no rule says the derivative of {body} by {variable}",
            node.span,
            "there are rules for sums, products, powers, elementary functions and networks; write others out",
        )
    for each in found.held:
        context.assume(f"{each.site} does not move with {variable} in {node}: it is drawn", node.span)
    if constant and is_number(found.node, 0):
        raise context.refuse(
            "F2D-0551",
            f"{body} depends on {variable} through values alone, which a partial derivative holds constant",
            node.span,
            f"write \\frac{{d}}{{d{variable}}} for the derivative that follows them",
        )
    if isinstance(found.node, ir.Jvp):
        context.arena.note(found.node, node)
    return found.node


def held_values(
    context: Context,
    body: tree.Node,
    variable: tree.Node,
    value: ir.Node,
    by: ir.Node,
    scope: Scope,
    evaluate: Evaluate,
) -> frozenset[ir.Node]:
    """The vectors that a partial derivative by a number holds constant though they hang on it: x_t of ``s(x_t, t)``."""
    if not any(isinstance(each, ir.NetCall) and depends((each,), frozenset((by,))) for each in walk(value)):
        return frozenset()
    found = {}
    for each in _values(body):
        made = evaluate(each, scope) if each != variable else by
        if made is not by and made.event != "number" and depends((made,), frozenset((by,))):
            found[made] = each
    if found:
        said = " and ".join(dict.fromkeys(str(each) for each in found.values()))
        context.assume(f"the partial derivative of {body} by {variable} holds {said} constant", body.span)
    return frozenset(found)


def _values(node: tree.Node) -> Iterator[tree.Symbol]:
    """The symbols of an expression that stand for values."""
    match node:
        case tree.Symbol():
            yield node
        case tree.Call():
            for each in (*node.args, *(node.given or ())):
                yield from _values(each)
        case tree.Func() | tree.Prefix():
            for each in node.args if isinstance(node, tree.Func) else (node.operand,):
                yield from _values(each)
        case _:
            for each in node.children:
                yield from _values(each)
