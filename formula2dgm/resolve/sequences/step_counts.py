r"""One number of steps: what a text moves along has one, and a chain that the text runs itself, ``x_K``, says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import mentions, plain, read_name
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.context import Context


def refuse_other_counts(
    context: Context, roots: Iterable[tree.Node], indices: frozenset[str], drawn_to: Iterable[tree.Node]
) -> None:
    """Refuse a chain beside steps that end elsewhere: another last step of it, a sum over data, drawn steps."""
    roots = list(roots)
    chains = dict(_chains(context, roots, indices))
    for index, last in chains.items():
        own = frozenset(name for each in last.walk() if (name := plain(each)) is not None)
        for symbol, end in _ends(context, roots):
            if plain(end) not in own:
                raise _refused(context, f"{symbol} ends at {end}, and {index} runs to {last}", symbol)
        others = {name: bound for name, bound in context.model.bounds.items() if name in indices - {index}}
        for name, bound in others.items():
            if not mentions(bound, own) and not mentions(bound, indices):
                raise _refused(context, f"{name} runs to {bound}, and {index} to {last}", bound)
        for bound in drawn_to:
            if not mentions(bound, own):
                raise _refused(context, f"steps are drawn up to {bound}, and {index} runs to {last}", bound)
        for symbol in _data_along(context, roots, indices - {index} - others.keys()):
            raise _refused(context, f"the data say how many steps {symbol} has, and {index} runs to {last}", symbol)


def _refused(context: Context, message: str, place: tree.Node) -> Exception:
    hint = "let all steps end at one number, or take the draws of the chain as data of their own"
    return context.refuse("F2D-0480", f"{message}: two numbers of steps", place.span, hint)


def _symbols(roots: Iterable[tree.Node]) -> Iterator[tree.Symbol]:
    return (each for root in roots for each in root.all(tree.Symbol))


def _chains(context: Context, roots: list[tree.Node], indices: frozenset[str]) -> Iterator[tuple[str, tree.Node]]:
    """The indices along which the text runs a recurrence to a last step that no sum has, with that step."""
    sums = {name for root in roots for each in root.all(tree.Big) for name, _ in binder_names(each)}
    for definition in context.model.definitions.values():
        for index in definition.index:
            bound = context.model.bounds.get(index)
            if bound is not None and index in indices - sums:
                yield index, bound


def _ends(context: Context, roots: list[tree.Node]) -> Iterator[tuple[tree.Symbol, tree.Node]]:
    """The last steps at which what a statement defines at each step is read."""
    model = context.model
    for symbol in _symbols(roots):
        name = read_name(symbol, model.indices)
        definition = model.definitions.get(name.full)
        for item in name.index if definition is not None and definition.index else ():
            first = item.terms[0] if isinstance(item, tree.Add) else item
            if plain(first) in model.indices.last:
                yield symbol, first


def _data_along(context: Context, roots: list[tree.Node], indices: frozenset[str]) -> Iterator[tree.Symbol]:
    made = context.model.definitions.keys() | context.latent | context.densities.tensors
    for symbol in _symbols(roots):
        name = read_name(symbol, context.model.indices)
        if name.id in context.model.variables - made and any(mentions(each, indices) for each in name.index):
            yield symbol
