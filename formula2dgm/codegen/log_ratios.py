"""``log p(z) - log q(z|x)`` of a draw ``z`` from ``q``, where ``p`` is the standard law: the constants cancel, and
``(z - loc) / scale`` is the noise."""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.codegen.laws import facts, is_standard
from formula2dgm.codegen.python import Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir


def _pairs(scope: Scope, args: tuple[ir.Node, ...]) -> list[tuple[ir.Node, ir.Node, ir.Node]]:
    """Of a sum's summands: log-densities added and subtracted at one value, and the node of their difference."""
    minus = {each.body.value: each for each in args if isinstance(each, ir.Neg) and isinstance(each.body, ir.LogProb)}
    plus = [each for each in args if isinstance(each, ir.LogProb) and each.value in minus] if minus else []
    found = {each.value: each for each in plus if is_standard(each.law)}
    make = scope.program.arena.make
    return [(each, minus[value], make(ir.Add, (each, minus[value]))) for value, each in found.items()]


def log_ratios_in(scope: Scope, node: ir.Node) -> list[ir.Node]:
    """The differences of two log-densities in a sum that are one function, as nodes of their own."""
    if not isinstance(node, ir.Add) or node in scope.bound:
        return []
    return [pair for _, _, pair in _pairs(scope, node.args) if log_ratio(scope, pair) is not None]


def log_ratio(scope: Scope, node: ir.Node) -> tuple[ir.LogProb, ir.LogProb] | None:
    """The two log-densities, where a node is the difference of those of the standard law and of a draw's own."""
    match node:
        case ir.Add((ir.LogProb(prior, value) as left, ir.Neg(ir.LogProb(own, same) as right))) if same is value:
            pass
        case _:
            return None
    whole = not (left.elementwise or right.elementwise or prior.scalar or own.scalar)
    once = not any(each in scope.bound or scope.uses[each] > 1 for each in (left, right))
    if not (whole and once and is_standard(prior)) or prior.family != own.family:
        return None
    if value.axes != node.axes:
        return None
    known = facts(own).standard_log_ratio_sum is not None and scope.noise_of(value, own) is not None
    return (left, right) if known else None


def log_ratio_code(scope: Scope, node: ir.Node, parameters: Callable[..., list[Code]]) -> Code | None:
    """Such a difference as one call, summed over the event."""
    if (ratio := log_ratio(scope, node)) is None:
        return None
    (_, own), value = (each.law for each in ratio), ratio[1].value
    noise = scope.noise_of(value, own)
    assert noise is not None and value.axes == node.axes, "a ratio is of a draw that was made of noise"
    given = [scope.bound[value], noise, *parameters(scope, own, node.axes)]
    return call(scope.use(str(facts(own).standard_log_ratio_sum)), *given, str(len(node.axes)))


def with_log_ratios(scope: Scope, args: tuple[ir.Node, ...]) -> tuple[ir.Node, ...]:
    """The summands of a sum, with such differences that are computed already in the place of the two."""
    left = list(args)
    for each, other, pair in _pairs(scope, args):
        if pair in scope.bound:
            left[left.index(each)] = pair
            left.remove(other)
    return tuple(left)
