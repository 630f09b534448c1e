"""A family written in the formula, ``N(z; mu, sigma^2 I)``, as a law: its arguments, and the shape of its variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.positions import whole_set
from formula2dgm.reading.signature import Signature, read_signature
from formula2dgm.reading.written_families import family_named
from formula2dgm.registry.family import Family
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.class_weights import class_logits
from formula2dgm.resolve.densities.intervals import refuse_no_length
from formula2dgm.resolve.values.matrices import covariance
from formula2dgm.syntax import tree

Evaluate = Callable[[tree.Node, Scope], ir.Node]


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


def names_network(context: Context, call: tree.Call) -> bool:
    """Does a call in a family's argument name a network, ``Cat(y; \\pi_\\phi(x))``: no density by a bar, or known?"""
    if call.given is not None:
        return False
    wanted = read_signature(call, context.model.indices, context.model.parameters)
    known = [each.signature for each in context.densities.all]
    return all((each.head, each.group, each.ids) != (wanted.head, wanted.group, wanted.ids) for each in known)


def family_law(
    context: Context, call: tree.Call, signature: Signature | None, scope: Scope, evaluate: Evaluate
) -> ir.Law:
    """A family written in the formula: ``N(z; mu, Sigma)``, ``N(0, I)``, ``Bernoulli(x; f(z))``."""
    assert isinstance(call.head, tree.Symbol)
    family = family_named(call)
    assert family is not None
    arguments = call.params or call.given or call.args
    if family.name == "SphericalUniform":
        arguments = ()
    whole = whole_set(call) if family.name == "DiscreteUniform" else None
    if whole is not None:
        arguments = _ends(context, whole)
    label = signature.label if signature else str(call)
    if len(arguments) != len(family.arguments):
        wanted = ", ".join(family.arguments)
        raise context.refuse(
            "F2D-0301",
            f"{family.name} takes {len(family.arguments)} parameters ({wanted}), not {len(arguments)}",
            call.span,
            f"write {family.spellings[0]}(x; {wanted})",
        )
    if family.name == "Normal":
        root = covariance(context, arguments[1], lambda each: evaluate(each, scope))
        if root is not None:
            return _full_normal(context, label, signature, evaluate(arguments[0], scope), root)
    params = []
    inside = replace(scope, argument=True)
    for name, argument in zip(family.arguments, arguments, strict=True):
        weights = class_logits(context, label, _over(context, call, signature), argument) if family.classes else None
        if family.classes and weights is not None:
            params.append((family.classes, weights))
        else:
            params.append(_written_parameter(context, family, name, argument, inside, evaluate))
    shape = declared_shape(context, signature) if signature else None
    order = {each: position for position, each in enumerate(family.parameters)}
    params.sort(key=lambda each: order[each[0]])
    if family.name == "Uniform":
        refuse_no_length(context, label, params[0][1], params[1][1], call)
    if family.name == "DiscreteUniform":
        _refuse_drawn_ends(context, label, params, call)
    leaves = [each for _, node in params for each in walk(node) if not any(each.children)]
    constant = all(isinstance(each, ir.Const) for each in leaves)
    constant |= family.name in ("Uniform", "LogNormal") and all(
        isinstance(each, ir.Const | ir.Hyper) for each in leaves
    )
    constant |= family.name == "DiscreteUniform" and all(node.event != "value" for _, node in params)
    scalar = (signature is None or (_is_time(signature) and not shape)) and constant and family.support != "real"
    note_defaults(context, label, family, ())
    return context.arena.make(ir.Law, label, family.name, tuple(params), shape, scalar, ())


def _refuse_drawn_ends(context: Context, label: str, params: list[tuple[str, ir.Node]], call: tree.Call) -> None:
    """``U{1, T}`` with ``T = \\epsilon - 6``: what ends a range of whole numbers is no real number that is drawn."""
    for _, node in params:
        draws = (each for each in walk(node) if isinstance(each, ir.Draw))
        drawn = next((each for each in draws if registry.family(each.law.family).support == "real"), None)
        if drawn is not None:
            name = drawn.site.split("@")[0]
            raise context.refuse(
                "F2D-0667",
                f"{label} draws whole numbers up to what is made of {name}, which is no count",
                call.span,
                "say how many there are: T = 10",
            )


def _is_time(signature: Signature) -> bool:
    """``p(t)``, a density of a time."""
    return [each.id for each in signature.variables if each] in (["t"], ["tau"]) and not signature.given


def _ends(context: Context, whole: tree.SetOf) -> tuple[tree.Node, ...]:
    r"""The least and the greatest of the whole numbers ``\{1, T\}``, ``\{1, 2, \dots, T\}``."""
    items = [each for each in whole.items if not isinstance(each, tree.Ellipsis)]
    numbers = [int(each.text) for each in items if isinstance(each, tree.Number) and each.text.isdigit()]
    listed = numbers[:-1] if len(numbers) == len(items) < len(whole.items) else numbers
    in_a_row = all(after == before + 1 for before, after in zip(listed, listed[1:], strict=False))
    if len(items) < 2 or (len(items) > 2 and not in_a_row):
        raise context.refuse(
            "F2D-0301",
            f"{whole} is no range of whole numbers",
            whole.span,
            "write the first and the last of them: \\mathcal{U}\\{1, T\\}",
        )
    return items[0], items[-1]


def _over(context: Context, call: tree.Call, signature: Signature | None) -> Name | None:
    """The one variable of a family that is written out."""
    if signature is not None:
        return signature.variables[0] if len(signature.variables) == 1 else None
    point = call.args[0] if call.args and (call.params or call.given) else None
    return read_name(point, context.model.indices) if isinstance(point, tree.Symbol) else None


def note_defaults(context: Context, label: str, family: Family, options: tuple[tuple[str, object], ...]) -> None:
    """Settings that nobody chose are an assumption: the 256 levels of a DiscretizedLogistic."""
    left = [f"{name}={value}" for name, value in family.settings if name not in dict(options) and name != "dim"]
    if left:
        context.assume(f"{label} is a {family.name} with {', '.join(left)}")


def _full_normal(context: Context, label: str, signature: Signature | None, loc: ir.Node, root: ir.Node) -> ir.Law:
    """``N(x; mu, Sigma)`` whose second argument is a matrix: a Normal with that covariance."""
    shape = declared_shape(context, signature) if signature else None
    params = (("loc", loc), ("scale_tril", root))
    return context.arena.make(ir.Law, label, "MultivariateNormal", params, shape, False, ())


def _written_parameter(
    context: Context, family: Family, name: str, argument: tree.Node, scope: Scope, evaluate: Evaluate
) -> tuple[str, ir.Node]:
    if name == "var":
        return "scale", _scale(context, argument, scope, evaluate)
    if name in family.parameters:
        return name, evaluate(argument, scope)
    for canonical, alternatives in family.alternatives.items():
        if name in alternatives:
            return canonical, converted(context, alternatives[name], evaluate(argument, scope))
    raise AssertionError(f"{family.name} has no parameter {name}")


def converted(context: Context, converter: str, value: ir.Node) -> ir.Node:
    """A parameter in its canonical form; the logits of a sigmoid, or of a softmax, are its argument."""
    if converter == "logits_from_probs" and isinstance(value, ir.Apply) and value.function == "sigmoid":
        return value.args[0]
    if converter == "class_logits_from_probs" and isinstance(value, ir.EventFunction) and value.function == "softmax":
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
            f"the second argument {variance} of a Normal, without a square, is its standard deviation",
            variance.span,
            "F2D-0909",
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
    if isinstance(node, tree.Div):
        top = strip_identity(node.numerator)
        return replace(node, numerator=tree.Number("1", span=node.numerator.span) if top is None else top)
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
