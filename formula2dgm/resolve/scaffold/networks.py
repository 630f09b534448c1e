"""Default networks: the heads of a distribution statement, and networks that stand by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name, identifier, read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.class_rows import refuse_network_of_class
from formula2dgm.resolve.scaffold.entry_counts import entries_read
from formula2dgm.resolve.scaffold.ranges import is_positive, is_probability, positive_for
from formula2dgm.resolve.scaffold.recurrences import coded, over_time, scaffold_over_time
from formula2dgm.resolve.scaffold.sizes import (
    classes_of,
    data_beside,
    event_shape,
    head_shape,
    inputs_of,
    result_shape,
    whole_numbers,
)
from formula2dgm.resolve.statements.meeting import Part
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree


def is_head(context: Context, declared: Declared, call: tree.Call) -> bool:
    """Does the call stand in a distribution statement itself, not in a definition that it uses?"""
    return any(_full_name(context, each) == _full_name(context, call) for each, _ in _head_calls(context, declared))


def scaffold_head(context: Context, declared: Declared, call: tree.Call, args: tuple[ir.Node, ...]) -> ir.Node:
    """A network named in ``q(z|x) = N(z; mu_phi(x), sigma_phi^2(x) I)``, made by default.

    Heads of one statement with the same group and the same arguments are one network.
    """
    refuse_network_of_class(context, call)
    heads = [each for each in _head_calls(context, declared) if _shares_network(context, each[0], call)]
    names = [_full_name(context, each) for each, _ in heads]
    own = _full_name(context, call)
    density = (declared.of or declared.signature).label
    name = attribute(own) if len(heads) == 1 else identifier(density)
    label = own if len(heads) == 1 else density
    variable = declared.signature.variables[0]
    assert variable is not None and isinstance(declared.body, tree.Call)
    shape = event_shape(context, variable)
    family = registry.family_by_spelling(spelling(declared.body.head))
    sized = head_shape(context, variable, family.name if family else "", shape)
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
    context.default_network(network, call)
    context.assume(
        f"{own} is a small network" if len(heads) == 1 else f"{' and '.join(names)} are heads of one small network",
        declared.span,
    )
    node: ir.Node = context.arena.make(ir.Head, context.call(name, args, origin=call), None, own, origin=call)
    kind = next(kind for each, kind in heads if _full_name(context, each) == own)
    if kind == "simplex":
        return context.arena.make(ir.EventFunction, "softmax", (node,), "value", origin=call)
    return context.arena.make(ir.Apply, "sigmoid", (node,), origin=call) if kind == "unit" else node


def scaffold_network(context: Context, name: Name, call: tree.Call, args: tuple[ir.Node, ...]) -> ir.Node:
    """A network that stands outside distribution statements: its result is what its use demands."""
    if (made := scaffold_over_time(context, name, call, args)) is not None:
        return made
    refuse_network_of_class(context, call)
    key = name.full
    shape = result_shape(context, key)
    if shape == () and (entries := entries_read(context, key)) is not None:
        shape = (entries,)
        context.assume(f"{key} has {entries} entries: no later one is read", call.span)
    inputs = inputs_of(context, key, call.args, args)
    like = data_beside(context, Part("result", key)) if shape is None else None
    probability = shape == () and is_probability(context, key)
    exponential = shape == () and not probability and is_positive(context, key)
    reason = None if probability or exponential else positive_for(context, key)
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
    return node


def _head_calls(context: Context, declared: Declared) -> list[tuple[tree.Call, str]]:
    """The unbound networks of the statement, each with the constraint of the argument it stands in."""
    assert isinstance(declared.body, tree.Call)
    family = registry.family_by_spelling(spelling(declared.body.head))
    assert family is not None
    classes = family.alternatives.get("logits", {}).get("probs") == "class_logits_from_probs"
    kinds = {"var": "positive", "scale": "positive", "probs": "simplex" if classes else "unit"}
    arguments = declared.body.params or declared.body.given or declared.body.args
    found: dict[str, tuple[tree.Call, str]] = {}
    for name, argument in zip(family.arguments, arguments, strict=False):
        for each in _outermost(argument):
            if isinstance(each.head, tree.Power):
                each = tree.Call(each.head.base, each.args, each.given, each.params, span=each.span)
            if isinstance(each.head, tree.Symbol):
                full = _full_name(context, each)
                if context.named.find(read_name(each.head, context.model.indices, head=True)) is None:
                    kind = "real" if _squashed(argument, full, context) else kinds.get(name, "real")
                    found.setdefault(full, (each, kind))
    return list(found.values())


def _outermost(argument: tree.Node) -> Iterator[tree.Call]:
    """The calls that make a parameter: g of ``g(f(z), h)``, and not f, whose result is what it likes."""
    if isinstance(argument, tree.Call):
        yield argument
        if str(argument.head) not in ("sigma", "sigmoid", "softmax"):
            return
    for each in argument.children:
        yield from _outermost(each)


def _squashed(argument: tree.Node, network: str, context: Context) -> bool:
    """Does the network stand under a written sigmoid or softmax? It is then not to be squashed once more."""
    for each in argument.walk():
        name = str(each.head) if isinstance(each, tree.Call) else each.name if isinstance(each, tree.Func) else ""
        if name in ("sigma", "sigmoid", "softmax"):
            inside = (inner for child in each.children for inner in child.walk())
            calls = (inner for inner in inside if isinstance(inner, tree.Call) and isinstance(inner.head, tree.Symbol))
            if any(_full_name(context, inner) == network for inner in calls):
                return True
    return False


def _shares_network(context: Context, one: tree.Call, other: tree.Call) -> bool:
    groups = [read_name(each.head, context.model.indices, head=True).group for each in (one, other)]  # type: ignore[arg-type]
    return groups[0] == groups[1] and one.args == other.args


def _full_name(context: Context, call: tree.Call) -> str:
    assert isinstance(call.head, tree.Symbol)
    return read_name(call.head, context.model.indices, head=True).full
