"""The items of a list of binders: the names each binds, and the density they come from."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.names import read_name
from formula2dgm.reading.stopped import unstopped
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.bare import labelled_by_variable
from formula2dgm.syntax import tree
from formula2dgm.syntax.binders import are_copies

Item = tuple[tuple[tree.Node, ...], tree.Node | None]


def binder_items(context: Context, item: tree.Node) -> list[Item]:
    """One binder as (the names it binds, the density they come from)."""
    if isinstance(item, tree.Draws):
        names = tuple(each for name in item.names for each in (name.items if isinstance(name, tree.Tuple) else (name,)))
        return [(names, item.density)]
    if isinstance(item, tree.Mul):
        return [each for factor in item.factors for each in binder_items(context, factor)]
    if isinstance(item, tree.Tuple):
        return [found for each in item.items for found in binder_items(context, each)]
    if isinstance(item, tree.Big) and item.op == "prod":
        return [(tuple(name for names, _ in binder_items(context, item.body) for name in names), item)]
    item = labelled_by_variable(context, item) or item
    if isinstance(item, tree.Call):
        return [(item.args, item)]
    return [((item,), None)]


def of_one_example(binder: tree.Node) -> Sequence[tree.Node]:
    """The names that are values of one example: ``(x, x') ~ D``, ``p(x, x')``."""
    match binder:
        case tree.Draws(names=names, joint=joint):
            return names if joint or not are_copies(names) else ()
        case tree.Tuple(items=names) | tree.Call(args=names):
            return names
    return ()


def of_one_path(context: Context, items: Sequence[Item], names: Sequence[tree.Node]) -> set[str]:
    """The names without a source that stand beside a point of the path of ``names``: t and x_t of
    ``t, (x_0, x_1) ~ D, x_t``, which are of the same example."""
    letters = {each.letter for each in names if isinstance(each, tree.Symbol) and each.sub}
    bare = [each for listed, source in items if source is None for each in listed if isinstance(each, tree.Symbol)]
    return names_in(context, bare) if any(each.letter in letters and each.sub for each in bare) else set()


def parents_first(context: Context, items: list[Item]) -> list[Item]:
    """Samplers with parents first: a density waits for the variables it is given that the list binds too."""
    waiting = list(items)
    done: list[Item] = []
    while waiting:
        unbound = {name for names, _ in waiting for name in names_in(context, names)}
        ready = next(
            (
                each
                for each in waiting
                if not (conditions_in(context, each[1]) & (unbound - names_in(context, each[0])))
            ),
            waiting[0],
        )
        waiting.remove(ready)
        done.append(ready)
    return done


def names_in(context: Context, names: Sequence[tree.Node]) -> set[str]:
    """The variables that these are."""
    return {read_name(each, context.model.indices).id for each in names if isinstance(each, tree.Symbol)}


def conditions_in(context: Context, density: tree.Node | None) -> set[str]:
    """The variables that a density is given."""
    density = None if density is None else unstopped(density)
    if not isinstance(density, tree.Call):
        return set()
    return names_in(context, [symbol for each in density.given or () for symbol in each.walk()])


def indices_in(context: Context, density: tree.Node | None) -> set[str]:
    """The variables that number a density or what it draws, t of ``p_t(x)`` and ``p(x_t)``: it depends on them."""
    density = None if density is None else unstopped(density)
    head = density.head if isinstance(density, tree.Call) else density
    drawn = density.args if isinstance(density, tree.Call) else ()
    symbols = [each for each in (head, *drawn) if isinstance(each, tree.Symbol)]
    return names_in(context, [inner for each in symbols for item in (*each.sub, *each.sup) for inner in item.walk()])


def without_index(context: Context, node: tree.Node) -> tree.Node:
    """The variable itself, ``z`` of ``z_{1:K}``."""
    if not isinstance(node, tree.Symbol):
        return node
    name = read_name(node, context.model.indices)
    return tree.Symbol(
        node.letter,
        node.accents,
        tuple(each for each in node.sub if each not in name.index),
        (),
        node.style,
        span=node.span,
    )
