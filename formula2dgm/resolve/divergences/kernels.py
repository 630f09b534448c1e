r"""The maximum mean discrepancy of two samples (Gretton et al. 2012, section 2.2).

    MMD_k^2[q || p] = E_{z, z' \sim q}[k(z, z')] + E_{z, z' \sim p}[k(z, z')] - 2 E_{z \sim q, z' \sim p}[k(z, z')]

Each side is drawn once for each example of the batch; pairs are pairs of examples. The gradient is that of the draws.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.registry.batch_estimators import DISCREPANCIES
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.binders import Bound, bind
from formula2dgm.resolve.operators.operators import Opened, close
from formula2dgm.resolve.operators.others import at_other, is_another, number_of_others, other_axis
from formula2dgm.resolve.scaffold.sizes import event_shape
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator

Kernel = Callable[[ir.Node, ir.Node], ir.Node]


def discrepancy(evaluate: Evaluator, node: tree.Divergence, scope: Scope) -> ir.Node:
    """``MMD_k[q(z) || p(z)]``: an estimate of the square, from the draws of one batch."""
    context = evaluate.context
    kernel = _kernel(evaluate, node, scope)
    bounds = [_draws(evaluate, side, other, scope.under(node)) for side, other in _sides(node)]
    first, second = (
        _value(context, each, side, scope) for each, side in zip(bounds, (node.left, node.right), strict=True)
    )
    if _is_plain_noise(first):  # the shape of its draws is that of the other side's, which come first
        first, second = second, first
    name = _estimator(context, node)
    context.assume(
        f"{_shown(node)} is the squared maximum mean discrepancy of the draws in a batch, {DISCREPANCIES[name]}",
        node.span,
    )
    axis, make = other_axis(scope), context.arena.make
    within = [_within(context, kernel, each, axis, name) for each in (first, second)]
    across = _mean(context, axis, kernel(first, at_other(context, second, axis)))
    twice = make(ir.Neg, make(ir.Mul, (context.const(2), across)))
    averages = [("mean", each) for bound in bounds for each in bound.averages]
    return close(
        context,
        Opened(scope, averages, drawn=[each for bound in bounds for each in bound.draws]),
        make(ir.Add, (*within, twice)),
    )


def _within(context: Context, kernel: Kernel, value: ir.Node, axis: Axis, estimator: str) -> ir.Node:
    """The mean of the kernel over the pairs of one sample."""
    make, batch = context.arena.make, axis.of
    assert batch is not None
    between = kernel(value, at_other(context, value, axis))
    if estimator == "biased":
        return _mean(context, axis, between)
    others = make(ir.Reduce, "sum", axis, make(ir.Mul, (is_another(context, axis), between)))
    return make(ir.Reduce, "mean", batch, make(ir.Div, others, number_of_others(context, batch)))


def _mean(context: Context, axis: Axis, body: ir.Node) -> ir.Node:
    """The mean over all pairs."""
    assert axis.of is not None
    return context.arena.make(ir.Reduce, "mean", axis.of, context.arena.make(ir.Reduce, "mean", axis, body))


# -- samples -------------------------------------------------------------------------------------------


def _sides(node: tree.Divergence) -> tuple[tuple[tree.Node, tree.Node], tuple[tree.Node, tree.Node]]:
    return (node.left, node.right), (node.right, node.left)


def _draws(evaluate: Evaluator, side: tree.Node, other: tree.Node, scope: Scope) -> Bound:
    """One draw of a side for each example; a family written out is of the variable of the other side."""
    binder = side
    if isinstance(side, tree.Call) and is_written_family(side) and isinstance(other, tree.Call):
        binder = tree.Draws(other.args, side, span=side.span)
    return bind(evaluate.context, (binder,), scope, evaluate)


def _value(context: Context, bound: Bound, side: tree.Node, scope: Scope) -> ir.Node:
    """The sample of a side: one variable, of which the batch has many values."""
    if len(bound.values) != 1:
        raise context.refuse(
            "F2D-0338", f"{side} is over several variables: a kernel compares one", side.span, "write MMD[q(z) || p(z)]"
        )
    (value,) = bound.values.values()
    if bound.enumerated:
        raise context.refuse(
            "F2D-0338",
            f"{side} is over categories: a kernel between draws gives them no gradient",
            side.span,
            f'draw from a relaxation: estimators={{"{next(iter(bound.values))}": "relaxed"}}',
        )
    if scope.batch not in value.axes:
        raise context.refuse("F2D-0338", f"{side} is one draw for all examples: MMD compares samples", side.span)
    return value


def _is_plain_noise(value: ir.Node) -> bool:
    """Is this a draw from a law made of numbers alone, of no shape of its own?"""
    law = value.law if isinstance(value, ir.Draw) else None
    return law is not None and law.shape is None and all(each.event == "number" for _, each in law.params)


# -- kernels -------------------------------------------------------------------------------------------


def _kernel(evaluate: Evaluator, node: tree.Divergence, scope: Scope) -> Kernel:
    """The kernel as a function of two values: what the text defines, what is bound, or the default."""
    context = evaluate.context
    written = node.sub[0] if len(node.sub) == 1 else None
    variable = _variable(context, node)
    if written is None or variable is None:
        raise context.refuse(
            "F2D-0338", f"{node} compares no two densities of one variable", node.span, "write MMD_k[q(z) || p(z)]"
        )
    if isinstance(written, tree.Call) and isinstance(written.head, tree.Symbol) and written.args[1:] != ():
        name = read_name(written.head, context.model.indices, head=True)
        if context.named.find(name) is None and name.full not in context.model.definitions:
            return _default(context, name, variable, node)
    copy = Name(variable.letter, (*variable.accents, "prime"), variable.labels, variable.group, variable.style)

    def kernel(left: ir.Node, right: ir.Node) -> ir.Node:
        value = evaluate(written, scope.under(node, False).bind({variable.id: left, copy.id: right}))
        if not {left, right} <= set(walk(value)):
            raise context.refuse(
                "F2D-0338",
                f"the kernel {written} does not compare its two values: it depends on one of them, or on none",
                written.span,
                "define it by both: k(u, v) = \\exp(-\\|u - v\\|^2 / 2)",
            )
        return value

    return kernel


def _variable(context: Context, node: tree.Divergence) -> Name | None:
    for side in (node.left, node.right):
        if isinstance(side, tree.Call) and not is_written_family(side) and isinstance(side.args[0], tree.Symbol):
            return read_name(side.args[0], context.model.indices)
    return None


def _default(context: Context, kernel: Name, variable: Name, node: tree.Divergence) -> Kernel:
    """The inverse multiquadratic kernel C / (C + ||u - v||^2) with C twice the dimension (Tolstikhin et al. 2018)."""
    shape = event_shape(context, variable) if context.options.scaffold else None
    if shape is None:
        raise context.refuse(
            "F2D-0339",
            f"the kernel {kernel.full} of {_shown(node)} is neither bound nor defined",
            node.span,
            f'bind it, {{"{kernel.full}": f2d.IMQ()}} or f2d.RBF(), or write it: '
            f"{kernel.full}(u, v) = \\exp(-\\|u - v\\|^2 / 2)",
        )
    size, make = context.const(2 * prod(shape)), context.arena.make
    context.assume(
        f"{kernel.full}(u, v) = C / (C + ||u - v||^2) with C = {2 * prod(shape)}, twice the dimension of {variable.id}",
        node.span,
    )

    def kernel_of(left: ir.Node, right: ir.Node) -> ir.Node:
        distance = make(ir.Norm, make(ir.Add, (left, make(ir.Neg, right))))
        return make(ir.Div, size, make(ir.Add, (size, make(ir.Pow, distance, context.const(2)))))

    return kernel_of


# -- the choice ----------------------------------------------------------------------------------------


def _estimator(context: Context, node: tree.Divergence) -> str:
    return context.estimators.of(lambda key: _is_key(key, node), DISCREPANCIES) or "unbiased"


def _is_key(key: tree.Node, node: tree.Divergence) -> bool:
    """``MMD`` alone names all; ``MMD[q(z) || p(z)]`` this one, with its kernel or without, squared or not."""
    key = key.base if isinstance(key, tree.Power) else key
    if isinstance(key, tree.Symbol):
        return key.letter == "MMD"
    return isinstance(key, tree.Divergence) and (key.name, key.left, key.right) == ("MMD", node.left, node.right)


def _shown(node: tree.Divergence) -> str:
    """The divergence as it was written, its kernel by name."""
    called = node.sub[0].head if node.sub and isinstance(node.sub[0], tree.Call) else None
    return f"MMD{'' if called is None or str(called) == 'k' else f'_{called}'}[{node.left} || {node.right}]"
