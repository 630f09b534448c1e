"""Settle what the text alone leaves open, once the kinds of names are known.

``beta (x - y)`` is a product when ``beta`` is a scalar, and the log of a product over an index is a sum of logs. How
far sums, expectations and functions reach is settled before, by :mod:`formula2dgm.reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm.reading.functions import cut
from formula2dgm.reading.rewrite import flatten, map_children
from formula2dgm.syntax import tree


def settle(
    node: tree.Node,
    is_scalar: Callable[[tree.Node], bool],
    is_network: Callable[[tree.Node], bool] = lambda head: True,
    is_weight: Callable[[tree.Call], bool] = lambda call: False,
) -> tree.Node:
    """The tree with every open question decided. ``is_scalar`` says whether a call's head is a scalar, ``is_network``
    whether it is a network or may be one: what is not weighs the terms of an objective, ``m_t (KL[...] - E[...])``;
    ``is_weight`` whether a call, ``\\lambda(t)``, is a weight of which nothing says how it depends on the time."""

    def scalar_product(each: tree.Node) -> tuple[tree.Node, tree.Node] | None:
        if isinstance(each, tree.Call) and each.given is None and each.params is None and len(each.args) == 1:
            weight = is_scalar(each.head) or (holds_terms(each.args[0]) and not is_network(each.head))
            return (each.head, each.args[0]) if weight else None
        return None

    def rebuild(each: tree.Node) -> tree.Node:
        if isinstance(each, tree.Call) and is_weight(each):
            return each.head
        if isinstance(each, tree.Power) and (product := scalar_product(each.base)) is not None:
            # beta (a - b)^2: the power belongs to the bracket, not to the product
            powered = tree.Power(product[1], each.exponent, span=each.span)
            each = tree.Mul((product[0], powered), ("",), span=each.span)
        each = map_children(each, rebuild)
        if (product := scalar_product(each)) is not None:
            return flatten(tree.Mul(product, ("",), span=each.span))
        match each:
            case tree.Mul():
                return _mean_of_rest(flatten(each), is_scalar)
            case tree.Prefix(name="log", operand=inside) | tree.Func(name="log", args=(inside,)):
                return _log_of_product(each, inside)
        return each

    return rebuild(node)


def holds_terms(node: tree.Node) -> bool:
    """Does the expression hold what no network is applied to: a divergence, an expectation?"""
    return any(isinstance(each, tree.Divergence | tree.Expect) for each in node.walk())


def _mean_of_rest(node: tree.Node, is_scalar: Callable[[tree.Node], bool]) -> tree.Node:
    """``mean log d(x)``: the word before other factors is the mean of them, unless it is bound to a number."""
    if not isinstance(node, tree.Mul):
        return node
    for place, each in enumerate(node.factors[:-1]):
        word = isinstance(each, tree.Symbol) and each.letter == "mean" and not (each.accents or each.sub or each.sup)
        if word and node.ops[place] == "" and not is_scalar(each):
            rest, ops = node.factors[place + 1 :], node.ops[place + 1 :]
            body = rest[0] if len(rest) == 1 else tree.Mul(rest, ops, span=rest[0].span | rest[-1].span)
            mean = tree.Func("mean", (_mean_of_rest(body, is_scalar),), span=each.span | body.span)
            before = node.factors[:place]
            return tree.Mul((*before, mean), node.ops[:place], span=node.span) if before else mean
    return node


def _log_of_product(node: tree.Node, argument: tree.Node) -> tree.Node:
    """``log prod_i a_i`` is ``sum_i log a_i``."""
    if not (isinstance(argument, tree.Big) and argument.op == "prod"):
        return node
    inner = cut(tree.Prefix("log", argument.body, span=argument.body.span))
    body = _log_of_product(inner, inner.operand) if isinstance(inner, tree.Prefix) else inner
    return replace(argument, op="sum", body=body, open=False)
