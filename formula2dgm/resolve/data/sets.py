"""One letter for the examples of several data sets: ``E_{(x,y) ~ D_l}[...] + E_{x ~ D_u}[...]``.

Each data set's variable is data of its own, with the label in its name: ``x_l`` and ``x_u``.  A variable that one data
set alone names keeps its name.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import Name, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.data.sources import is_data_source, set_of
from formula2dgm.resolve.operators.binder_items import binder_items
from formula2dgm.syntax import tree


def of_its_set(context: Context, name: Name, symbol: tree.Symbol, source: tree.Node | None) -> tuple[Name, tree.Symbol]:
    """The data variable that ``name`` is under this source, and how it is written."""
    label = set_of(source, context.model.indices)
    if not label or len(_sets(context).get(name.id, ())) < 2:
        return name, symbol
    own = replace(name, labels=(*name.labels, label))
    said = f"{name.id} stands for the examples of two data sets: under {_head(source)} it is the data {own.id}"
    context.assume(said, symbol.span)
    return own, replace(symbol, sub=(*symbol.sub, tree.Symbol(label, (), (), (), span=symbol.span)))


def _head(source: tree.Node | None) -> tree.Node | None:
    return source.head if isinstance(source, tree.Call) else source


def _sets(context: Context) -> dict[str, frozenset[str]]:
    """The labels of the data sets that each variable is drawn from; ``""`` for one without a label."""
    if context.data_sets is None:
        found: dict[str, frozenset[str]] = {}
        for node in (each for root in context.model.expressions() for each in root.walk()):
            for item in node.binders if isinstance(node, tree.Expect) else ():
                for names, source in binder_items(context, item):
                    label = set_of(source, context.model.indices)
                    if source is None or not (label or is_data_source(context, source, names)):
                        continue
                    for each in (each for each in names if isinstance(each, tree.Symbol)):
                        name = read_name(each, context.model.indices).id
                        found[name] = found.get(name, frozenset()) | {label}
        context.data_sets = found
    return context.data_sets
