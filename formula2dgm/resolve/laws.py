"""From a density at values to a law: the family, and where each of its parameters comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter
from formula2dgm.registry.family import Family
from formula2dgm.resolve.bindings import (
    FamilyValue,
    NetworkValue,
    NumberValue,
    ParameterValue,
    TensorValue,
    VariableValue,
)
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities import Use
from formula2dgm.resolve.lookup import find_use
from formula2dgm.resolve.names import Name, identifier, read_name
from formula2dgm.resolve.scaffold import scaffold_law
from formula2dgm.resolve.signature import Signature
from formula2dgm.syntax import tree

Evaluate = Callable[[tree.Node, Scope], ir.Node]


def law_of(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """The law of a density, its givens evaluated at their place of use."""
    density = use.density
    if density.declared is not None and density.declared.kind in ("family", "proportional"):
        with context.unfolding(density.label, density.declared.span):
            written = _declared_law if density.declared.kind == "family" else _product_law
            return written(context, use, scope, evaluate)
    given = tuple(evaluate(_value_of(each), scope) for each in use.given)
    _refuse_literals(context, use, given)
    if density.binding is None:
        return scaffold_law(context, density.signature, given)
    assert isinstance(density.binding.value, FamilyValue)
    return _bound_law(context, density.signature, density.binding.key.text, density.binding.value, given)


def _value_of(slot: tree.Node) -> tree.Node:
    """``z = 0`` in a slot evaluates to 0."""
    return slot.value if isinstance(slot, tree.Binds) else slot


def _refuse_literals(context: Context, use: Use, given: tuple[ir.Node, ...]) -> None:
    """A network takes ``[n, event...]``; a number has no event shape, but for a category, which is one."""
    for name, slot, value in zip(use.density.signature.given, use.given, given, strict=True):
        space = context.model.spaces.get(name.id) if name else None
        if isinstance(value, ir.Const) and not (space and (space.kind == "category" or space.shape == ())):
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
    return context.arena.make(ir.Law, signature.label, family.name, params, shape, False, value.options)


def declared_shape(context: Context, signature: Signature) -> tuple[int, ...] | None:
    """The event shape that a space or an option gives the density's variable."""
    if len(signature.variables) != 1 or signature.variables[0] is None:
        return None
    return variable_shape(context, signature.variables[0])


def variable_shape(context: Context, name: Name) -> tuple[int, ...] | None:
    """The event shape that an option or a space gives a variable."""
    for key in (name.id, name.base):
        if key in context.options.dims:
            return (context.options.dims[key],)
        if key in context.model.spaces and context.model.spaces[key].kind != "category":
            return context.model.spaces[key].shape
    return None


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
    network = Network(name, label, inputs, keywords, _group(context, signature, binding), None, value.sigmoid, binding)
    if name not in context.networks or context.networks[name].group is None:
        context.networks[name] = network
    return context.call(name, given, is_frozen(context, signature), value.stochastic)


def _group(context: Context, signature: Signature, binding: tuple[str, str]) -> str | None:
    """The parameter group of a density: its own, or the one that the formula writes where the binding has none."""
    group = signature.group or context.groups.get(binding[0], ())
    return group[0] if group else None


#: Labels of a density that is held constant beside a trained one of its letter.
FROZEN_LABELS = frozenset(("ref", "old", "target", "bar"))


def is_frozen(context: Context, signature: Signature) -> bool:
    """``pi_ref`` beside ``pi_theta``: a reference, whose parameters are constants."""
    letter, *labels = signature.head.split("_")
    if not FROZEN_LABELS & set(labels):
        return False
    trained = [each for each in context.densities.all if each.signature.head == letter and each.signature.group]
    if trained:
        context.assume(f"{signature.head} is frozen: a reference beside {trained[0].signature.label}")
    return bool(trained)


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
    for canonical in family.parameters:
        spellings = {canonical: None, **family.alternatives.get(canonical, {})}
        used = [each for each in spellings if each in values]
        if len(used) != 1:
            accepted = " or ".join(spellings)
            raise context.refuse(
                "F2D-0704", f"{family.name} needs {accepted}, and exactly one of them, for {signature.label}", None
            )
        node = _parameter(context, f"{name}_{used[0]}", (key, used[0]), signature, values[used[0]], given)
        converter = spellings[used[0]]
        if converter is not None:
            node = _converted(context, converter, node)
        params.append((canonical, node))
    return tuple(params)


def _parameter(
    context: Context,
    name: str,
    binding: tuple[str, str],
    signature: Signature,
    value: ParameterValue,
    given: tuple[ir.Node, ...],
) -> ir.Node:
    parameter = binding[1]
    label = f"{parameter} of {signature.label}"
    match value:
        case NumberValue(number):
            return context.const(number)
        case TensorValue(shape, learned):
            if name not in context.parameters or context.parameters[name].group is None:
                group = _group(context, signature, binding)
                context.parameters[name] = Parameter(name, label, learned, shape, group, binding)
            return context.arena.make(ir.Param, name, learned, learned and is_frozen(context, signature))
        case VariableValue(variable):
            for slot, node in zip(signature.given, given, strict=True):
                if slot is not None and variable in (slot.id, slot.base):
                    return node
            names = ", ".join(each.id for each in signature.given if each) or "nothing"
            raise context.refuse(
                "F2D-0705",
                f"{parameter}={variable!r} names no conditioning variable of {signature.label}",
                None,
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
    inner = replace(_given_values(use, scope, evaluate), statement=declared)
    return family_law(context, declared.body, declared.signature, inner, evaluate)


def _written_variable(context: Context, call: tree.Call) -> Name | None:
    """The variable of ``N(z; mu, Sigma)`` or ``N(z | mu, Sigma)``; None where none is written."""
    first = call.args[0]
    if not (call.params or call.given) or not isinstance(first, tree.Symbol):
        return None
    return read_name(first, context.model.indices)


def _given_values(use: Use, scope: Scope, evaluate: Evaluate) -> Scope:
    """The scope of a declared body: its given names stand for what is written at the place of use."""
    values = {
        slot.id: evaluate(_value_of(argument), scope)
        for slot, argument in zip(use.density.signature.given, use.given, strict=True)
        if slot is not None
    }
    return scope.bind(values)


def is_written_family(node: tree.Node) -> bool:
    """``N(0, I)``, ``Bernoulli(x; f(z))``: a call of a family's own name."""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    return registry.family_by_spelling(node.head.style + node.head.letter) is not None


def family_law(
    context: Context, call: tree.Call, signature: Signature | None, scope: Scope, evaluate: Evaluate
) -> ir.Law:
    """A family written in the formula: ``N(z; mu, Sigma)``, ``N(0, I)``, ``Bernoulli(x; f(z))``."""
    assert isinstance(call.head, tree.Symbol)
    family = registry.family_by_spelling(call.head.style + call.head.letter)
    assert family is not None
    arguments = call.params or call.given or call.args
    label = signature.label if signature else str(call)
    if len(arguments) != len(family.arguments):
        wanted = ", ".join(family.arguments)
        raise context.refuse(
            "F2D-0301",
            f"{family.name} takes {len(family.arguments)} parameters ({wanted}), not {len(arguments)}",
            call.span,
            f"write {family.spellings[0]}(x; {wanted})",
        )
    params = []
    for name, argument in zip(family.arguments, arguments, strict=True):
        canonical, node = _written_parameter(context, family, name, argument, scope, evaluate)
        params.append((canonical, node))
    shape = declared_shape(context, signature) if signature else None
    order = {each: position for position, each in enumerate(family.parameters)}
    params.sort(key=lambda each: order[each[0]])
    constant = all(isinstance(node, ir.Const) for _, node in params)
    scalar = signature is None and constant and family.support != "real"
    return context.arena.make(ir.Law, label, family.name, tuple(params), shape, scalar, ())


def _written_parameter(
    context: Context, family: Family, name: str, argument: tree.Node, scope: Scope, evaluate: Evaluate
) -> tuple[str, ir.Node]:
    if name == "var":
        return "scale", _scale(context, argument, scope, evaluate)
    if name in family.parameters:
        return name, evaluate(argument, scope)
    for canonical, alternatives in family.alternatives.items():
        if name in alternatives:
            return canonical, _converted(context, alternatives[name], evaluate(argument, scope))
    raise AssertionError(f"{family.name} has no parameter {name}")


def _converted(context: Context, converter: str, value: ir.Node) -> ir.Node:
    """A parameter in its canonical form; the logits of a sigmoid are its argument."""
    if converter == "logits_from_probs" and isinstance(value, ir.Apply) and value.function == "sigmoid":
        return value.args[0]
    return context.arena.make(ir.Apply, converter, (value,))


def _scale(context: Context, variance: tree.Node, scope: Scope, evaluate: Evaluate) -> ir.Node:
    """The standard deviation of a written second argument: ``sigma^2 I``, ``I``, ``diag(sigma^2)``, ``0.1``."""
    core = strip_identity(variance)
    if core is None:
        return context.const(1.0)
    root = _square_root(core)
    if root is not None:
        return evaluate(root, scope)
    head = core.head if isinstance(core, tree.Call) else core
    if isinstance(head, tree.Symbol) and head.letter == "sigma":
        context.assume(
            f"the second argument {variance} of a Normal, without a square, is its standard deviation", variance.span
        )
        return evaluate(core, scope)
    value = evaluate(core, scope)
    if isinstance(value, ir.Const):
        return context.const(value.value**0.5)
    return context.arena.make(ir.Apply, "sqrt", (value,))


def strip_identity(node: tree.Node) -> tree.Node | None:
    """``sigma^2 I`` without its ``I``; ``diag(v)`` without its ``diag``; None for ``I`` itself."""
    if isinstance(node, tree.Symbol) and node.letter == "I" and not node.accents:
        return None
    if isinstance(node, tree.Func) and node.name == "diag" and len(node.args) == 1:
        return node.args[0]
    if isinstance(node, tree.Mul):
        kept = [each for each in node.factors if strip_identity(each) is not None]
        kept = [strip_identity(each) or each for each in kept]
        if not kept:
            return None
        return kept[0] if len(kept) == 1 else tree.Mul(tuple(kept), ("",) * (len(kept) - 1), span=node.span)
    return node


def _square_root(node: tree.Node) -> tree.Node | None:
    """``sigma^2`` -> ``sigma``; ``sigma^2(x)`` -> ``sigma(x)``; None if the node is no written square."""
    if isinstance(node, tree.Power) and isinstance(node.exponent, tree.Number) and node.exponent.text == "2":
        return node.base
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Power):
        head = _square_root(node.head)
        if head is not None:
            return tree.Call(head, node.args, node.given, node.params, span=node.span)
    return None


# -- products of experts -------------------------------------------------------------------------------


def _product_law(context: Context, use: Use, scope: Scope, evaluate: Evaluate) -> ir.Law:
    """``q(z|x,y) \\propto p(z) q(z|x) q(z|y)``: a product of Normal densities of one variable is Normal.

    Precisions add: 1/s^2 = sum_i 1/s_i^2, and loc = s^2 sum_i loc_i / s_i^2.
    """
    declared = use.density.declared
    assert declared is not None
    signature = declared.signature
    inner = _given_values(use, scope, evaluate)
    factors = declared.body.factors if isinstance(declared.body, tree.Mul) else (declared.body,)
    laws = [_expert(context, each, signature, inner, evaluate) for each in factors]
    if any(each.family != "Normal" for each in laws):
        raise context.refuse(
            "F2D-0303",
            f"the normaliser of {signature.label} is known only for products of Normal densities",
            declared.span,
            "let every factor be Normal, or write the density with =",
        )
    make, one, two = context.arena.make, context.const(1.0), context.const(2)
    params = [dict(each.params) for each in laws]
    precisions = [make(ir.Div, one, make(ir.Pow, each["scale"], two)) for each in params]
    total = make(ir.Add, tuple(precisions))
    weighted = make(ir.Add, tuple(make(ir.Mul, (p, each["loc"])) for p, each in zip(precisions, params, strict=True)))
    loc = make(ir.Div, weighted, total)
    scale = make(ir.Div, one, make(ir.Apply, "sqrt", (total,)))
    shape = declared_shape(context, signature)
    return make(ir.Law, signature.label, "Normal", (("loc", loc), ("scale", scale)), shape, False, ())


def _expert(context: Context, factor: tree.Node, signature: Signature, scope: Scope, evaluate: Evaluate) -> ir.Law:
    if not isinstance(factor, tree.Call):
        raise _no_expert(context, factor, signature)
    if isinstance(factor.head, tree.Symbol) and registry.family_by_spelling(factor.head.style + factor.head.letter):
        return family_law(context, factor, None, scope, evaluate)
    use = find_use(context, factor)
    own = {each.id for each in signature.variables if each}
    names = {read_name(each, context.model.indices).id for each in use.variables if isinstance(each, tree.Symbol)}
    if names != own:
        raise _no_expert(context, factor, signature)
    return law_of(context, use, scope, evaluate)


def _no_expert(context: Context, factor: tree.Node, signature: Signature) -> Exception:
    names = ", ".join(each.id for each in signature.variables if each)
    return context.refuse(
        "F2D-0303",
        f"{factor} is no density over {names}",
        factor.span,
        f"every factor of {signature.label} is a density over {names}",
    )
