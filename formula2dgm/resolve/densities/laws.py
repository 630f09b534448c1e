"""From a density at values to a law: the family, and where each of its parameters comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.bindings import (
    FamilyValue,
    NetworkValue,
    NumberValue,
    ParameterValue,
    TensorValue,
    VariableValue,
)
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter
from formula2dgm.reading.names import Name, identifier, read_name
from formula2dgm.reading.signature import Signature
from formula2dgm.registry.family import Family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.dependence import refuse_itself, refuse_unseen
from formula2dgm.resolve.densities.experts import product_law
from formula2dgm.resolve.densities.families import Evaluate, converted, declared_shape, family_law, note_defaults
from formula2dgm.resolve.densities.finding import Use
from formula2dgm.resolve.densities.posteriors import posterior_law
from formula2dgm.resolve.densities.references import is_frozen
from formula2dgm.resolve.densities.undrawn import refuse_undrawn
from formula2dgm.resolve.processes.laws import process_law
from formula2dgm.resolve.processes.noise_processes import PROCESS
from formula2dgm.resolve.scaffold.laws import scaffold_law
from formula2dgm.resolve.sequences.timeline import step_key
from formula2dgm.resolve.statements.impossible import refuse_impossible
from formula2dgm.resolve.values.frozen_groups import held
from formula2dgm.resolve.values.tables import rows_at, tables_of
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


def law_of(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """The law of a density, its givens evaluated at their place of use."""
    law = _law_of(context, use, scope, evaluate)
    refuse_impossible(context, law, _place(use))
    if use.call is not None:
        _note_place(context, law, use.call)
    law = _at_class(context, use, law)
    if use.frozen:
        law = held(context, use.call, law, [evaluate(_value_of(each), scope) for each in use.given])
    return _stopped(context, law) if use.stopped else law


def _at_class(context: Context, use: Use, law: ir.Law) -> ir.Law:
    """The law of ``p(z=0)``: of the number of a class, also where the law's own values are one-hot."""
    if not any(isinstance(_value_of(each), tree.Number) for each in use.variables):
        return law
    options = tuple(each for each in law.options if each != ("one_hot", True))
    return context.arena.make(ir.Law, law.label, law.family, law.params, law.shape, law.scalar, options)


def _stopped(context: Context, law: ir.Law) -> ir.Law:
    """The law with parameters through which no gradient passes."""
    make = context.arena.make
    params = tuple((name, make(ir.StopGrad, value)) for name, value in law.params)
    return make(ir.Law, law.label, law.family, params, law.shape, law.scalar, law.options)


def _note_place(context: Context, law: ir.Law, call: tree.Node) -> None:
    """Remember where the law and the networks that it calls stand in the text."""
    heads = [node for _, node in law.params if isinstance(node, ir.Head)]
    for node in (law, *heads, *(head.call for head in heads)):
        if not context.arena.origins(node):
            context.arena.note(node, call)


def _law_of(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Law:
    density = use.density
    if density.declared is not None and density.declared.kind == PROCESS:
        return process_law(context, use, scope, evaluate, law_of)
    if density.declared is not None and density.declared.kind in ("family", "proportional", "posterior"):
        with context.unfolding(density.label, density.declared.span):
            if density.declared.kind == "family":
                return _declared_law(context, use, scope, evaluate)
            inner = _given_values(use, scope, evaluate)
            if density.declared.kind == "posterior":
                return posterior_law(context, density.declared, inner, evaluate, law_of)
            return product_law(context, density.declared, inner, evaluate, law_of)
    if density.cases:
        raise context.refuse(
            "F2D-0321",
            f"{density.label} is bound value by value, and has no parameters of its own here",
            _place(use),
            f"score it, log {density.label}, or write the value: {density.cases[0].density.label}",
        )
    refuse_undrawn(context, density, _place(use))
    given = tuple(evaluate(_value_of(each), scope) for each in use.given)
    _refuse_literals(context, use, given)
    if density.binding is None:
        return scaffold_law(context, density.signature, given)
    assert isinstance(density.binding.value, FamilyValue)
    return _bound_law(context, density.signature, density.binding.key.text, density.binding.value, given)


def _place(use: Use) -> Span | None:
    """Where a density is used, or where it is declared."""
    if use.call is not None:
        return use.call.span
    return use.density.declared.span if use.density.declared is not None else None


def _value_of(slot: tree.Node) -> tree.Node:
    """``z = 0`` in a slot evaluates to 0."""
    return slot.value if isinstance(slot, tree.Binds) else slot


def _refuse_literals(context: Context, use: Use, given: tuple[ir.Node, ...]) -> None:
    """A network takes ``[n, event...]``; a number has no event shape, but for a category, which is one."""
    for name, slot, value in zip(use.density.signature.given, use.given, given, strict=True):
        space = context.model.spaces.get(name.id) if name else None
        if isinstance(value, ir.Const | ir.Hyper) and not (space and (space.kind == "category" or space.shape == ())):
            raise context.refuse(
                "F2D-0317",
                f"the number {slot} is no value of {name.id if name else 'it'} whose shape is known",
                slot.span,
                "pass it as data, or say that it is a category: y \\in \\{1, \\dots, 10\\}",
            )


# -- bound ---------------------------------------------------------------------------------------------


def _bound_law(
    context: Context, signature: Signature, key: str, value: FamilyValue, given: tuple[ir.Node, ...]
) -> ir.Law:
    family = registry.family(value.family)
    name = identifier(signature.label)
    if value.network is not None:
        call = network_call(context, name, signature.label, signature, value.network, given, (key, ""))
        heads = [(each, context.arena.make(ir.Head, call, family.name, each)) for each in family.parameters]
        params: tuple[tuple[str, ir.Node], ...] = tuple(heads)
    else:
        params = _parameter_by_parameter(context, family, name, signature, key, value.parameters, given)
    shape = value.event_shape
    if shape is None:
        shape = declared_shape(context, signature)
    note_defaults(context, signature.label, family, value.options)
    return context.arena.make(ir.Law, signature.label, family.name, params, shape, False, value.options)


def network_call(
    context: Context,
    name: str,
    label: str,
    signature: Signature,
    value: NetworkValue,
    given: tuple[ir.Node, ...],
    binding: tuple[str, str],
) -> ir.NetCall:
    """One call of a bound network, entered in the program's list of networks."""
    inputs = tuple(each.id if each else f"input_{i}" for i, each in enumerate(signature.given))
    keywords = bool(inputs) and set(inputs) <= set(value.named) and inputs != value.named[: len(inputs)]
    group = _group(context, signature, binding)
    network = Network(name, label, inputs, keywords, group, None, value.sigmoid, binding)
    network = replace(network, stateful=value.stateful, random=value.stochastic)
    if name not in context.networks or context.networks[name].group is None:
        context.networks[name] = network
    return context.call(name, given, is_frozen(context, signature), value.stochastic)


def _group(context: Context, signature: Signature, binding: tuple[str, str]) -> str | None:
    """The parameter group of a density: its own, or the one that the formula writes where the binding has none."""
    group = signature.group or context.groups.get(binding[0], ())
    return group[0] if group else None


def _parameter_by_parameter(
    context: Context,
    family: Family,
    name: str,
    signature: Signature,
    key: str,
    given_parameters: Sequence[tuple[str, ParameterValue]],
    given: tuple[ir.Node, ...],
) -> tuple[tuple[str, ir.Node], ...]:
    values = dict(given_parameters)
    params: list[tuple[str, ir.Node]] = []
    tables = tables_of(context, family, signature, given_parameters, given)
    for canonical in family.parameters:
        spellings = {canonical: None, **family.alternatives.get(canonical, {})}
        used = [each for each in spellings if each in values]
        if len(used) != 1:
            accepted = " or ".join(spellings)
            raise context.refuse(
                "F2D-0704",
                f"{family.name} needs {accepted}, and exactly one of them, for {signature.label}",
                signature.place,
            )
        rows = tables.get(used[0], ())
        node = _parameter(context, f"{name}_{used[0]}", (key, used[0]), signature, values[used[0]], given, rows)
        converter = spellings[used[0]]
        if converter is not None:
            node = converted(context, converter, node)
        params.append((canonical, node))
    return tuple(params)


def _parameter(
    context: Context,
    name: str,
    binding: tuple[str, str],
    signature: Signature,
    value: ParameterValue,
    given: tuple[ir.Node, ...],
    states: tuple[ir.Node, ...] = (),
) -> ir.Node:
    """A parameter of a law; of a tensor, ``states`` are the finite values that its first dimensions count."""
    parameter = binding[1]
    label = f"{parameter} of {signature.label}"
    match value:
        case NumberValue(number):
            return context.const(number)
        case TensorValue(shape, learned):
            if name not in context.parameters or context.parameters[name].group is None:
                group = _group(context, signature, binding)
                context.parameters[name] = Parameter(name, label, learned, shape, group, binding)
            frozen = learned and is_frozen(context, signature)
            whole = bool(states) and len(states) == len(shape)
            table = rows_at(context, name, learned, frozen, states, whole) if states else None
            return table if table is not None else context.arena.make(ir.Param, name, learned, frozen)
        case VariableValue(variable):
            for slot, node in zip(signature.given, given, strict=True):
                if slot is not None and variable in (slot.id, slot.base):
                    return node
            names = ", ".join(each.id for each in signature.given if each) or "nothing"
            raise context.refuse(
                "F2D-0705",
                f"{parameter}={variable!r} names no conditioning variable of {signature.label}",
                signature.place,
                f"it is conditioned on {names}",
            )
        case NetworkValue():
            call = network_call(context, name, label, signature, value, given, binding)
            return context.arena.make(ir.Head, call, None, None)


# -- declared by a statement ---------------------------------------------------------------------------


def _declared_law(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """``q(z|x) = N(z; mu(x), sigma^2(x) I)``: the family's arguments, at the values of the place of use."""
    declared = use.density.declared
    assert declared is not None and isinstance(declared.body, tree.Call)
    over = _written_variable(context, declared.body)
    if over is not None and over not in declared.signature.variables:
        raise context.refuse(
            "F2D-0316",
            f"{declared.signature.label} is declared by a family over {over.id}",
            declared.body.span,
            "name the variable of the density before the semicolon, or leave it out",
        )
    refuse_unseen(context, declared)
    refuse_itself(context, declared)
    inner = replace(_given_values(use, scope, evaluate), statement=declared)
    return family_law(context, declared.body, declared.signature, inner, evaluate)


def _written_variable(context: Context, call: tree.Call) -> Name | None:
    """The variable of ``N(z; mu, Sigma)`` or ``N(z | mu, Sigma)``; None where none is written."""
    first = call.args[0] if call.args and (call.params or call.given) else None
    return read_name(first, context.model.indices) if isinstance(first, tree.Symbol) else None


def _given_values(use: Use, scope: Scope, evaluate: Evaluate) -> Scope:
    """The scope of a declared body: its given names stand for what is written at the place of use."""
    values = {
        step_key(slot) if slot.index else slot.id: evaluate(_value_of(argument), scope)
        for slot, argument in zip(use.density.signature.given, use.given, strict=True)
        if slot is not None
    }
    return scope.bind(values)
