r"""Pairs of examples: ``\sum_i \sum_j`` over one batch, ``\sum_{j \ne i}``.

The outer index is the batch itself; the inner one is an axis of its own that runs over the same examples, and what is
read at it is the other example's. Such sums run over the examples of a batch, not of the data set: what they run to,
N in ``\frac{1}{N} \sum_{i=1}^N \log \sum_{j=1}^N``, is the size of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.completion.names.of_examples import OfExample
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.kinds import RESTRICTIONS, binder_names
from formula2dgm.reading.names import plain, read_name
from formula2dgm.registry.functions import CONDITIONS
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.operators.operators import Opened
from formula2dgm.resolve.statements.model import Model
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

#: Upper bounds that papers use for the size of a batch.
BATCH_SIZES = frozenset(("B", "b", "abs(B)", "abs(cal(B))"))

#: Upper bounds of sums over examples where another sum over examples is nested in them.
_NESTED_SIZES = BATCH_SIZES | frozenset(("N", "n", "M", "m", "None"))

#: A sum over examples: its node, its index, what it runs to.
_Sum = tuple[tree.Big, str, str]


def batch_sizes(context: Context) -> frozenset[str]:
    """What sums over pairs of examples run to, and sums over a batch by its usual name."""
    found: set[str] = set()
    for wanted in context.model.objectives:
        for each in wanted.members:
            found |= _sizes_in(context, each, ())
    for definition in context.model.definitions.values():
        found |= _sizes_in(context, definition.body, tuple((name, "None") for name in definition.index))
    named = frozenset(found) - {"None"}
    if named or not found:
        return named
    return frozenset(each for each in pair_sizes(context.model) if each not in context.named.values)


def _sizes_in(context: Context, node: tree.Node, around: tuple[tuple[str, str], ...]) -> set[str]:
    """``around``: the indices of the examples that this place is within, with what they run to."""
    found: set[str] = set()
    if isinstance(node, tree.Big):
        for name, upper in _example_indices(context, node):
            beside = [each for each in around if each[0] != name and _reads(context, node.body, each[0])]
            if beside or upper in BATCH_SIZES or conditions(node):
                found |= {upper, *(size for _, size in beside)}
            around = (*around, (name, upper))
    for child in node.children:
        found |= _sizes_in(context, child, around)
    return found


def _example_indices(context: Context, node: tree.Big) -> Iterator[tuple[str, str]]:
    """The indices that do not run over written draws, ``z_{1:M}``."""
    for name, upper in binder_names(node):
        known = name in context.model.indices and not {name, str(upper)} & context.sample_axes.keys()
        if known and str(upper) in _NESTED_SIZES and _reads(context, node.body, name):
            yield name, str(upper)


def _reads(context: Context, body: tree.Node, index: str) -> bool:
    """Does the body read a variable at this index alone, and no row of a bound tensor?"""
    for each in body.walk():
        if isinstance(each, OfExample) and plain(each.index[0]) == index:
            return True
        if isinstance(each, tree.Symbol):
            name = read_name(each, context.model.indices)
            if [plain(at) for at in name.index] == [index] and context.named.find(name) is None:
                return True
    return False


def pair_sizes(model: Model) -> frozenset[str]:
    r"""What stands for the number of examples beside a sum without a bound, ``\frac{1}{n(n-1)} \sum_{i \ne j}``."""
    sums = [each for root in model.expressions() for each in root.all(tree.Big)]
    if not any(conditions(each) and each.upper is None for each in sums):
        return frozenset()
    symbols = (each for root in model.expressions() for each in root.all(tree.Symbol))
    return frozenset(str(each) for each in symbols) & (_NESTED_SIZES - model.indices)


def runs_over_batch(context: Context, node: tree.Big, name: str, upper: tree.Node | None) -> bool:
    """Does the index run over the examples of a batch?"""
    if not _reads(context, node.body, name):
        return False
    restricted = any(name in (left, right) for left, _, right in conditions(node))
    return restricted if upper is None else str(upper) in context.batch_sizes


def open_batch(context: Context, node: tree.Big, name: str, opened: Opened) -> None:
    """The first index runs along the batch; one beside it, along its examples once more."""
    scope = opened.scope
    inhabited = scope.batch in scope.indices.values() or any(scope.batch in each.axes for each in scope.values.values())
    inhabited = inhabited or any(isinstance(each, OfExample) for each in node.body.walk())
    axis = Axis("index", name, None, scope.batch) if inhabited else scope.batch
    opened.scope = scope.index(name, axis)
    if inhabited:
        opened.reduces.insert(0, (node.op, axis))
        context.assume(f"the sum over {name} runs over all examples of the batch", node.span)
        return
    if node.op != "sum":
        raise context.refuse(
            "F2D-0412", "a product over the examples is understood only under a log", node.span, "write \\log \\prod_i"
        )
    opened.reduces.insert(0, ("mean", axis))
    opened.factor = context.arena.make(ir.Size, axis)


# -- conditions ----------------------------------------------------------------------------------------


def conditions(node: tree.Big) -> list[tuple[str, str, str]]:
    r"""The relations between indices that a sum is restricted to: ``\sum_{j \ne i}``."""
    found = []
    for item in node.binders:
        if isinstance(item, tree.Relates) and item.op in RESTRICTIONS:
            left, right = plain(item.left), plain(item.right)
            if left is not None and right is not None:
                found.append((left, item.op, right))
    return found


def unbound(context: Context, index: str, span: Span) -> Refused:
    """The error for an index that bounds another one and that no sum binds."""
    hint = f"write a sum over it: \\sum_{{{index}=1}}"
    return context.refuse("F2D-0204", f"the index {index} is bound by no sum", span, hint)


def condition(context: Context, node: tree.Big, relation: tuple[str, str, str], scope: Scope) -> ir.Node:
    """1 where the relation holds between the positions of two indices, else 0."""
    left, op, right = relation
    for each in (left, right):
        if each not in scope.indices:
            raise unbound(context, each, node.span)
    make = context.arena.make
    return make(ir.Apply, CONDITIONS[op], tuple(make(ir.Index, scope.indices[each]) for each in (left, right)))
