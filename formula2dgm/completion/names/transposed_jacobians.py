r"""Transposed derivatives before a vector: ``J_w^\top y`` beside ``J_w = \frac{\partial g(w)}{\partial w}`` is the
gradient ``\nabla_w (g(w)^\top y)``, of which no matrix is made; y must not depend on w."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def write_transposed(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such gradients; a matrix that stands nowhere else is left out."""
    if not any(each.letter == "top" for one in statements for each in one.body.all(tree.Symbol)):
        return list(statements)
    matrices = dict(found for each in statements if (found := _definition(each.body)) is not None)
    made: set[tree.Node] = set()
    moved = {name for each in statements for name in _made_of_others(each.body)}

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Mul(factors=(tree.Power(base, tree.Symbol("top") as top), vector), ops=("",)):
                derivative = _derivative(matrices.get(base, base))
                if derivative is not None and isinstance(vector, tree.Symbol) and vector not in moved | {derivative[1]}:
                    made.add(base)
                    value, by = derivative
                    product = tree.Mul((tree.Power(value, top, span=base.span), vector), ("",), span=node.span)
                    return tree.Func("grad", (product,), (by,), span=node.span)
        return node

    out = [each.with_body(written(each.body)) for each in statements]
    rest = {node for each in out if _definition(each.body) is None for node in each.body.walk()}
    unread = made - rest
    return [each for each in out if (found := _definition(each.body)) is None or found[0] not in unread]


def _made_of_others(body: tree.Node) -> Iterator[tree.Node]:
    """What is defined, or drawn from a law that reads anything: it may depend on what the derivative is by."""
    for node in body.walk():
        match node:
            case tree.Chain(members=(name, *_), relations=("=" | ":=", *_)):
                yield name
            case tree.Chain(members=(name, law), relations=("~",)) | tree.Draws(names=(name,), density=law):
                slots = (*law.args, *(law.given or ())) if isinstance(law, tree.Call) else (law,)
                read = [each for slot in slots for each in slot.all(tree.Symbol) if each != name]
                if any(each.letter != "I" for each in read):
                    yield name


def _definition(body: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    match body:
        case tree.Chain(members=(tree.Symbol() as name, value), relations=("=" | ":=",)):
            return (name, value) if _derivative(value) is not None else None
    return None


def _derivative(node: tree.Node) -> tuple[tree.Node, tree.Node] | None:
    """The function and the vector of ``\\frac{\\partial g(w)}{\\partial w}``."""
    match node:
        case tree.Prefix(name="jac", operand=value, sub=(tree.Symbol() as by,), total=False):
            return value, by
        case tree.Func(name="jac", args=(value,), sub=(tree.Symbol() as by,), total=False):
            return value, by
    return None
