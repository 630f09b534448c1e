"""The networks of distribution statements: which are heads of one network, and which stand by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import Name, read_name
from formula2dgm.registry import Family, family_by_spelling
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.scaffold.ranges import positive_for
from formula2dgm.resolve.scaffold.sizes import event_shape, head_shape
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree

#: Functions that make what a law takes of any number: what stands under them may have any sign.
_OF_ANY_NUMBER = ("sigma", "sigmoid", "softmax", "exp", "softplus")


def statement_of(context: Context, call: tree.Call, statement: Declared | None) -> Declared | None:
    """The statement that a call stands in, not in a definition that it uses: the one whose arguments are evaluated, or
    ``z ~ N(mu(x), sigma^2(x) I)``, from which z is drawn and which declares q(z|x)."""
    if statement is not None:
        names = (full_name(context, each) for each, _ in _head_calls(context, statement))
        return statement if full_name(context, call) in names else None
    for declared in (each.declared for each in context.densities.all):
        if declared is None or declared.kind != "family" or not _is_drawn(context, declared):
            continue
        heads = (each for each, _ in _head_calls(context, declared))
        if any((each.span, each.args) == (call.span, call.args) for each in heads):
            return declared
    return None


def heads_beside(context: Context, declared: Declared, call: tree.Call) -> list[tuple[tree.Call, str]]:
    """The heads of the network that a call in a statement is one of, each with the constraint of its place.

    They have its group and its arguments. A network that is read elsewhere is the same there: it stands by itself.
    """
    own = full_name(context, call)
    _refuse_both_ways(context, declared, call)
    if is_read_elsewhere(context, declared, call):
        return [(call, kind_everywhere(context, own))]
    return [
        (each, kind)
        for each, kind in _head_calls(context, declared)
        if _shares_network(context, each, call) and not is_read_elsewhere(context, declared, each)
    ]


def is_read_elsewhere(context: Context, declared: Declared, call: tree.Call) -> bool:
    """Is the network applied outside the statement, or in it to other values?"""
    own, model = full_name(context, call), context.model
    stated = [each for each in (*model.densities, *model.sequences) if each.signature != declared.of]
    drawn = [each.density for each in model.drawn.values() if each.span != declared.span]
    roots = [*model.expressions(), *(each.body for each in stated), *drawn]
    others = (root for root in roots if root is not declared.body)
    if any(_is_of(context, each, own) for root in others for each in root.walk()):
        return True
    return any(
        _is_of(context, each, own) and each.args != call.args  # type: ignore[attr-defined]
        for each in declared.body.walk()
    )


def _refuse_both_ways(context: Context, declared: Declared, call: tree.Call) -> None:
    """``q(z|x) = N(mu(x), ...)`` beside ``p(x|z) = N(mu(z), ...)``: no one network is the encoder and the decoder."""
    own, made = full_name(context, call), _over(declared)
    for each in context.model.densities:
        if each.kind != "family" or each is declared or _over(each) in (None, made):
            continue
        for other, _ in _head_calls(context, each):
            if (
                full_name(context, other) == own
                and _over(each) in _read(context, call)
                and made in _read(context, other)
            ):
                raise context.refuse(
                    "F2D-0569",
                    f"{own} makes {made} of {_over(each)} here, and {_over(each)} of {made} in {each.signature.label}",
                    call.span,
                    f"give the two networks two names: {call.head}_\\phi and {call.head}_\\theta",
                )


def _is_drawn(context: Context, declared: Declared) -> bool:
    return any(each.span == declared.span for each in context.model.drawn.values())


def _over(declared: Declared) -> str | None:
    variable = declared.signature.variables[0]
    return variable.id if variable is not None else None


def _read(context: Context, call: tree.Call) -> set[str]:
    symbols = (each for argument in call.args for each in argument.all(tree.Symbol))
    return {read_name(each, context.model.indices).id for each in symbols}


def stated_places(context: Context, network: str) -> list[tuple[Name, str, str]]:
    """Where statements of laws have a network as an argument: the variable, the family, and the constraint."""
    found: list[tuple[Name, str, str]] = []
    for each in context.densities.all:
        declared = each.declared
        if declared is None or declared.kind != "family" or declared.of is not None:
            continue
        variable, family = declared.signature.variables[0], _family(declared)
        if variable is not None and family is not None:
            calls = _head_calls(context, declared)
            found += [(variable, family.name, kind) for call, kind in calls if full_name(context, call) == network]
    return found


def kind_everywhere(context: Context, network: str) -> str:
    """The constraint of a network that several places read: ``unit`` and ``simplex`` say more than ``positive``."""
    kinds = {kind for _, _, kind in stated_places(context, network)}
    said = next((each for each in ("simplex", "unit", "positive") if each in kinds), None)
    return said or ("positive" if positive_for(context, network) else "real")


def shape_everywhere(context: Context, network: str, place: tree.Node) -> tuple[int, ...] | None:
    """The event shape of a network that statements of laws have as an argument; two of them are an error."""
    places = stated_places(context, network)
    shapes = {
        variable.id: head_shape(context, variable, family, event_shape(context, variable))
        for variable, family, _ in places
    }
    if not shapes:
        return None
    (first, shape), *others = shapes.items()
    for name, other in others:
        if shape is not None and other is not None and shape != other:
            raise context.refuse(
                "F2D-0218",
                f"{network} is made by default, for {first} of {_sized(shape)} and for {name} of {_sized(other)}",
                place.span,
                "give different networks different names, or bind one that gives both",
            )
    return shape


def full_name(context: Context, call: tree.Call) -> str:
    """What a network goes by, with its group: ``mu_phi``."""
    head = call.head.base if isinstance(call.head, tree.Power) else call.head
    assert isinstance(head, tree.Symbol)
    return read_name(head, context.model.indices, head=True).full


def _head_calls(context: Context, declared: Declared) -> list[tuple[tree.Call, str]]:
    """The unbound networks of the statement, each with the constraint of the argument it stands in."""
    assert isinstance(declared.body, tree.Call)
    family = _family(declared)
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
                full = full_name(context, each)
                if context.named.find(read_name(each.head, context.model.indices, head=True)) is None:
                    kind = "real" if _is_of_any_sign(argument, full, context) else kinds.get(name, "real")
                    found.setdefault(full, (each, kind))
    return list(found.values())


def _family(declared: Declared) -> Family | None:
    head = declared.body.head if isinstance(declared.body, tree.Call) else None
    return family_by_spelling(spelling(head)) if head is not None else None


def _outermost(argument: tree.Node) -> Iterator[tree.Call]:
    """The calls that make a parameter: g of ``g(f(z), h)``, and not f, whose result is what it likes."""
    if isinstance(argument, tree.Call):
        yield argument
        if str(argument.head) not in ("sigma", "sigmoid", "softmax"):
            return
    for each in argument.children:
        yield from _outermost(each)


def _is_of_any_sign(argument: tree.Node, network: str, context: Context) -> bool:
    """Does the network stand under a written sigmoid, softmax or exponential? It may be any number, then."""
    for each in argument.walk():
        inside: Iterable[tree.Node] = ()
        match each:
            case tree.Call() if str(each.head) in _OF_ANY_NUMBER:
                inside = each.children
            case tree.Func() | tree.Prefix() if each.name in _OF_ANY_NUMBER:
                inside = each.children
            case tree.Power(tree.Symbol(letter="e"), exponent):
                inside = (exponent,)
        if any(_is_of(context, inner, network) for child in inside for inner in child.walk()):
            return True
    return False


def _shares_network(context: Context, one: tree.Call, other: tree.Call) -> bool:
    groups = [read_name(each.head, context.model.indices, head=True).group for each in (one, other)]  # type: ignore[arg-type]
    return groups[0] == groups[1] and one.args == other.args


def _is_of(context: Context, node: tree.Node, network: str) -> bool:
    head = node.head if isinstance(node, tree.Call) else None
    head = head.base if isinstance(head, tree.Power) else head
    return isinstance(head, tree.Symbol) and read_name(head, context.model.indices, head=True).full == network


def _sized(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"
