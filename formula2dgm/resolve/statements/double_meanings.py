"""Names that mean two things, and data that are read at an index which nothing binds."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.definitions import refuse_numbers_at_steps
from formula2dgm.resolve.statements.model import Model
from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters below a name that can only be an index.
_SURE = frozenset("ijk")


def refuse_double_meanings(context: Context) -> None:
    """One name for two things: ``x(z) - x`` would make x a network and data."""
    read = [(name, "data", each.span) for name, each in context.inputs.items()]
    read += [(name, "a hyperparameter", each.span) for name, each in context.hyperparameters.items()]
    learned = dict.fromkeys(context.networks, "a network") | dict.fromkeys(context.parameters, "a learned tensor")
    before: set[str] = set()
    for name, kind, span in read:
        other = learned.get(name, "data" if name in before else None)
        if other is not None:
            message = f"{name} is {kind} in one place and {other} in another"
            context.found.error("F2D-0209", message, span, "give one of them another name")
        before.add(name)
    for name in sorted(context.parameters.keys() & context.networks.keys()):
        message = f"{name} is a learned tensor in one place and a network in another"
        context.found.error("F2D-0209", message, _place(context, name), "give one of them another name")


def refuse_bound_numbers(model: Model, numbers: Iterable[tree.Node], found: Diagnostics) -> None:
    r"""A number bound to the name of what the text defines at each step: {"\beta": 4} beside ``\beta_t = 0.01 t``."""
    for key in numbers:
        if isinstance(key, tree.Symbol) and not key.sub and not key.sup:
            name = read_name(key, model.indices)
            definition = model.definitions.get(name.full)
            if definition is not None and definition.index:
                refuse_numbers_at_steps(name, definition.span, found)


def _place(context: Context, name: str) -> Span | None:
    """Where a name first stands as a value."""
    roots = [*context.model.expressions(), *(each.body for each in context.model.densities)]
    nodes = [each for root in roots for each in root.walk()]
    heads = {id(each.head) for each in nodes if isinstance(each, tree.Call)}
    symbols = (each for each in nodes if isinstance(each, tree.Symbol) and id(each) not in heads)
    return next((each.span for each in symbols if read_name(each, context.model.indices).full == name), None)


def refuse_unbound_indices(context: Context) -> None:
    """``y_i`` beside y: an input that is another one at an index that nothing binds, no variable of its own."""
    for each in context.inputs.values():
        name, _, index = each.name.rpartition("_")
        runs = name in context.plated
        if name not in context.inputs or index not in (INDEX_LETTERS if runs else _SURE):
            continue
        also = f", and {name} runs along {context.plated[name][0].name} inside each example" if runs else ""
        context.found.error(
            "F2D-0204",
            f"the index {index} of {each.name} is bound by no sum{also}",
            each.span,
            f"write a sum over {index}, or give what is no part of {name} another letter",
        )
