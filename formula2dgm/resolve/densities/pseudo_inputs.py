"""Learned inputs: ``u_k`` of ``p(z) = \\frac1K \\sum_k q(z|u_k)``, where nothing else says what u is."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.signature import is_density_call, read_signature, slot_name, slot_value
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def pseudo_inputs(context: Context) -> dict[str, Name]:
    """The names that stand, at the index of a sum, for what a density is given, and nowhere outside such sums; each
    with the variable that it stands for. None where nothing is made by default."""
    if not context.options.scaffold:
        return {}
    elsewhere = {
        read_name(each, context.model.indices).id
        for root in context.model.expressions()
        for each in root.all(tree.Symbol)
    }
    found: dict[str, Name] = {}
    for declared in context.model.densities:
        own = {each.id for each in (*declared.signature.variables, *declared.signature.given) if each}
        for name, given in _candidates(context, declared):
            known = name.id in own | elsewhere or name.id in context.model.drawn or context.named.find(name)
            if not known and name.id not in context.model.spaces:
                found[name.id] = given
    return found


def _candidates(context: Context, declared: Declared) -> Iterator[tuple[Name, Name]]:
    indices = context.model.indices
    for big in declared.body.walk():
        if not isinstance(big, tree.Big) or big.op != "sum":
            continue
        running = [name for name, _ in binder_names(big)]
        for call in big.body.walk():
            if not is_density_call(call) or not isinstance(call, tree.Call) or len(call.given or ()) != 1:
                continue
            slot = (call.given or ())[0]
            value = slot_value(slot)
            if not isinstance(value, tree.Symbol):
                continue
            name = read_name(value, indices)
            given = slot_name(slot, indices) if isinstance(slot, tree.Binds) else _given_of(context, call)
            if given is not None and [plain(each) for each in name.index] == running[:1]:
                yield name, given


def _given_of(context: Context, call: tree.Call) -> Name | None:
    """What the density of this call is given elsewhere in the text: x of ``q(z|x)`` for ``q(z|u_k)``."""
    indices, parameters = context.model.indices, context.model.parameters
    wanted = read_signature(call, indices, parameters)
    roots = [*context.model.expressions(), *(each.signature.slots[0] for each in context.model.densities)]
    calls = [each for root in roots for each in root.all(tree.Call) if is_density_call(each)]
    signatures = [read_signature(each, indices, parameters) for each in calls]
    signatures += [each.signature for each in context.densities.all]
    for each in signatures:
        same = (each.head, each.group, each.ids[0]) == (wanted.head, wanted.group, wanted.ids[0])
        if same and each.arity == wanted.arity and each.given[0] is not None and not each.given[0].index:
            return each.given[0]
    return None
