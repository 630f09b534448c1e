"""Default networks: the heads of a distribution statement, and networks that stand by themselves."""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, identifier, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.class_rows import refuse_network_of_class
from formula2dgm.resolve.scaffold.entry_counts import entries_read
from formula2dgm.resolve.scaffold.heads import full_name, heads_beside, kind_everywhere, shape_everywhere, stated_places
from formula2dgm.resolve.scaffold.ranges import is_positive, is_probability, positive_for
from formula2dgm.resolve.scaffold.recurrences import coded, over_time, scaffold_over_time
from formula2dgm.resolve.scaffold.sizes import (
    classes_of,
    data_beside,
    inputs_of,
    result_shape,
    whole_numbers,
)
from formula2dgm.resolve.statements.meeting import Part
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def scaffold_head(context: Context, declared: Declared, call: tree.Call, args: tuple[ir.Node, ...]) -> ir.Node:
    """A network named in ``q(z|x) = N(z; mu_phi(x), sigma_phi^2(x) I)``, made by default.

    Heads of one statement with the same group and the same arguments are one network.
    """
    refuse_network_of_class(context, call)
    heads = heads_beside(context, declared, call)
    names = [full_name(context, each) for each, _ in heads]
    own = full_name(context, call)
    density = (declared.of or declared.signature).label
    name = attribute(own) if len(heads) == 1 else identifier(density)
    label = own if len(heads) == 1 else density
    variable = declared.signature.variables[0]
    assert variable is not None
    sized = shape_everywhere(context, own, call)
    made: tuple[tuple[str, Literal["real", "positive"], tuple[int, ...] | None], ...] = tuple(
        (each, "positive" if kind == "positive" else "real", sized)
        for each, (_, kind) in zip(names, heads, strict=True)
    )
    group = read_name(call.head, context.model.indices, head=True).group  # type: ignore[arg-type]
    args, codes = coded(context, label, variable, group[0] if group else None, call.args, args)
    inputs = inputs_of(context, own, call.args, args)
    inputs = tuple((codes.get(place, each), shape) for place, (each, shape) in enumerate(inputs))
    like = data_beside(context, Part("variable", variable.id)) if sized is None else None
    plain = [None if place in codes else each for place, each in enumerate(call.args)]
    reads, classes = over_time(context, args, call), classes_of(context, inputs, plain)
    whole = whole_numbers(inputs, args)
    scaffold = Scaffold(
        inputs,
        made,
        like,
        classes,
        whole,
        sequence=reads.sequence,
        steady=reads.steady,
        ragged=reads.ragged,
    )
    network = Network(name, label, tuple(each for each, _ in inputs), False, group[0] if group else None, scaffold)
    known = name in context.networks
    context.default_network(network, call)
    if len(heads) > 1:
        context.assume(f"{' and '.join(names)} are heads of one small network", declared.span)
    elif not known:
        context.assume(f"{own} is a small network", declared.span)
    node: ir.Node = context.arena.make(ir.Head, context.call(name, args, origin=call), None, own, origin=call)
    return _within(context, node, next(kind for each, kind in heads if full_name(context, each) == own), call)


def scaffold_network(context: Context, name: Name, call: tree.Call, args: tuple[ir.Node, ...]) -> ir.Node:
    """A network that stands outside distribution statements: its result is what its use demands."""
    if (made := scaffold_over_time(context, name, call, args)) is not None:
        return made
    refuse_network_of_class(context, call)
    key, places = name.full, stated_places(context, name.full)
    stated = kind_everywhere(context, key) if places else None
    shape = shape_everywhere(context, key, call) if places else result_shape(context, key)
    if not places and shape == () and (entries := entries_read(context, key)) is not None:
        shape = (entries,)
        context.assume(f"{key} has {entries} entries: no later one is read", call.span)
    inputs = inputs_of(context, key, call.args, args)
    part = Part("variable", places[0][0].id) if places else Part("result", key)
    like = data_beside(context, part) if shape is None else None
    probability = stated is None and shape == () and is_probability(context, key)
    exponential = stated is None and shape == () and not probability and is_positive(context, key)
    reason = None if probability or exponential or stated in ("unit", "simplex") else positive_for(context, key)
    if stated == "positive":
        reason = reason or "a law is as wide as it"
    scaffold = Scaffold(
        inputs,
        ((key, "positive" if reason else "real", shape),),
        like,
        classes_of(context, inputs, call.args),
        whole_numbers(inputs, args),
    )
    group = name.group[0] if name.group else None
    owned = attribute(key)
    context.default_network(Network(owned, key, tuple(each for each, _ in inputs), False, group, scaffold), call)
    node: ir.Node = context.arena.make(ir.Head, context.call(owned, args, origin=call), None, key, origin=call)
    if probability:
        context.assume(f"{key} is a small network with a sigmoid: it stands under logs only", call.span)
        return context.arena.make(ir.Apply, "sigmoid", (node,), origin=call)
    if exponential:
        context.assume(f"{key} is the exponential of a small network: it stands under a log", call.span)
        return context.arena.make(ir.Apply, "exp", (node,), origin=call)
    context.assume(f"{key} is a small network" + (f", positive: {reason}" if reason else ""), call.span)
    return _within(context, node, stated, call)


def _within(context: Context, node: ir.Node, kind: str | None, call: tree.Call) -> ir.Node:
    """What a network returns, as the probabilities that its place in a law asks for."""
    if kind == "simplex":
        return context.arena.make(ir.EventFunction, "softmax", (node,), "value", origin=call)
    return context.arena.make(ir.Apply, "sigmoid", (node,), origin=call) if kind == "unit" else node
