"""Default laws for densities that nobody bound, so that a formula alone runs; every one is listed.

A prior is the standard Normal, a likelihood follows the space of its variable, a posterior is a diagonal Normal with
a small network.
"""

from __future__ import annotations

from typing import Literal

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter, Scaffold
from formula2dgm.reading.data_names import DATA_LABELS, SURE_LABELS
from formula2dgm.reading.names import Name, identifier
from formula2dgm.reading.signature import Signature, slot_value
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.approximations import is_all_that_is_trained, is_approximation, is_drawn
from formula2dgm.resolve.densities.families import converted
from formula2dgm.resolve.densities.references import is_frozen
from formula2dgm.resolve.scaffold.entries import over_entries
from formula2dgm.resolve.scaffold.recurrences import coded, over_time
from formula2dgm.resolve.scaffold.sizes import (
    classes_of,
    data_beside,
    event_shape,
    head_shape,
    inputs_of,
    whole_numbers,
)
from formula2dgm.resolve.statements.meeting import Part


def scaffold_law(context: Context, signature: Signature, given: tuple[ir.Node, ...]) -> ir.Law:
    """The default law of a density that nobody bound."""
    name = signature.variables[0]
    assert name is not None
    space = context.model.spaces.get(name.id) or context.model.spaces.get(name.base)
    family = registry.family(
        {"binary": "Bernoulli", "category": "Categorical"}.get(space.kind if space else "", "Normal")
    )
    shape = event_shape(context, name)
    label = signature.label
    _refuse_data(context, signature, bool(given))
    if not given and family.name == "Normal" and _models_data(context, signature, name):
        return _fitted_normal(context, signature, _size_of_data(context, signature, name, shape))
    fitted = is_approximation(context, signature) or is_all_that_is_trained(context, signature)
    if not given and family.name == "Normal" and shape is not None and fitted:
        return _fitted_normal(context, signature, shape)
    if not given and family.name == "Normal":
        context.assume(f"{label} is the standard Normal")
        params: tuple[tuple[str, ir.Node], ...] = (("loc", context.const(0.0)), ("scale", context.const(1.0)))
        return context.arena.make(ir.Law, label, "Normal", params, shape, False, ())
    if not given:
        context.assume(f"{label} is uniform")
        params = (("logits", _uniform_logits(context, signature, space.classes if space else None, shape)),)
        return context.arena.make(ir.Law, label, family.name, params, shape, False, ())
    return _network_law(context, signature, family.name, shape, given)


def _refuse_data(context: Context, signature: Signature, given: bool) -> None:
    """The density of the data has no default: the data are its only examples."""
    if (SURE_LABELS if given else DATA_LABELS) & set(signature.head.split("_")[1:]):
        raise context.refuse(
            "F2D-0520",
            f"{signature.label} is scored, and the density of the data is known by its examples alone",
            signature.slots[0].span,
            f"bind {signature.label}, or write what estimates it: a discriminator, a classifier",
        )
    if given:
        return
    name = signature.variables[0]
    plain = name is not None and name.id not in context.latent and not signature.group
    if name is not None and plain and is_drawn(context, signature):
        raise context.refuse(
            "F2D-0515",
            f"{name.id} is drawn from {signature.label} as data, which is scored as a model: it cannot be both",
            signature.slots[0].span,
            f"name the data, E_{{p_{{data}}({name.id})}}, or the model, p_\\theta({name.id})",
        )


def _models_data(context: Context, signature: Signature, name: Name) -> bool:
    """``p_\\theta(x)`` of data x: its parameters are to be learned."""
    made = context.latent | context.model.definitions.keys()
    return bool(signature.group) and name.id in context.model.variables and name.id not in made


def _size_of_data(context: Context, signature: Signature, name: Name, shape: tuple[int, ...] | None) -> tuple[int, ...]:
    if shape is None:
        raise context.refuse(
            "F2D-0609",
            f"{signature.label} is learned, and the formula does not say the shape of {name.id}",
            signature.slots[0].span,
            f"say it: dims={{{name.id!r}: 64}}, or bind {signature.label}",
        )
    return shape


def _fitted_normal(context: Context, signature: Signature, shape: tuple[int, ...]) -> ir.Law:
    """A Normal whose location and scale are parameters: they start at 0 and 1."""
    label = signature.label
    context.assume(f"{label} is a Normal with a learned mean and a learned standard deviation")
    nodes = []
    for each in ("loc", "log_scale"):
        name = f"{identifier(label)}_{each}"
        group = signature.group[0] if signature.group else None
        parameter = Parameter(name, f"{label}: {each}", True, shape, group, fill=0.0)
        context.parameters.setdefault(name, parameter)
        nodes.append(context.arena.make(ir.Param, name, True))
    params = (("loc", nodes[0]), ("scale", converted(context, "scale_from_log_scale", nodes[1])))
    return context.arena.make(ir.Law, label, "Normal", params, shape, False, ())


def _uniform_logits(
    context: Context, signature: Signature, classes: int | None, shape: tuple[int, ...] | None
) -> ir.Node:
    """Equal logits: zeros, for each bit or class; the number 0 for bits of unknown number."""
    sizes = (*(shape or ()), classes) if classes is not None else shape
    if not sizes:
        return context.const(0.0)
    name = f"{identifier(signature.label)}_logits"
    context.parameters.setdefault(name, Parameter(name, f"{signature.label}: uniform", False, sizes, fill=0.0))
    return context.arena.make(ir.Param, name, False)


def _network_law(
    context: Context, signature: Signature, family_name: str, shape: tuple[int, ...] | None, given: tuple[ir.Node, ...]
) -> ir.Law:
    family = registry.family(family_name)
    label = signature.label
    name = identifier(label)
    variable = signature.variables[0]
    assert variable is not None
    known = context.networks.get(name)
    heads = known.scaffold.heads if known is not None and known.scaffold is not None else None
    heads = heads or _heads(context, label, variable, family_name, shape)
    written = signature.slots[len(signature.variables) :]
    group = signature.group[0] if signature.group else None
    given, codes = coded(context, label, variable, group, tuple(map(slot_value, written)), given)
    inputs = inputs_of(context, label, tuple(map(slot_value, written)), given)
    inputs = tuple((codes.get(place, each), sized) for place, (each, sized) in enumerate(inputs))
    like = data_beside(context, Part("variable", variable.id)) if shape is None else None
    plain = [None if place in codes else each for place, each in enumerate(written)]
    reads, classes = over_time(context, given, written[0]), classes_of(context, inputs, plain)
    whole = whole_numbers(inputs, given)
    scaffold = Scaffold(
        inputs, heads, like, classes, whole, sequence=reads.sequence, steady=reads.steady, ragged=reads.ragged
    )
    scaffold = over_entries(context, signature, scaffold, shape)
    taken = tuple(each for each, _ in scaffold.inputs)
    context.default_network(Network(name, label, taken, False, group, scaffold), written[0])
    call = context.call(name, given, is_frozen(context, signature))
    if len(heads) == 1 and family_name == "Normal":
        loc: ir.Node = context.arena.make(ir.Head, call, None, "loc")
        params: tuple[tuple[str, ir.Node], ...] = (("loc", loc), ("scale", context.const(1.0)))
    else:
        params = tuple((each, context.arena.make(ir.Head, call, family_name, each)) for each in family.parameters)
    return context.arena.make(ir.Law, label, family_name, params, shape, False, ())


def _heads(
    context: Context, label: str, variable: Name, family_name: str, shape: tuple[int, ...] | None
) -> tuple[tuple[str, Literal["real", "positive", "unit"], tuple[int, ...] | None], ...]:
    """The results of a density's default network: the parameters of its family; of a Normal over data its location."""
    sized = head_shape(context, variable, family_name, shape)
    if family_name == "Normal" and variable.id not in context.latent:
        context.assume(f"{label} is a Normal with standard deviation 1 around a small network")
        return (("loc", "real", sized),)
    context.assume(f"{label} is a {family_name} with a small network")
    return tuple(
        (each, "positive" if each == "scale" else "real", sized) for each in registry.family(family_name).parameters
    )
