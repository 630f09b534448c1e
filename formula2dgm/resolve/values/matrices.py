"""Products of matrices and vectors: ``A z + b``, ``w^T x``, ``(x - \\mu)^T \\Sigma^{-1} (x - \\mu)``.

A matrix is a bound tensor of two dimensions behind its indices. A vector is any other value; side by side with another
vector it is multiplied element by element, as ``\\odot`` says.
"""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.bindings import TensorValue
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.scaffold.score_maps import default_map, is_default_map
from formula2dgm.resolve.values.shapes import shape_of
from formula2dgm.syntax import tree

_ORDER = "multiply a matrix by a vector, A z, or two vectors, a^T b"


def is_matrix(context: Context, node: ir.Node) -> bool:
    """Has the value two event dimensions, and is it made of bound tensors alone?"""
    if not isinstance(node, ir.Param | ir.Apply):
        return False
    shape = shape_of(context, node)
    return isinstance(shape, tuple) and len(shape) == 2


def names_matrix(context: Context, factor: tree.Node) -> bool:
    """A look at the syntax: is this the name of a tensor of two dimensions behind its indices, or its inverse?"""
    symbol = inverted(factor) or factor
    if not isinstance(symbol, tree.Symbol):
        return False
    name = read_name(symbol, context.model.indices, head=True)
    binding = context.named.find(name)
    shape = binding.value.shape if binding is not None and isinstance(binding.value, TensorValue) else ()
    return len(shape) - len(name.index) == 2


def find_vectors(context: Context) -> None:
    """What a bound matrix multiplies is a vector: data, where nothing else says what it is, x of ``W x``."""
    model, found = context.model, set[str]()
    for node in (each for root in model.expressions() for each in root.walk()):
        pairs = zip(node.factors, node.factors[1:], strict=False) if isinstance(node, tree.Mul) else ()
        for left, right in pairs:
            if names_matrix(context, transposed(left) or left) and isinstance(right, tree.Symbol):
                name = read_name(right, model.indices)
                said = {name.id, name.full} & (set(model.definitions) | set(model.drawn) | model.parameters)
                if not said and context.named.find(name) is None:
                    found.add(name.id)
    model.variables |= found


def has_matrices(context: Context, node: tree.Node) -> bool:
    """A look at the syntax: is a factor of this product a matrix, or transposed?"""
    factors = node.factors if isinstance(node, tree.Mul) else (node,)
    return any(transposed(each) is not None or names_matrix(context, each) for each in factors)


def transposed(node: tree.Node) -> tree.Node | None:
    """What ``A^T`` transposes, or None."""
    if isinstance(node, tree.Power) and isinstance(node.exponent, tree.Symbol) and node.exponent.letter == "top":
        return node.base
    return None


def gram_root(node: tree.Node) -> tree.Node | None:
    """``L`` of ``L L^T``, or None."""
    if isinstance(node, tree.Mul) and len(node.factors) == 2 and transposed(node.factors[1]) == node.factors[0]:
        return node.factors[0]
    return None


def inverted(node: tree.Node) -> tree.Node | None:
    """``A`` of ``A^{-1}``, or None."""
    if isinstance(node, tree.Power) and isinstance(node.exponent, tree.Neg) and str(node.exponent) == "-1":
        return node.base
    return None


def product(context: Context, node: tree.Mul, evaluate: Callable[[tree.Node, int], ir.Node]) -> ir.Node | None:
    """The product of factors of which one at least is a matrix or transposed; None for any other product.

    ``evaluate`` gives a factor's value at its position.
    """
    if not has_matrices(context, node):
        return None
    turned = [transposed(each) is not None for each in node.factors]
    bare = [transposed(each) or each for each in node.factors]
    between = len(bare) - 2
    unsaid = between > 0 and turned[between - 1] and is_default_map(context, bare[between])
    known = {place: evaluate(each, place) for place, each in enumerate(bare) if not (unsaid and place == between)}
    if unsaid:
        sides = [(bare[place], known[place]) for place in (between - 1, between + 1)]
        known[between] = default_map(context, bare[between], sides[::-1] if turned[between] else sides)
    values = [known[place] for place in range(len(bare))]
    make, result = context.arena.make, values[-1]
    if turned[-1] or is_matrix(context, result):
        raise context.refuse("F2D-0323", f"{node} ends in {node.factors[-1]}, not in a vector", node.span, _ORDER)
    for value, turn, factor in reversed(list(zip(values[:-1], turned[:-1], node.factors[:-1], strict=True))):
        if is_matrix(context, value):
            _fits(context, node, factor, value, turn, result)
            result = make(ir.MatMul, value, result, turn)
        elif turn and value.event != "number" and result.event != "number":
            result = make(ir.Dot, value, result)
        elif turn and value.event != "number":
            raise context.refuse("F2D-0323", f"{factor} in {node} meets a number", factor.span, _ORDER)
        else:
            result = make(ir.Mul, (value, result))
    return result


def _fits(context: Context, node: tree.Node, factor: tree.Node, matrix: ir.Node, turn: bool, vector: ir.Node) -> None:
    """The columns of the matrix are as many as the entries of the vector, where both are known."""
    shape, size = shape_of(context, matrix), shape_of(context, vector)
    assert isinstance(shape, tuple)
    columns = shape[0] if turn else shape[1]
    if vector.event == "number" or (isinstance(size, tuple) and size not in ((columns,), ())):
        found = "a number" if vector.event == "number" else f"{' x '.join(map(str, size or ()))} entries"
        raise context.refuse(
            "F2D-0323", f"{factor} has {columns} columns, and meets {found} in {node}", factor.span, _ORDER
        )


def log_abs_det(
    context: Context, node: tree.Node, evaluate: Callable[[tree.Node], ir.Node]
) -> tuple[tree.Node, ir.Node] | None:
    """A bound matrix and ``log|det|`` of it, its transpose, its inverse, or ``L L^T``; None for anything else."""
    make = context.arena.make
    if (root := gram_root(node)) is not None and (found := log_abs_det(context, root, evaluate)) is not None:
        return found[0], make(ir.Mul, (context.const(2.0), found[1]))
    if (base := transposed(node)) is not None:
        return log_abs_det(context, base, evaluate)
    if (base := inverted(node)) is not None and (found := log_abs_det(context, base, evaluate)) is not None:
        return found[0], make(ir.Neg, found[1])
    if not isinstance(node, tree.Symbol) or not names_matrix(context, node):
        return None
    matrix = evaluate(node)
    shape = shape_of(context, matrix)
    if isinstance(shape, tuple) and shape[0] != shape[1]:
        message = f"{node} is {shape[0]} x {shape[1]}: only a square matrix has a determinant"
        raise context.refuse("F2D-0234", message, node.span, "bind a square matrix")
    return node, make(ir.LogAbsDet, matrix)


def covariance(context: Context, argument: tree.Node, evaluate: Callable[[tree.Node], ir.Node]) -> ir.Node | None:
    """The lower Cholesky factor of a covariance that is a matrix: ``\\Sigma``, ``L L^T``, ``\\Lambda^{-1}``; None for
    any other argument."""
    make = context.arena.make
    root = gram_root(argument)
    if root is not None:
        return evaluate(root) if names_matrix(context, root) else None
    if not names_matrix(context, argument):
        return None
    precision = inverted(argument)
    if precision is not None:
        return make(ir.Apply, "scale_tril_from_precision_matrix", (evaluate(precision),))
    return make(ir.Apply, "scale_tril_from_covariance_matrix", (evaluate(argument),))
