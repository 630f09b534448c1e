"""Logarithms of products, quotients, powers, sums and means of positive things, written stably.

    log(p(x|z) * p(z) / q(z|x))         becomes   log p(x|z) + log p(z) - log q(z|x)
    log(mean_k[p(x|z) / q(z|x)])        becomes   logmeanexp_k[log p(x|z) - log q(z|x)]
    log(sigmoid(a)), log(1 - sigmoid(a))          log_sigmoid(a), log_sigmoid(-a)
    log(sigmoid(a) / (1 - sigmoid(a)))            a
    log(1 + exp(a))                               softplus(a)
    log(softmax(a)), log(softmax(a)_y)            log_softmax(a), log_softmax(a)_y
    p(z) / q(z|x)                                 exp(log p(z) - log q(z|x))
    w_k / sum_j[w_j], w_k = p(z_k) / q(z_k|x)     exp(log w_k - logsumexp_j[log w_j])
    logits_from_probs(sigmoid(a))                 a
    scale_from_var(exp(a))                        scale_from_log_var(a)

A rule applies only where everything under the logarithm is known to be positive: densities, exponentials,
sigmoids, positive numbers, sizes of axes, indexed weights (``pi_k``), and products, sums and powers of these.
``log(beta)`` and ``log(f(x) * g(x))`` stay as they are.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Program
from formula2dgm.passes.normalised import divided, sums_exponentials
from formula2dgm.passes.rewrite import rewrite_program

#: Functions that are positive, and conditions: where these are 0, the logarithm of a sum leaves the summand out.
_POSITIVE_FUNCTIONS = ("exp", "sigmoid", "softplus", "not_equal", "less", "greater", "less_equal", "greater_equal")


def stable_logs(program: Program) -> Program:
    """Rewrite every logarithm, and every ratio of densities, to a stable form."""
    sizes = frozenset(each.name for each in program.hyperparameters if each.whole)
    return rewrite_program(program, _Rules(sizes))


class _Rules:
    """The rewrite rules; ``sizes`` are the hyperparameters that size an axis, hence positive."""

    def __init__(self, sizes: frozenset[str]):
        self.sizes = sizes

    def __call__(self, arena: Arena, node: ir.Node) -> ir.Node:
        match node:
            case ir.Apply("log", (body,)):
                return self.log(arena, body) or node
            case ir.Apply("exp", (ir.Apply("log", (body,)),)) if self.positive(body):
                return body
            case ir.Apply("logits_from_probs", (ir.Apply("sigmoid", (body,)),)):
                return body
            case ir.Apply("scale_from_var", (ir.Apply("exp", (body,)),)):
                return arena.make(ir.Apply, "scale_from_log_var", (body,))
            case ir.Div(ir.Apply("exp", (top,)), ir.Apply("exp", (bottom,))):
                difference = _add(arena, (top, arena.make(ir.Neg, bottom)))
                return arena.make(ir.Apply, "exp", (difference,))
            case ir.Div(top, bottom) if self.positive(bottom) and sums_exponentials(bottom):
                return divided(arena, top, self._log(arena, bottom)) or node
            case ir.Mul(args):
                return _merge_exponentials(arena, node, args)
        return node

    def positive(self, node: ir.Node) -> bool:
        """Is the node known to be positive?"""
        match node:
            case ir.Const(value):
                return value > 0
            case ir.Hyper(name):
                return name in self.sizes
            case ir.Size() | ir.Add((ir.Size(), ir.Const(-1))):
                return True  # the number of examples, and of the others beside one of them
            case ir.Param(number=True):
                return True  # the weights of a mixture; generated code checks them
            case ir.Apply(function):
                return function in _POSITIVE_FUNCTIONS
            case ir.EventFunction(function):
                return function == "softmax"
            case ir.Entry(value):
                return self.positive(value)
            case ir.Add(args):
                return self._one_minus_sigmoid(args) is not None or all(map(self.positive, args))
            case ir.Mul(args):
                return all(map(self.positive, args))
            case ir.Div(top, bottom):
                return self.positive(top) and self.positive(bottom)
            case ir.Pow(base, _):
                return self.positive(base)
            case ir.Reduce("sum" | "mean" | "prod", _, body) | ir.StopGrad(body):
                return self.positive(body)
        return False

    def log(self, arena: Arena, body: ir.Node) -> ir.Node | None:
        """``log(body)`` in its stable form; None where the plain logarithm is all there is."""
        if not self.positive(body):
            return None
        match body:
            case ir.Apply("exp", (inner,)):
                return inner
            case ir.Apply("sigmoid", (inner,)):
                return arena.make(ir.Apply, "log_sigmoid", (inner,))
            case ir.EventFunction("softmax", args, gives):
                return arena.make(ir.EventFunction, "log_softmax", args, gives)
            case ir.Entry(value, category):
                return arena.make(ir.Entry, self._log(arena, value), category)
            case ir.Mul(args):
                return _add(arena, tuple(self._log(arena, arg) for arg in args))
            case ir.Div(ir.Const(1), bottom):
                return arena.make(ir.Neg, self._log(arena, bottom))
            case ir.Div(ir.Apply("sigmoid", (inner,)), ir.Add(args)) if self._one_minus_sigmoid(args) is inner:
                return inner
            case ir.Div(top, bottom):
                return _add(arena, (self._log(arena, top), arena.make(ir.Neg, self._log(arena, bottom))))
            case ir.Pow(base, exponent):
                return arena.make(ir.Mul, (exponent, self._log(arena, base)))
            case ir.Reduce(op, axis, inner):
                stable = {"sum": "logsumexp", "mean": "logmeanexp", "prod": "sum"}[op]
                return arena.make(ir.Reduce, stable, axis, self._log(arena, inner))
            case ir.StopGrad(inner):
                return arena.make(ir.StopGrad, self._log(arena, inner))
            case ir.Add(args):
                return self._log_of_sum(arena, args)
        return None

    def _log(self, arena: Arena, node: ir.Node) -> ir.Node:
        return self.log(arena, node) or arena.inherit(arena.make(ir.Apply, "log", (node,)), node)

    def _log_of_sum(self, arena: Arena, args: tuple[ir.Node, ...]) -> ir.Node | None:
        inner = self._one_minus_sigmoid(args)
        if inner is not None:
            return arena.make(ir.Apply, "log_sigmoid", (arena.make(ir.Neg, inner),))
        match args:
            case (ir.Const(1), ir.Apply("exp", (power,))) | (ir.Apply("exp", (power,)), ir.Const(1)):
                return arena.make(ir.Apply, "softplus", (power,))
        if all(_has_stable_log(arg) for arg in args):
            first, *rest = (self._log(arena, arg) for arg in args)
            for each in rest:
                first = arena.make(ir.Apply, "logaddexp", (first, each))
            return first
        return None

    def _one_minus_sigmoid(self, args: tuple[ir.Node, ...]) -> ir.Node | None:
        match args:
            case (ir.Const(1), ir.Neg(ir.Apply("sigmoid", (inner,)))):
                return inner
        return None


def _has_stable_log(node: ir.Node) -> bool:
    """Is the logarithm better computed than taken (a density, or a product with one)?"""
    match node:
        case ir.Apply("exp" | "sigmoid"):
            return True
        case ir.Mul(args):
            return any(map(_has_stable_log, args))
        case ir.Div(top, bottom):
            return _has_stable_log(top) or _has_stable_log(bottom)
        case ir.Pow(body, _) | ir.Reduce(_, _, body):
            return _has_stable_log(body)
    return False


def _merge_exponentials(arena: Arena, node: ir.Node, args: tuple[ir.Node, ...]) -> ir.Node:
    """Two or more exponentials in a product are one: ratios of densities neither under- nor overflow."""
    powers = [power for arg in args if (power := _power(arena, arg)) is not None]
    if len(powers) < 2:
        return node
    merged = arena.make(ir.Apply, "exp", (_add(arena, tuple(powers)),))
    rest: list[ir.Node] = []
    for arg in args:
        if _power(arena, arg) is None:
            rest.append(arg)
        elif merged not in rest:
            rest.append(merged)
    return merged if len(rest) == 1 else arena.make(ir.Mul, tuple(rest))


def _power(arena: Arena, node: ir.Node) -> ir.Node | None:
    """``a`` where the node is ``exp(a)``, ``-a`` where it is ``1 / exp(a)``."""
    match node:
        case ir.Apply("exp", (power,)):
            return power
        case ir.Div(ir.Const(1), ir.Apply("exp", (power,))):
            return arena.make(ir.Neg, power)
    return None


def _add(arena: Arena, args: tuple[ir.Node, ...]) -> ir.Node:
    """A flat sum in which no minus stands before a bracket."""
    flat: list[ir.Node] = []
    for arg in args:
        match arg:
            case ir.Add(inner):
                flat += inner
            case ir.Neg(ir.Add(inner)):
                flat += [_negated(arena, each) for each in inner]
            case ir.Neg(ir.Neg(inner)):
                flat.append(inner)
            case _:
                flat.append(arg)
    return flat[0] if len(flat) == 1 else arena.make(ir.Add, tuple(flat))


def _negated(arena: Arena, node: ir.Node) -> ir.Node:
    return node.body if isinstance(node, ir.Neg) else arena.make(ir.Neg, node)
