"""Which variables are drawn: by a statement, by an expectation or an integral over a density, or by the left side of a
divergence."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.data.sources import is_data_source
from formula2dgm.resolve.densities.approximations import drawn_from
from formula2dgm.resolve.densities.bare import calls_of
from formula2dgm.resolve.operators.binder_items import binder_items
from formula2dgm.resolve.statements.wanted import Wanted
from formula2dgm.syntax import tree


def find_latents(context: Context, wanted: Wanted | None = None) -> frozenset[str]:
    """The ids of all variables that some operator or statement of the program draws; those of one objective alone
    where it is ``wanted``: what one objective draws is data in another, as in the wake-sleep algorithm."""
    found = {key for key, drawn in context.model.drawn.items() if not is_data_source(context, drawn.density)}
    listed = _listed_with_data(context)
    roots = list(context.model.expressions())
    if wanted is not None:
        roots = [*wanted.members, *(each.body for each in context.model.definitions.values())]
    sampled = set(drawn_from(context))  # E_{p(x,c)}[...] beside KL[p(x,c) || q(x,c)], of which it is another form
    for root in roots:
        for node in root.walk():
            if isinstance(node, tree.Expect):
                for item in node.binders:
                    found |= _bound(context, item)
            elif isinstance(node, tree.Divergence):
                for call in (each for each in _factors(node.left) if isinstance(each, tree.Call)):
                    if not (call in sampled and is_data_source(context, call)):
                        found |= _ids(context, call.args) - listed
                        for name in sorted(_ids(context, call.args) & listed):
                            context.assume(f"{name} is data where an expectation lists it beside what it is given")
            elif isinstance(node, tree.Integral) and node.lower is None and node.upper is None:
                found |= _ids(context, node.variables)
    return frozenset(found)


def _listed_with_data(context: Context) -> frozenset[str]:
    r"""What an expectation lists beside data that every density over it is given, and that none is given itself: the
    a of ``E_{s, a, A}[A \log \pi(a|s) - KL[\pi_{old}(a|s) || \pi(a|s)]]``. A divergence over it has its own."""
    nodes = [each for root in context.model.expressions() for each in root.walk()]
    calls = (each for each in nodes if isinstance(each, tree.Call) and is_density_call(each))
    read = [read_signature(each, context.model.indices, context.model.parameters) for each in calls]
    given = {name.id for each in read for name in each.given if name}
    found: set[str] = set()
    for node in (each for each in nodes if isinstance(each, tree.Expect)):
        items = [item for binder in node.binders for item in binder_items(context, binder)]
        own = {name for names, source in items if source is None for name in _ids(context, names)}
        for name in own - given - context.model.drawn.keys() - context.model.definitions.keys():
            over = [each for each in read if any(slot and slot.id == name for slot in each.variables)]
            beside = {slot.id for each in over for slot in each.given if slot}
            if beside & own and all(each.given for each in over):
                found.add(name)
    return frozenset(found)


def _factors(side: tree.Node) -> Iterator[tree.Node]:
    """The densities of one side of a divergence, those under a stopped gradient, too."""
    for each in side.factors if isinstance(side, tree.Mul) else (side,):
        yield each.args[0] if isinstance(each, tree.Func) and each.name == "sg" and each.args else each


def _bound(context: Context, item: tree.Node) -> set[str]:
    found: set[str] = set()
    for names, source in binder_items(context, item):
        if source is None:
            found |= _bound_by_name(context, names)
        elif not is_data_source(context, source, names):
            found |= _ids(context, names)
    return found


def _bound_by_name(context: Context, names: tuple[tree.Node, ...]) -> set[str]:
    """``E_q`` binds the variables of q's densities; ``E_z`` binds z where a density over z alone is known."""
    found: set[str] = set()
    for each in names:
        if not isinstance(each, tree.Symbol):
            continue
        head = read_name(each, context.model.indices, head=True)
        signatures = [each.signature for each in context.densities.all if each.signature.head == head.id]
        signatures = signatures or [
            read_signature(call, context.model.indices, context.model.parameters) for call in calls_of(context, head)
        ]
        if signatures:
            found |= {name.id for signature in signatures for name in signature.variables if name}
        elif each.letter in NOISE_LETTERS or any(
            density.signature.variables
            and density.signature.variables[0] is not None
            and density.signature.variables[0].id == head.id
            and not density.signature.given
            for density in context.densities.all
        ):
            found.add(read_name(each, context.model.indices).id)
    return found - frozenset(context.model.definitions) - frozenset(context.model.drawn)


def _ids(context: Context, names: tuple[tree.Node, ...]) -> set[str]:
    return {read_name(each, context.model.indices).id for each in names if isinstance(each, tree.Symbol)}
