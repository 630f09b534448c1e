"""Default parameters for what an index runs over and nobody bound: ``\\pi_k``, ``\\mu_k``, ``\\sigma_k`` of a mixture.

Locations start at standard normal draws (components that start equal stay equal), scales at 1, weights equal.
"""

from __future__ import annotations

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Parameter
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.scaffold.sizes import data_beside, event_shape
from formula2dgm.resolve.statements.meeting import Part
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Arguments of a family that are positive numbers.
POSITIVE = frozenset(
    "var scale rate concentration concentration1 concentration0 df temperature covariance_matrix".split()
)


def runs_over_defaults(context: Context, body: tree.Node, index: str) -> bool:
    """Does the index run over parameters that nobody bound, of families or weights of densities?"""
    return context.options.scaffold and any(
        isinstance(each, tree.Symbol) and _is_row(context, each, index) and _role(context, each) is not None
        for each in body.walk()
    )


def _is_row(context: Context, symbol: tree.Symbol, index: str) -> bool:
    name = read_name(symbol, context.model.indices, head=True)
    plain_id = read_name(symbol, context.model.indices).id
    known = context.model.variables | context.latent | set(context.model.definitions) | set(context.model.drawn)
    return [plain(each) for each in name.index] == [index] and plain_id not in known and name.full not in known


def _role(context: Context, symbol: tree.Symbol) -> tuple[str, Name | None] | None:
    """The argument of a family that the symbol stands in, with the family's variable; ``weight`` beside a density;
    ``input`` for what a density is given, with the variable that it stands for."""
    if (given := context.pseudo_inputs.get(read_name(symbol, context.model.indices).id)) is not None:
        return "input", given
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    for node in (each for root in roots for each in root.walk()):
        if isinstance(node, tree.Call) and node.params is not None and node.args:
            family = registry.family_by_spelling(spelling(node.head))
            for argument, value in zip(family.arguments if family else (), node.params, strict=False):
                if symbol in value.walk():
                    return argument, _variable_of(context, node.args[0])
        if isinstance(node, tree.Mul) and symbol in node.factors and any(map(_holds_density, node.factors)):
            return "weight", None
    return None


def _holds_density(factor: tree.Node) -> bool:
    calls = factor.all(tree.Call)
    return any(is_density_call(each) or registry.family_by_spelling(spelling(each.head)) is not None for each in calls)


def _variable_of(context: Context, point: tree.Node) -> Name | None:
    """The variable that a family is over, or that its value is made of by entries: x of ``N(x^2; mu_k, sigma_k)``."""
    if isinstance(point, tree.Symbol):
        return read_name(point, context.model.indices)
    if any(isinstance(each, tree.Call | tree.Func | tree.Prefix) for each in point.walk()):
        return None
    names = (read_name(each, context.model.indices) for each in point.all(tree.Symbol))
    return next((name for name in names if name.id in context.model.variables), None)


def refuse_other_index(context: Context, body: tree.Node, index: str) -> None:
    """``\\mu_j`` under a sum over k, as an argument of a family: a slip for ``\\mu_k``, not a parameter called mu_j."""
    families = (each for each in body.all(tree.Call) if each.params is not None)
    for symbol in (each for call in families for value in call.params or () for each in value.walk()):
        if not isinstance(symbol, tree.Symbol):
            continue
        name = read_name(symbol, context.model.indices, head=True)
        if not name.index and name.labels and name.labels[-1] in INDEX_LETTERS and context.named.find(name) is None:
            raise context.refuse(
                "F2D-0204",
                f"the index {name.labels[-1]} of {symbol} is bound by no sum: the sum runs over {index}",
                symbol.span,
                f"write {symbol.letter}_{index}, or give {symbol} a value",
            )


def default_row(context: Context, symbol: tree.Symbol, scope: Scope) -> ir.Node | None:
    """The value of an unbound symbol that is read at an index of parameters; None for any other symbol."""
    name = read_name(symbol, context.model.indices, head=True)
    axis = scope.indices.get(plain(name.index[0]) or "") if len(name.index) == 1 else None
    if not context.options.scaffold or axis is None or axis.kind != "index":
        return None
    role = _role(context, symbol)
    if role is None or not _is_row(context, symbol, axis.name):
        return None
    make, argument = context.arena.make, role[0]
    if argument == "weight":
        logits = make(
            ir.Param, _enter(context, f"{name.full}_logits", symbol, axis, (), 0.0), True, False, (axis,), True
        )
        context.assume(f"{symbol} are learned weights, positive and summing to 1", symbol.span)
        top = make(ir.Apply, "exp", (logits,))
        return make(ir.Div, top, make(ir.Reduce, "sum", axis, top))
    variable = role[1]
    shape = event_shape(context, variable) if variable is not None else ()
    like = data_beside(context, Part("variable", variable.id)) if variable is not None and shape is None else None
    if argument in POSITIVE:
        logarithm = _enter(context, f"log_{name.full}", symbol, axis, shape, 0.0, like)
        context.assume(f"{symbol} are learned, positive: they start at 1", symbol.span)
        return make(ir.Apply, "exp", (make(ir.Param, logarithm, True, False, (axis,)),))
    owned = _enter(context, name.full, symbol, axis, shape, None, like)
    context.assume(f"{symbol} are learned: they start at standard normal draws", symbol.span)
    return make(ir.Param, owned, True, False, (axis,))


def _enter(
    context: Context,
    name: str,
    symbol: tree.Symbol,
    axis: Axis,
    shape: tuple[int, ...] | None,
    fill: float | None,
    like: str | None = None,
) -> str:
    """The name of a learned parameter with one row for each position of the axis."""
    size = context.hyperparameters[axis.size].default if isinstance(axis.size, str) else axis.size
    rows = int(size or 1)
    owned = attribute(name, "tensor")
    known = (rows, *shape) if shape is not None else None
    default = Parameter(owned, str(symbol), True, known, None, fill=fill, normal=fill is None, rows=rows, like=like)
    context.parameters.setdefault(owned, default)
    return owned
