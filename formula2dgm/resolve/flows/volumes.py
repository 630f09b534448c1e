"""Which functions are inverted, or have a Jacobian whose determinant is taken: read off the syntax."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree

#: Letters of Jacobian matrices: ``J_f(x)``.
JACOBIANS = frozenset(("J",))

#: The kind of a density that a change of variables makes.
TRANSFORMED = "transformed"

#: How derivatives by the variable in the subscript are spelled.
DERIVATIVES = frozenset(("jac", "grad", "partial"))


def volumes(context: Context) -> frozenset[str]:
    """The full names of these functions."""
    if context.volumes is None:
        roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
        found: set[str] = set()
        nodes = [node for root in roots for node in root.walk()]
        drawn = {id(each) for node in nodes if isinstance(node, tree.Expect) for each in node.binders}
        drawn |= {id(node.density) for node in nodes if isinstance(node, tree.Draws)}
        samples = (node for node in nodes if isinstance(node, tree.Divergence) and node.name == "MMD")
        drawn |= {id(side) for node in samples for side in (node.left, node.right)}
        for node in nodes:
            found |= _inverted(context, node) | _differentiated(context, node)
            if id(node) not in drawn:  # what is drawn and never scored needs no determinant
                found |= _transforming(context, node)
        context.volumes = frozenset(found)
    return context.volumes


def find_points(context: Context) -> None:
    """What a determinant's Jacobian is taken by is a value: data, where nothing else says what it is."""
    model, found = context.model, set[str]()
    for node in (each for root in model.expressions() for each in root.walk()):
        matrix = under_determinant(node)
        by = matrix.sub[0] if isinstance(matrix, tree.Prefix | tree.Func) and is_derivative(matrix) else None
        if isinstance(by, tree.Symbol):
            name = read_name(by, model.indices)
            said = {name.id, name.full} & (set(model.definitions) | set(model.drawn) | model.parameters)
            if not said and context.named.find(name) is None:
                found.add(name.id)
    model.variables |= found


def is_derivative(node: tree.Node) -> bool:
    """``\\partial f / \\partial x``, ``\\nabla_x f(x)``, ``J_f(x)``."""
    if isinstance(node, tree.Prefix | tree.Func):
        return node.name in DERIVATIVES and len(node.sub) == 1
    head = node.head if isinstance(node, tree.Call) else node
    return isinstance(head, tree.Symbol) and head.letter in JACOBIANS and not head.style == "cal" and len(head.sub) == 1


def under_determinant(node: tree.Node) -> tree.Node | None:
    """The matrix whose determinant is taken: J of ``|det J|``, of ``det J``, of ``|J|``; None for anything else."""
    match node:
        case tree.Abs(body=body):
            inside = under_determinant(body) if not is_derivative(body) else body
            return inside
        case tree.Prefix(name="det", operand=inside) | tree.Func(name="det", args=(inside,)):
            return inside
        case tree.Evaluated(body=body):
            return under_determinant(body)
    return None


def _inverted(context: Context, node: tree.Node) -> set[str]:
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Power) and str(node.head.exponent) == "-1":
        return set(_functions(context, node.head.base))
    return set()


def _differentiated(context: Context, node: tree.Node) -> set[str]:
    inside = under_determinant(node)
    if inside is None or _of_expression(inside):
        return set()
    return {name for each in inside.walk() for name in _named(context, each)}


def _of_expression(matrix: tree.Node) -> bool:
    """Is it the derivative of what is no function by itself, ``z + u(x) h(w(x)^\\top z)``? The functions in it are not
    inverted."""
    if not isinstance(matrix, tree.Prefix | tree.Func):
        return False
    body = matrix.operand if isinstance(matrix, tree.Prefix) else matrix.args[0] if matrix.args else matrix
    return not isinstance(body, tree.Call | tree.Symbol | tree.Evaluated) and not (
        isinstance(body, tree.Mul) and "circ" in body.ops
    )


def _named(context: Context, node: tree.Node) -> Iterator[str]:
    """The functions that stand inside a derivative: applied, by name, or by what they define."""
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) and node.head.letter in JACOBIANS:
        for each in node.head.sub:
            yield from _functions(context, each)
    elif isinstance(node, tree.Call):
        yield from _functions(context, node.head)
    elif isinstance(node, tree.Prefix | tree.Func) and node.name in DERIVATIVES:
        inside = node.operand if isinstance(node, tree.Prefix) else node.args[0]
        if isinstance(inside, tree.Symbol):
            yield from _functions(context, inside)
            yield from _defining(context, inside)
        for each in node.sub:
            if isinstance(each, tree.Symbol):
                yield from _defining(context, each)


def _transforming(context: Context, node: tree.Node) -> set[str]:
    """The functions that define the only variable of a density that nothing else says: ``x = f(z)`` for ``p(x)``."""
    if not isinstance(node, tree.Call) or not is_density_call(node) or len(node.args) != 1:
        return set()
    variable = node.args[0]
    if not isinstance(variable, tree.Symbol):
        return set()
    name = read_name(variable, context.model.indices)
    given = {read_name(each, context.model.indices).id for each in node.given or () if isinstance(each, tree.Symbol)}
    for each in context.densities.all:
        own, made = each.signature, each.declared is not None and each.declared.kind == TRANSFORMED
        if not made and own.ids == (frozenset((name.id,)), frozenset(given)) and own.head == str(node.head):
            return set()
    found = set(_defining(context, variable))
    for definition in context.model.definitions.values():
        if any(each == variable for each in _arguments(definition.body)) and definition.name.id not in given:
            known = any(known.signature.ids[0] == {definition.name.id} for known in context.densities.all)
            if known or definition.name.id in context.model.drawn:
                found |= set(_heads(context, definition.body))
    return found


def _defining(context: Context, symbol: tree.Symbol, depth: int = 0) -> Iterator[str]:
    definition = context.model.definitions.get(read_name(symbol, context.model.indices, head=True).full)
    definition = definition or context.model.definitions.get(read_name(symbol, context.model.indices).id)
    if definition is None or depth > 50:
        return
    yield from _heads(context, definition.body)
    for each in _arguments(definition.body):
        if isinstance(each, tree.Symbol):
            yield from _defining(context, each, depth + 1)


def _heads(context: Context, body: tree.Node) -> Iterator[str]:
    """The functions of ``f(g(x))`` and ``f \\circ g(x)``; none of any other expression."""
    if isinstance(body, tree.Mul) and set(body.ops) == {"circ"} and isinstance(body.factors[-1], tree.Call):
        for each in body.factors[:-1]:
            yield from _functions(context, each)
        body = body.factors[-1]
    if isinstance(body, tree.Call) and not is_density_call(body) and body.args:
        yield from _functions(context, body.head)
        yield from _heads(context, body.args[0])


def _arguments(body: tree.Node) -> Iterable[tree.Node]:
    """The first argument of the innermost call."""
    if isinstance(body, tree.Mul) and set(body.ops) == {"circ"}:
        body = body.factors[-1]
    if isinstance(body, tree.Call) and body.args:
        yield from _arguments(body.args[0]) if isinstance(body.args[0], tree.Call) else (body.args[0],)


def _functions(context: Context, head: tree.Node, inside: tuple[str, ...] = ()) -> Iterator[str]:
    """The full names of the functions of a head, compositions by their parts."""
    if isinstance(head, tree.Power):
        yield from _functions(context, head.base, inside)
    elif isinstance(head, tree.Mul):
        for each in head.factors:
            yield from _functions(context, each, inside)
    elif isinstance(head, tree.Symbol):
        name = read_name(head, context.model.indices, head=True)
        definition = context.model.definitions.get(name.full)
        if definition is not None and name.full not in inside:
            yield from _functions(context, definition.body, (*inside, name.full))
        elif name.id not in context.model.variables:
            yield name.full
