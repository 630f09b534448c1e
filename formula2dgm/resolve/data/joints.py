"""Joint densities that are the distribution of the data: ``E_{p(x, z)}[T(x, z)] - \\log E_{p(x) p(z)}[e^{T(x, z)}]``.

Nothing declares or binds p(x, z), and nothing scores it, so that all that is known of it are the pairs that a batch
holds. Where the text has a density of one of the variables given another, ``q(z|x)``, or a prior p(z) that is scored, z
is drawn from the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.approximations import drawn_from
from formula2dgm.resolve.operators.binder_items import Item, binder_items, names_in
from formula2dgm.syntax import tree


def variables_of_joints(context: Context) -> frozenset[str]:
    """The variables of the joint densities that are the distribution of the data."""
    found: set[str] = set()
    for names, source in _drawn(context):
        if len(names_in(context, names)) > 1 and source is not None and _is_of_data(context, names, source):
            found |= names_in(context, names)
    return frozenset(found)


def is_joint_of_data(context: Context, names: Sequence[tree.Node]) -> bool:
    """Is a letter that several variables are drawn from, ``(x_0, x_1) ~ \\pi``, the distribution of the data?"""
    return len(names) > 1 and names_in(context, names) <= variables_of_joints(context)


def _drawn(context: Context) -> Iterator[Item]:
    """What the expectations of the program draw, and from what."""
    for node in (each for root in context.model.expressions() for each in root.walk()):
        if isinstance(node, tree.Expect):
            for binder in node.binders:
                yield from binder_items(context, binder)


def _is_of_data(context: Context, names: Sequence[tree.Node], source: tree.Node) -> bool:
    head = source.head if isinstance(source, tree.Call) else source
    if (
        not isinstance(head, tree.Symbol)
        or is_written_family(source)
        or (isinstance(source, tree.Call) and source.given)
    ):
        return False
    own = read_name(head, context.model.indices, head=True)
    variables = names_in(context, names)
    made = context.model.drawn.keys() | context.model.definitions.keys()
    if own.group or own.full in made or variables & made:
        return False
    drawn = {id(part) for each in drawn_from(context) for part in each.walk()}
    for call in (each for root in context.model.expressions() for each in root.walk()):
        if isinstance(call, tree.Call) and is_density_call(call):
            other = read_signature(call, context.model.indices, context.model.parameters)
            if _speaks_of(other, variables) and (other.given or other.head != own.id or id(call) not in drawn):
                return False
    return not any(_speaks_of(each.signature, variables) for each in context.densities.all)


def _speaks_of(signature: Signature, variables: set[str]) -> bool:
    return bool((signature.ids[0] | signature.ids[1]) & variables)
