r"""The aggregated posterior: ``q(z)`` beside ``q(z|x)``, the mixture of the posteriors of all data.

    q(z) = E_{p_{data}(x)}[q(z|x)] = \int q(z|x) p_{data}(x) dx = \frac1N \sum_{n=1}^N q(z|x_n)

It is drawn ancestrally: z from q(z|x), x from the batch. It is scored by an estimate over the batch, chosen by
``estimators={"q(z)": ...}``, with M examples in the batch and N in the data set:

    batch       1/M \sum_n q(z_i|x_n)                           as if the batch were all data
    weighted    1/(N M) \sum_n q(z_i|x_n)                       minibatch-weighted sampling
    stratified  1/N q(z_i|x_i) + \sum_{n \ne i} w_n q(z_i|x_n)   minibatch-stratified sampling

The last two are those of Chen et al. 2018, appendices C.1 and C.2. Its marginals ``q(z_j)`` are the same of single
entries.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH, Axis
from formula2dgm.reading.data_names import DATA_SIZES
from formula2dgm.reading.names import Name, read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, read_signature
from formula2dgm.registry.batch_estimators import AGGREGATES
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.densities.aggregated_forms import AGGREGATED, PUSHED, mixes_to
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.operators.others import at_other, other_axis
from formula2dgm.resolve.statements.model import Declared
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def is_aggregated(density: Density) -> bool:
    """Is this a mixture over the data, or the law of a function of the data?"""
    return density.declared is not None and density.declared.kind in (AGGREGATED, PUSHED)


def log_aggregated(evaluate: Evaluator, use: Use, scope: Scope) -> ir.Node:
    """The estimate of ``log q(z)`` at the values of its place of use."""
    context, call = evaluate.context, source_of(use)
    declared = use.density.declared
    if declared is not None and declared.kind == PUSHED:
        raise context.refuse(
            "F2D-0438",
            f"{use.density.label} is the law of {declared.body}, a function of the data: it has draws and no density",
            declared.span,
            "compare it by its draws: MMD_k[q(z) || p(z)]; or give z a density, q(z|x)",
        )
    assert isinstance(call, tree.Call)
    axis, outside = other_axis(scope), Scope(scope.batch)
    others = {
        read_name(each, context.model.indices).id: at_other(context, evaluate(each, outside), axis)
        for each in call.given or ()
        if isinstance(each, tree.Symbol)
    }
    density = _named(context, evaluate.log_density(call, scope.bind(others)), axis)
    if axis not in density.axes:
        return density
    return _estimate(evaluate, use, density, axis)


def _named(context: Context, density: ir.Node, axis: Axis) -> ir.Node:
    """A log-density given the other example, under its name: ``q(z|x_n)``."""
    if not isinstance(density, ir.LogProb):
        return density
    law, make = density.law, context.arena.make
    label = re.sub(r"(?<=[|,])\s*([^,)]+)", lambda found: found[0] + f"_{axis.name}", law.label)
    named = make(ir.Law, label, law.family, law.params, law.shape, law.scalar, law.options)
    return make(ir.LogProb, named, density.value, density.elementwise)


def source_of(use: Use) -> tree.Node:
    """The density that is mixed, at the variables of the place of use; of the law of a function, its value."""
    declared = use.density.declared
    assert declared is not None
    if not isinstance(declared.body, tree.Call):
        return declared.body
    span = use.call.span if use.call is not None else declared.span
    return replace(declared.body, args=use.variables, span=span)


# -- estimators ----------------------------------------------------------------------------------------


def _estimate(evaluate: Evaluator, use: Use, density: ir.Node, axis: Axis) -> ir.Node:
    """The logarithm of the mixture over the examples that ``axis`` counts."""
    context = evaluate.context
    label, place = use.density.signature.label, use.call or use.variables[0]
    examples = _data_size(evaluate, place)
    chosen = context.estimators.of(lambda key: _is_key(context, key, use.density.signature), AGGREGATES)
    name = chosen or ("stratified" if examples is not None else "batch")
    if name != "batch" and examples is None:
        raise context.refuse(
            "F2D-0438",
            f"the {name} estimate of {label} weighs the batch by the number of all examples, which nothing says",
            place.span,
            'bind it: {"N": 60000}; or choose estimators={"' + label + '": "batch"}',
        )
    context.assume(f"log {label} is estimated from the batch, {AGGREGATES[name]}", place.span)
    return context.arena.entitle(_mixture(evaluate, name, density, axis, examples), f"log {label}" + _entries(density))


def _entries(density: ir.Node) -> str:
    return " by entry" if density.event == "value" else ""


def _mixture(evaluate: Evaluator, name: str, density: ir.Node, axis: Axis, examples: ir.Node | None) -> ir.Node:
    """The estimate of this name."""
    make = evaluate.make
    if name == "batch":
        return make(ir.Reduce, "logmeanexp", axis, density)
    assert examples is not None
    if name == "weighted":
        size = make(ir.Apply, "log", (make(ir.Mul, (examples, make(ir.Size, axis.of))),))
        return make(ir.Add, (make(ir.Reduce, "logsumexp", axis, density), make(ir.Neg, size)))
    weight = make(ir.LogStratumWeight, axis, examples)
    return make(ir.Reduce, "logsumexp", axis, make(ir.Add, (density, weight)))


def _data_size(evaluate: Evaluator, place: tree.Node) -> ir.Node | None:
    """The number of examples of the data set, where the user says it."""
    context = evaluate.context
    for key in sorted(DATA_SIZES - context.batch_sizes):
        if context.named.find(Name(key)) is not None or key in context.model.definitions:
            return evaluate(tree.Symbol(key, span=place.span), Scope(BATCH))
    return None


def _is_key(context: Context, key: tree.Node, signature: Signature) -> bool:
    if not isinstance(key, tree.Call):
        return False
    own = read_signature(key, context.model.indices, context.model.parameters)
    return (own.head, own.ids) == (signature.head, signature.ids) and own.group in ((), signature.group)


# -- what nobody declares ------------------------------------------------------------------------------


def aggregated(context: Context, wanted: Signature, call: tree.Call) -> Density | None:
    """``q(z)`` that nobody declares: the mixture of ``q(z|x)`` over the data, or the law of ``z = e(x)``."""
    if wanted.given or None in wanted.variables or wanted.head.split("_")[0] not in POSTERIOR_LETTERS:
        return None
    found = [each for each in context.densities.all if mixes_to(each.signature, wanted, context.latent)]
    if len(found) == 1:
        own = found[0].signature
        count = len(own.variables)
        signature = replace(wanted, slots=own.slots[:count], variables=own.variables)
        body = tree.Call(call.head, own.slots[:count], own.slots[count:], None, span=call.span)
        context.assume(
            f"{signature.label} is the aggregated posterior: the mean of {own.label} over the data", call.span
        )
        return Density(signature, None, Declared(signature, AGGREGATED, body, call.span))
    name = wanted.variables[0]
    if found or len(wanted.variables) != 1 or name is None or name.id not in context.model.definitions:
        return None
    symbol = tree.Symbol(name.letter, name.accents, style=name.style, span=call.span)
    slot = call.args[0] if not name.index else symbol
    context.assume(f"{wanted.label} is the law of {name.id}, a function of the data", call.span)
    return Density(wanted, None, Declared(wanted, PUSHED, slot, call.span))
