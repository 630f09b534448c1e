"""Which values a default network may return: probabilities, positive numbers, any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from formula2dgm.reading.kinds import location, scales
from formula2dgm.reading.names import read_name
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.model import Model
from formula2dgm.resolve.statements.once import once
from formula2dgm.syntax import tree

N = TypeVar("N", bound=tree.Node)


def positive_for(context: Context, network: str) -> str | None:
    """Why the network has to be positive; None where it does not."""
    if _is_rooted(context, network):
        return "it stands under a root"
    if _is_logged(context, network):
        return "it stands under a log"
    return "a law is as wide as it" if _is_scale(context, network) else None


def _is_rooted(context: Context, network: str) -> bool:
    """Does every call of the network stand under a root: ``sigma^{1/2}(x)``, ``\\sqrt{v(x)}``?"""
    roots, calls = once(context.model, _roots_and_calls)
    return 0 < roots[network] == calls[network]


def _roots_and_calls(model: Model) -> tuple[Counter[str | None], Counter[str | None]]:
    """How often each network stands under a root, and how often at all."""
    nodes = [each for root in model.expressions() for each in root.all(tree.Call, tree.Sqrt, tree.Power)]
    calls = (each for each in nodes if isinstance(each, tree.Call))
    return Counter(_rooted(model, each) for each in nodes), Counter(_network_of(model, each) for each in calls)


def _is_logged(context: Context, network: str) -> bool:
    """Does the logarithm of a call of the network stand somewhere, so that it has to be positive, and none of
    ``1 - f(x)``?"""
    found = {id(call) for node in _functions(context) for call in _logged(node) if _is_of(context, call, network)}
    less = (_factors_less_than_one(node) for node in _functions(context))
    return bool(found) and not any(_is_of(context, call, network) for each in less for call in each)


def _is_scale(context: Context, network: str) -> bool:
    """Is the network how wide a law is, by itself or by a name that it defines: s of ``N(m, s^2)``, ``s = s(x)``?"""
    declared = (each.body for each in context.model.densities if isinstance(each.body, tree.Call))
    return network in once(context.model, _widths) or network in _widths_of(context.model, declared)


def _widths(model: Model) -> set[str | None]:
    """The networks that laws in the text's expressions are as wide as."""
    return _widths_of(model, (each for root in model.expressions() for each in root.all(tree.Call)))


def _widths_of(model: Model, calls: Iterable[tree.Call]) -> set[str | None]:
    defined = {each.name.id: each.body for each in model.definitions.values()}
    found: set[str | None] = set()
    for scale in (each for law in calls if location(law) is not None for each in scales(law)):
        name = read_name(scale, model.indices).id if isinstance(scale, tree.Symbol) else ""
        found.add(_network_of(model, defined.get(name, scale)))
    return found


def _rooted(model: Model, node: tree.Node) -> str | None:
    """The network that a node is a root of, if it is."""
    match node:
        case tree.Call(head=tree.Power(exponent=tree.Div())):
            return _network_of(model, node)
        case tree.Sqrt(base, _) | tree.Power(base, tree.Div()):
            return _network_of(model, base)
    return None


def is_probability(context: Context, network: str) -> bool:
    """Does every call of the network stand under a log, by itself or taken from 1, or under a logit?"""
    under_logs = {id(call) for node in _functions(context) for call in _logged(node) if _is_of(context, call, network)}
    calls = [each for each in _all(context, tree.Call) if _is_of(context, each, network)]
    return bool(calls) and all(id(each) in under_logs for each in calls)


def is_positive(context: Context, network: str) -> bool:
    """Does a log need a call of the network to be positive, f of ``\\log(f(x) / \\sum_j f(x_j))``, and nothing that it
    is taken from 1?"""
    needed = (call for node in _functions(context) for each in _logged(node) for call in _summands(each))
    return any(_is_of(context, each, network) for each in needed) and not any(
        _is_of(context, each.body, network)
        for node in _all(context, tree.Add)
        for each in node.terms
        if isinstance(each, tree.Neg)
    )


def _summands(node: tree.Node) -> Iterator[tree.Node]:
    """What has the sign of a factor under a log: the terms of a sum without a minus, the body of a sum or a mean."""
    match node:
        case tree.Add(terms=terms) if not any(isinstance(each, tree.Neg) for each in terms):
            for each in terms:
                yield from _summands(each)
        case tree.Mul() | tree.Div():
            for each in _factors(node):
                yield from _summands(each)
        case tree.Big(op="sum" | "prod", body=body) | tree.Expect(body=body):
            yield from _summands(body)
        case _:
            yield node


def _all(context: Context, *kinds: type[N]) -> Iterator[N]:
    return (each for root in context.model.expressions() for each in root.all(*kinds))


def _functions(context: Context) -> Iterator[tree.Prefix | tree.Func]:
    """Where logarithms and logits may stand."""
    return _all(context, tree.Prefix, tree.Func)


def _logged(node: tree.Node) -> Iterator[tree.Node]:
    """The factors of what a log is of; of ``1 - D(x)`` what is taken from 1."""
    match node:
        case tree.Prefix(name="log", operand=inside) | tree.Func(name="log", args=(inside,)):
            yield from _factors(inside)
        case tree.Func(name="logit", args=(inside,)):
            yield inside


def _factors_less_than_one(node: tree.Node) -> Iterator[tree.Node]:
    """What is taken from 1 under a log, and what a logit is of."""
    if isinstance(node, tree.Func) and node.name == "logit":
        yield from node.args
    match node:
        case tree.Prefix(name="log", operand=inside) | tree.Func(name="log", args=(inside,)):
            for each in inside.walk():
                match each:
                    case tree.Add(terms=(tree.Number(text="1"), tree.Neg(body=body))):
                        yield body


def _factors(node: tree.Node) -> Iterator[tree.Node]:
    match node:
        case tree.Mul(factors=factors):
            for each in factors:
                yield from _factors(each)
        case tree.Div(numerator=top, denominator=bottom):
            yield from _factors(top)
            yield from _factors(bottom)
        case tree.Add(terms=(tree.Number(text="1"), tree.Neg(body=body))):
            yield body
        case _:
            yield node


def _is_of(context: Context, node: tree.Node, network: str) -> bool:
    return _network_of(context.model, node) == network


def _network_of(model: Model, node: tree.Node) -> str | None:
    """What a call is of, f of ``f^{1/2}(x)``."""
    head = node.head if isinstance(node, tree.Call) else None
    head = head.base if isinstance(head, tree.Power) else head
    return read_name(head, model.indices, head=True).full if isinstance(head, tree.Symbol) else None
