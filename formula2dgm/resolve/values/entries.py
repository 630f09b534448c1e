"""Sums over the entries of a vector: ``\\sum_{i=1}^D \\log p(x_i|z)``, ``\\sum_i (x_i - \\hat x_i)^2``.

The index runs along the event of the variables that carry it. A log-density, divergence or entropy that reads such a
variable is entry by entry under the operator, ``\\sum_j \\max(\\lambda, KL[q(z_j|x) || p(z_j)])``; the entries of
whatever stands there are added up.
"""

from __future__ import annotations

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.names import plain, read_name
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: What stands for the index: it names no axis of its own, the entries lie in the event.
ENTRIES = Axis("batch", "entries")


#: Upper bounds that count the entries of a vector, and one that does where a density is over the vector as a whole.
DIMENSIONS, DIMENSION_OF_WHOLE = frozenset("Dd"), "J"


def runs_over_entries(context: Context, body: tree.Node, index: str, upper: tree.Node | None) -> bool:
    """Does the index read nothing but single entries of variables, each for itself: not as what a density is given, nor
    as what a network is applied to?"""
    counts = upper is None or isinstance(upper, tree.Number) or str(upper) in DIMENSIONS
    if not counts and str(upper) != DIMENSION_OF_WHOLE:
        return False
    if any(_reads(each, index) for call in body.all(tree.Call) for each in _inside(call)):
        return False
    known = context.model.variables | context.latent | set(context.model.definitions) | set(context.model.drawn)
    carriers = [each for each in body.all(tree.Symbol) if _carries(each, index)]
    names = [read_name(each, context.model.indices) for each in carriers]
    alone = [plain(each) for name in names for each in name.index]
    uses = sum(plain(each) == index for each in body.walk())
    if not names or not all(name.id in known for name in names) or set(alone) != {index} or uses != len(alone):
        return False
    return counts or {name.id for name in names} <= _wholes(context)


def _wholes(context: Context) -> set[str]:
    """What densities of the text are over as a whole, z of ``q(z|x)``."""
    nodes = (node for root in context.model.expressions() for node in root.walk())
    calls = (node for node in nodes if isinstance(node, tree.Call) and is_density_call(node))
    symbols = (each for call in calls for each in call.args if isinstance(each, tree.Symbol))
    names = (read_name(each, context.model.indices) for each in symbols)
    return {name.id for name in names if not name.index}


def _inside(call: tree.Call) -> tuple[tree.Node, ...]:
    """What is not single entries of its own: the givens and parameters of a density, the arguments of a network."""
    if is_density_call(call) or call.params is not None:
        return (*(call.given or ()), *(call.params or ()))
    return call.args


def _carries(symbol: tree.Symbol, index: str) -> bool:
    return any(plain(each) == index for item in (*symbol.sub, *symbol.sup) for each in item.walk())


def refuse_whole(context: Context, node: tree.Big, index: str) -> None:
    """Every summand under the operator reads an entry: a number for the whole vector would count once, not D times."""
    if node.op == "sum" and not _every_summand(node.body, index):
        raise _refused(context, node.span)


def _every_summand(node: tree.Node, index: str) -> bool:
    match node:
        case tree.Add(terms):
            return all(_every_summand(each, index) for each in terms)
        case tree.Neg(body):
            return _every_summand(body, index)
        case tree.Mul(factors):
            return any(_every_summand(each, index) for each in factors)
    return _reads(node, index)


def _reads(node: tree.Node, index: str) -> bool:
    return any(isinstance(each, tree.Symbol) and _carries(each, index) for each in node.walk())


def by_entry(context: Context, slot: tree.Node, law: ir.Law, scope: Scope) -> bool:
    """Does this slot of a density read single entries, so that the density is meant entry by entry?"""
    if not isinstance(slot, tree.Symbol):
        return False
    index = read_name(slot, context.model.indices).index
    if not any(scope.indices.get(plain(each) or "") == ENTRIES for each in index):
        return False
    facts = registry.family(law.family).under(law.options)
    if facts.value_rank and facts.support != "category":
        raise context.refuse(
            "F2D-0325",
            f"{law.label} is a {law.family}: its density is no product over the entries of {slot}",
            slot.span,
            "write it for the whole vector, without the index",
        )
    return not law.scalar and not facts.value_rank


def sum_entries(context: Context, body: ir.Node, operation: str, span: Span | None) -> ir.Node:
    """The body, summed over the event; of a product, the density of all entries."""
    make = context.arena.make
    if operation == "prod":
        match body:
            case ir.Apply("exp", (ir.LogProb() as density,)):
                return make(ir.Apply, "exp", (_whole(context, density) or density,))
            case ir.Apply("exp", (logarithm,)) if logarithm.event == "value":
                return make(ir.Apply, "exp", (make(ir.EventSum, logarithm),))
            case ir.Mul(args):
                return make(ir.Mul, tuple(sum_entries(context, each, operation, span) for each in args))
        raise _refused(context, span)
    if (whole := _whole(context, body)) is not None:
        return whole
    match body:
        case _ if body.event in ("value", "open"):
            return make(ir.EventSum, body)
        case ir.Add(args):
            return make(ir.Add, tuple(sum_entries(context, each, operation, span) for each in args))
        case ir.Neg(inside):
            return make(ir.Neg, sum_entries(context, inside, operation, span))
        case ir.Mul(args):
            weights, rest = _weights(args)
            if len(rest) == 1:
                return make(ir.Mul, (*weights, sum_entries(context, rest[0], operation, span)))
    raise _refused(context, span)


def _weights(args: tuple[ir.Node, ...]) -> tuple[list[ir.Const | ir.Hyper], list[ir.Node]]:
    """The numbers among factors, and the rest."""
    weights = [each for each in args if isinstance(each, ir.Const | ir.Hyper)]
    return weights, [each for each in args if each not in weights]


def _whole(context: Context, node: ir.Node) -> ir.Node | None:
    """What is linear in densities, divergences and entropies, each of them a sum over the entries; else None."""
    make = context.arena.make
    match node:
        case ir.LogProb(law, value):
            return _noted(context, node, make(ir.LogProb, law, value))
        case ir.Divergence(name, left, right, _, arguments):
            return _noted(context, node, make(ir.Divergence, name, left, right, False, arguments))
        case ir.Entropy(law):
            return _noted(context, node, make(ir.Entropy, law))
        case ir.Neg(body):
            inside = _whole(context, body)
            return None if inside is None else make(ir.Neg, inside)
        case ir.Add(args):
            parts = [_whole(context, each) for each in args]
            return None if None in parts else make(ir.Add, tuple(each for each in parts if each is not None))
        case ir.Mul(args):
            weights, rest = _weights(args)
            inside = _whole(context, rest[0]) if len(rest) == 1 else None
            return None if inside is None else make(ir.Mul, (*weights, inside))
    return None


def _noted(context: Context, entry: ir.Node, whole: ir.Node) -> ir.Node:
    """The whole, at the places in the text of what it sums."""
    for each in context.arena.origins(entry):
        context.arena.note(whole, each)
    return whole


def _refused(context: Context, span: Span | None) -> Exception:
    return context.refuse(
        "F2D-0325",
        "something under this operator over the entries of a vector is one number for the whole vector",
        span,
        "take it out of the sum, or write the sum over the entries where it stands",
    )
