"""Is an objective to be maximised or minimised?

In this order: an option; a written ``\\min`` or ``\\max``; the relation (``log p(x) >= ...`` is a bound to push
up); the polarity of its terms; its name; else an error that shows both ways to write it.
"""

from __future__ import annotations

from formula2dgm.registry.functions import function_by_spelling
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.model import Wanted
from formula2dgm.resolve.names import plain, read_name
from formula2dgm.resolve.signature import is_density_call
from formula2dgm.syntax import tree

MAXIMISING = frozenset(("max", "argmax", "sup"))


def decide(context: Context, wanted: Wanted, body: tree.Node, operator: str | None) -> bool:
    """True to maximise. ``operator`` is the one written for this player, if any."""
    wishes = polarity(context, body)
    if context.options.maximize is not None:
        return context.options.maximize
    if operator:
        maximise = operator in MAXIMISING
        contrary = -1 if maximise else 1
        if contrary in wishes and len(wishes) == 1:
            _warn_against(context, body, maximise)
        return maximise
    relation = _by_relation(wanted)
    if relation is not None:
        return relation
    if len(wishes) == 1:
        return 1 in wishes
    if wanted.name and ("loss" in wanted.name.lower() or wanted.name.startswith(("calL", "L", "J"))):
        context.assume(f"{wanted.name} is minimised: it is named as a loss", wanted.span)
        return False
    if wishes:
        raise context.refuse(
            "F2D-0502",
            "the terms of this objective pull in opposite directions",
            wanted.span,
            "write \\max or \\min in front, or pass maximize=True or maximize=False",
        )
    raise context.refuse(
        "F2D-0501",
        "nothing says whether this is to be maximised or minimised",
        wanted.span,
        "write \\max or \\min in front, or pass maximize=True or maximize=False",
    )


def _by_relation(wanted: Wanted) -> bool | None:
    """``log p(x) >= L`` is maximised, ``-log p(x) <= L`` minimised."""
    for left, relation in zip(wanted.members, wanted.relations, strict=False):
        negative = isinstance(left, tree.Neg)
        body = left.body if isinstance(left, tree.Neg) else left
        if isinstance(body, tree.Prefix | tree.Func) and body.name == "log" and relation in (">=", "<=", ">", "<"):
            if relation.startswith(">") and not negative:
                return True
            if relation.startswith("<") and negative:
                return False
    return None


def _warn_against(context: Context, body: tree.Node, maximise: bool) -> None:
    verb, sign = ("maximised", "plus") if maximise else ("minimised", "minus")
    for each in body.walk():
        if isinstance(each, tree.Divergence):
            context.found.warning(
                "F2D-0503",
                f"{each} enters a {verb} objective with a {sign} sign",
                each.span,
                "check the sign, or the direction",
            )
            return
    context.found.warning(
        "F2D-0503",
        f"every term of this {verb} objective pulls the other way",
        body.span,
        "check the signs, or the direction",
    )


# -- polarity ------------------------------------------------------------------------------------------


def polarity(context: Context, node: tree.Node, samplers: frozenset[str] = frozenset()) -> frozenset[int]:
    """The directions in which the terms of an expression want to go: 1 up, -1 down."""

    def of(each: tree.Node) -> frozenset[int]:
        return polarity(context, each, samplers)

    def flipped(each: tree.Node) -> frozenset[int]:
        return frozenset(-sign for sign in of(each))

    match node:
        case tree.Add(terms):
            return frozenset().union(*(of(each) for each in terms))
        case tree.Neg(body):
            return flipped(body)
        case tree.Mul(factors, _):
            weights = samplers.union(*(_sampler(each) for each in factors if is_density_call(each)))
            sign = -1 if sum(isinstance(each, tree.Neg) for each in factors) % 2 else 1
            inner = [each.body if isinstance(each, tree.Neg) else each for each in factors if not is_density_call(each)]
            found: frozenset[int] = frozenset().union(*(polarity(context, each, weights) for each in inner))
            return frozenset(sign * each for each in found)
        case tree.Div(top, bottom):
            return of(top) | (flipped(bottom) if is_density_call(bottom) else frozenset())
        case tree.Expect(binders, body):
            calls = (call for item in binders for call in item.walk())
            letters = frozenset(f"{item}|" for item in binders if isinstance(item, tree.Symbol))
            drawn = letters.union(*(_sampler(each) for each in calls))
            return polarity(context, body, samplers | drawn)
        case tree.Big(op="sum", body=body) | tree.Labelled(body, _):
            return of(body)
        case tree.Divergence():
            return frozenset((-1,))
        case tree.Norm():
            return frozenset((-1,))
        case tree.Power(base, _):
            return of(base) if isinstance(base, tree.Norm | tree.Abs) or is_density_call(base) else frozenset()
        case tree.Prefix(name, operand, _):
            return of(tree.Func(name, (operand,), span=node.span))
        case tree.Func("log", (argument,)):
            return _log_polarity(context, argument, samplers)
        case tree.Func("H", arguments):
            return frozenset((1,)) if len(arguments) == 1 else frozenset((-1,))
        case tree.Func("mean" | "sum", (body,)):
            return of(body)
        case tree.Func(name, (body,)) if (function := function_by_spelling(name)) and function.increasing is not None:
            return of(body) if function.increasing else flipped(body)
        case tree.Call(tree.Symbol("sigma"), (body,)):
            return of(body)
        case tree.Symbol():
            name = read_name(node, context.model.indices, head=True).full
            definition = context.model.definitions.get(name)
            return of(definition.body) if definition is not None else frozenset()
    return frozenset()


def _sampler(node: tree.Node) -> frozenset[str]:
    """A density as the sampler of its variables: its letter and what it is over; nothing for anything else."""
    if not isinstance(node, tree.Call):
        return frozenset()
    return frozenset((f"{node.head}|{sorted(filter(None, map(plain, node.args)))}",))


def _log_polarity(context: Context, argument: tree.Node, samplers: frozenset[str]) -> frozenset[int]:
    """+ log of a density wants up; + log of the draw's own sampler wants down."""
    match argument:
        case tree.Call() if is_density_call(argument):
            own = _sampler(argument) <= samplers or f"{argument.head}|" in samplers
            return frozenset((-1,)) if own else frozenset((1,))
        case tree.Mul(factors, _):
            return frozenset().union(*(_log_polarity(context, each, samplers) for each in factors))
        case tree.Div(top, bottom):
            down = _log_polarity(context, bottom, samplers)
            ratio_to_sampler = _log_polarity(context, top, samplers)
            # log p/q: the numerator decides; what divides it only where nothing above does
            return ratio_to_sampler or frozenset(-sign for sign in down)
        case tree.Big(op="sum", body=body) | tree.Expect(body=body):
            return _log_polarity(context, body, samplers)
        case tree.Power(base, _):
            return _log_polarity(context, base, samplers)
    return polarity(context, argument, samplers)
