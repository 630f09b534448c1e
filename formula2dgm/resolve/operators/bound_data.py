"""The data that an expectation binds: which of them are values of one example, and which of another one."""

from __future__ import annotations

from collections.abc import Sequence, Set

from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.data.inputs import add_input
from formula2dgm.resolve.data.sets import of_its_set
from formula2dgm.resolve.data.weights import is_weight
from formula2dgm.resolve.operators.binder_items import conditions_in, indices_in, names_in
from formula2dgm.resolve.operators.bound import Bound
from formula2dgm.resolve.operators.independence import independent, unprimed
from formula2dgm.resolve.values.bound_indices import refuse_index
from formula2dgm.syntax import tree


def bind_data(
    context: Context,
    names: Sequence[tree.Node],
    source: tree.Node | None,
    bound: Bound,
    scope: Scope,
    together: Sequence[Set[str]],
    beside: Set[str] = frozenset(),
) -> None:
    """Bind data variables. In ``p(x) p(y)`` the second is a permuted copy; ``p(x) p(y|x)`` are pairs.

    Of names that are drawn ``together``, ``(x, x') ~ D``, each is a value of the example; of ``x, x' ~ p(x)`` the
    second is that of another. The names of one source stay values of one example: they share one permutation, and so do
    x' and y' of ``(x', y') ~ D``.
    ``beside`` are names that are no reason for one: values of the same example, too.
    """
    given = (conditions_in(context, source) | indices_in(context, source)) & set(scope.values)
    data = {name for name, node in scope.values.items() if isinstance(node, ir.Data)}
    apart = source is not None and not given and bool(data - names_in(context, names) - beside)
    symbols = [each for each in names if isinstance(each, tree.Symbol)]
    read = [read_name(each, context.model.indices) for each in symbols]
    own = [each if _is_of_the_example(each, together) else unprimed(each) for each in read]
    for symbol, name, plain in zip(symbols, read, own, strict=True):
        refuse_index(context, symbol, source)
        original, shown = of_its_set(context, plain, symbol, source)
        add_input(context, original, (scope.batch,), shown)
        weight = is_weight(context, original)
        node: ir.Node = context.arena.make(ir.Data, original.id, (scope.batch,), weight, origin=symbol)
        if (apart and original.id == plain.id) or plain.id != name.id:
            site = _site(name, plain, read, own)
            node = independent(context, node, name.id, bound, scope, symbol, site=site)
        bound.values[name.id] = node
    if not given and not bound.others:
        bound.batch = scope.batch


def _site(name: Name, plain: Name, read: Sequence[Name], own: Sequence[Name]) -> str:
    """The permutation of a name: that of all names of its source that are of the same example."""
    beside = [each for each, bare in zip(read, own, strict=True) if (each == bare) == (name == plain)]
    same = [each for each in beside if name == plain or each.accents.count("prime") == name.accents.count("prime")]
    return ", ".join(dict.fromkeys(each.id for each in same))


def _is_of_the_example(name: Name, together: Sequence[Set[str]]) -> bool:
    """Is it a value of the same example as the name without its prime?"""
    return any({name.id, unprimed(name).id} <= each for each in together)
