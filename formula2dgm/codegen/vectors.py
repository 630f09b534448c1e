"""Functions of whole vectors, entries, chosen rows, and numbers that stand beside vectors."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.alignment import Axes, spread
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.python import ATOM, PRODUCT, UNARY, Code, call, method, product
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.registry.functions import function

Expression = Callable[[Scope, ir.Node, Demand], Code]


def of_vectors(
    scope: Scope, node: ir.EventFunction | ir.Entry | ir.ArgMin | ir.Nearest, expression: Expression
) -> Code:
    """Functions of whole vectors, one entry of a vector, and the position of the smallest number."""
    lead = str(len(node.axes))

    def value(each: ir.Node) -> Code:
        code = expression(scope, each, "value")
        return code if is_python_number(each) else spread(code, each.axes, node.axes, full=True)

    match node:
        case ir.EventFunction(name, args):
            return call(scope.use(function(name).call), *map(value, args), lead)
        case ir.Entry(vector, category):
            return call(scope.use("entry_of"), value(vector), value(category), lead)
        case ir.Nearest(point, rows, _, order):
            codes = [expression(scope, each, "value") for each in (point, rows)]
            return call(scope.use("nearest_row"), *codes, f"{order:g}")
        case ir.ArgMin(body, axis):
            return method(expression(scope, body, "number"), "argmin", str(body.axes.index(axis)))


def beside_vectors(
    scope: Scope, law: ir.Law, value: ir.Node | None, node: ir.Node, axes: Axes, expression: Expression
) -> Code | None:
    """One number an example, as a parameter beside one that is a vector, or of a row of numbers beside the value that
    the law scores; None where none of them is."""
    like = next((each for _, each in law.params if each.event != "number"), None)
    vector = value is not None and (isinstance(node, ir.Param) or value.event == "value")
    like = value if like is None and vector else like
    if like is None:
        return None
    codes = expression(scope, node, "number"), expression(scope, like, "value")
    return spread(call(scope.use("over_event"), *codes, str(len(like.axes))), node.axes, axes)


def beside_noise(scope: Scope, draw: ir.Draw, given: list[Code], noise: Code, expression: Expression) -> list[Code]:
    """The parameters of a draw of vectors beside its noise: numbers at the positions of its axes, ``\\lambda_k`` of
    ``N(0, \\lambda_k I)``, stand for every entry."""
    law, lead = draw.law, str(len(draw.axes))
    nodes = [dict(law.params)[name] for name in facts(law).parameters]
    if law.scalar or not facts(law).elementwise or any(each.event != "number" for each in nodes):
        return given
    wide = [spread(expression(scope, each, "number"), each.axes, draw.axes, full=True) for each in nodes]
    codes = zip(nodes, given, wide, strict=True)
    return [call(scope.use("over_event"), whole, noise, lead) if each.axes else code for each, code, whole in codes]


def pairwise(node: ir.Node, left: ir.Node, right: ir.Node) -> tuple[ir.Node, ir.Node] | None:
    """The two, the outer axis first, where each has an axis of its own: their products are a product of matrices."""
    if len(node.axes) != 2 or {left.axes, right.axes} != {(axis,) for axis in node.axes}:
        return None
    return (left, right) if left.axes == node.axes[:1] else (right, left)


def matrix_product(
    scope: Scope, node: ir.Node, matrix: ir.Node, vector: ir.Node, turned: bool, expression: Expression
) -> Code:
    """``z @ A.mT``: one product for all axes where the matrix has none; else matrix by matrix."""
    code = expression(scope, matrix, "value")
    if not matrix.axes:
        right = code.within(ATOM) + ("" if turned else ".mT")
        return Code(f"{expression(scope, vector, 'value').within(UNARY)} @ {right}", PRODUCT)
    rows, entries = (
        spread(expression(scope, each, "value"), each.axes, node.axes, full=True) for each in (matrix, vector)
    )
    return call(scope.use("matrix_vector"), Code(rows.within(ATOM) + ".mT" * turned), entries)


def over_event(scope: Scope, node: ir.Node, expression: Expression) -> Code:
    """Norms and inner products: the event dimensions are summed."""
    axes = str(len(node.axes))
    match node:
        case ir.Pow(ir.Norm(body), _):
            return call(scope.use("squared_norm_event"), expression(scope, body, "value"), axes)
        case ir.Norm(body, order):
            return call(scope.use("norm_event"), expression(scope, body, "value"), f"{order:g}", axes)
        case ir.EventSum(body):
            return call(scope.use("sum_event"), expression(scope, body, "value"), axes)
        case ir.Dot(left, right) if (pair := pairwise(node, left, right)) is not None:
            return call(scope.use("inner_products"), *(expression(scope, each, "value") for each in pair))
        case ir.Dot(left, right):
            both = [spread(expression(scope, each, "value"), each.axes, node.axes) for each in (left, right)]
            return call(scope.use("sum_event"), product(both), axes)
    raise TypeError(type(node).__name__)
