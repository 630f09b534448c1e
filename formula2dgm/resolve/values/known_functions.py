"""Calls of known functions: elementwise ones, functions of whole vectors, and indicators of conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.completion.data.drawn_orders import IN_ORDER
from formula2dgm.completion.data.entries_of_steps import BEFORE
from formula2dgm.ir import nodes as ir
from formula2dgm.reading.names import read_name
from formula2dgm.registry.functions import CONDITIONS, Function, function, function_by_spelling
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.operators.randomness import note_bias
from formula2dgm.resolve.values.arguments import AVAILABLE
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def known(
    evaluate: Evaluator,
    node: tree.Node,
    name: str,
    args: tuple[tree.Node, ...],
    sub: tuple[tree.Node, ...],
    scope: Scope,
) -> ir.Node:
    """The value of a known function; ``node`` is where it stands, ``scope`` that of its arguments."""
    context = evaluate.context
    if name == "indicator":
        return indicator(evaluate, node, args, scope)
    if name == IN_ORDER:
        return evaluate(args[0], scope)
    fact = function_by_spelling("cosine" if name == "cos" and len(args) == 2 else name)
    fact = function(name) if name == BEFORE else fact
    if fact is None:
        raise context.refuse("F2D-0216", f"the function {name} is not available", node.span, _hint(name))
    if fact.name == "clip" and len(sub) == 1 and isinstance(sub[0], tree.Interval):
        args = (*args, sub[0].lower, sub[0].upper)
    if fact.name == "huber":
        return _huber(evaluate, args, sub, scope)
    if not fact.gradient:
        context.assume(f"{node} has no gradient", node.span)
    values = tuple(evaluate(each, scope) for each in args)
    for each, value in zip(args, values, strict=True):
        note_bias(context, node, each, value, scope)
    if not fact.gives:
        return evaluate.make(ir.Apply, fact.name, values)
    return _of_vectors(context, node, fact, values)


def _of_vectors(context: Context, node: tree.Node, fact: Function, values: tuple[ir.Node, ...]) -> ir.Node:
    if any(each.event == "number" for each in values):
        raise context.refuse(
            "F2D-0218",
            f"{fact.spellings[0] if fact.spellings else node} is of vectors; one number for each example stands here",
            node.span,
            "for the values along an index write the sum: \\log \\sum_k \\exp(a_k)",
        )
    if fact.name == "cosine":
        context.assume(f"{node} is the cosine similarity, u . v / (||u|| ||v||)", node.span)
    return context.arena.make(ir.EventFunction, fact.name, values, fact.gives)


def _huber(evaluate: Evaluator, args: tuple[tree.Node, ...], sub: tuple[tree.Node, ...], scope: Scope) -> ir.Node:
    """``Huber_\\delta(u)`` and ``Huber(u, v)``, of the difference: summed over the entries; delta is 1 by default."""
    values = [evaluate(each, scope) for each in args]
    make = evaluate.make
    difference = values[0] if len(values) == 1 else make(ir.Add, (values[0], make(ir.Neg, values[1])))
    width = evaluate(sub[0], scope) if sub else evaluate.context.const(1.0)
    value = make(ir.Apply, "huber", (difference, width))
    return value if value.event == "number" else make(ir.EventSum, value)


def called(evaluate: Evaluator, node: tree.Call, scope: Scope) -> ir.Node | None:
    """``sim(u, v)``, ``Huber(u)``: a call of a known function's name that nothing else in the formula means."""
    head, context = node.head, evaluate.context
    if not isinstance(head, tree.Symbol) or head.accents or head.sup or node.given or node.params:
        return None
    fact = function_by_spelling(head.letter)
    name = read_name(head, context.model.indices, head=True)
    if fact is None or len(head.letter) == 1 or context.named.find(name) or name.full in context.model.definitions:
        return None
    if head.letter in ("sigma",) or (head.sub and fact.name != "huber") or fact.arguments not in (len(node.args), 2):
        return None
    return known(evaluate, node, head.letter, node.args, head.sub, scope.under(node, False))


# -- indicators ----------------------------------------------------------------------------------------


def indicator(evaluate: Evaluator, node: tree.Node, args: tuple[tree.Node, ...], scope: Scope) -> ir.Node:
    """``1[a > b]``: 1 where all conditions hold, else 0."""
    parts: list[ir.Node] = []
    for each in args:
        match each:
            case tree.Relates(left, op, right) if op in CONDITIONS:
                parts.append(_condition(evaluate, node, left, op, right, scope))
            case tree.Binds(left, right):
                parts.append(_condition(evaluate, node, left, "=", right, scope))
            case tree.Chain(members, relations) if all(op in CONDITIONS for op in relations):
                triples = zip(members, relations, members[1:], strict=False)
                parts += [_condition(evaluate, node, *triple, scope) for triple in triples]
            case _:
                raise evaluate.context.refuse(
                    "F2D-0218",
                    f"an indicator is of a condition between two values, which {each} is not",
                    each.span,
                    "write \\mathbb{1}[a > b], or several conditions with commas",
                )
    evaluate.context.assume(f"{node} is 0 or 1, and has no gradient", node.span)
    return parts[0] if len(parts) == 1 else evaluate.make(ir.Mul, tuple(parts))


def _condition(
    evaluate: Evaluator, node: tree.Node, left: tree.Node, op: str, right: tree.Node, scope: Scope
) -> ir.Node:
    """One comparison: order entry by entry, equality of whole values."""
    values = [evaluate(each, scope) for each in (left, right)]
    make = evaluate.make
    if op not in ("=", "!=") or all(each.event == "number" for each in values):
        return make(ir.Apply, CONDITIONS[op], tuple(values))
    if (counted := [each for each in values if isinstance(each, ir.Index) and each.axis.kind != "batch"]) != []:
        evaluate.context.assume(f"in {node}, classes are counted from 1, and in the data from 0", node.span)
        values = [make(ir.Index, each.axis, 0) if each in counted else each for each in values]
    same = make(ir.EventFunction, "same", tuple(values), "number")
    if op == "=":
        return same
    return make(ir.Add, (evaluate.context.const(1), make(ir.Neg, same)))


def component(evaluate: Evaluator, node: tree.Indexed, position: int, scope: Scope) -> ir.Node:
    """``f(x)_2``: an entry of a vector, counted from 1."""
    value = evaluate(node.body, scope)
    if position < 1:
        raise evaluate.context.refuse(
            "F2D-0212", f"{node} is no entry: they are counted from 1", node.span, f"the first is {node.body}_1"
        )
    if value.event == "number":
        raise evaluate.context.refuse(
            "F2D-0212",
            f"{node.body} is one number for each example: it has no entries",
            node.span,
            "leave the index out, or put it on the vector: \\log f(x)_1",
        )
    return evaluate.make(ir.Component, value, position)


def entry_at(evaluate: Evaluator, node: tree.Indexed, scope: Scope) -> ir.Node:
    """``softmax(f(x))_y``: the entry of a vector that a category counts."""
    context = evaluate.context
    value, index = evaluate(node.body, scope), evaluate(node.index[0], scope)
    if value.event == "number" or index.event != "value":
        raise context.refuse(
            "F2D-0212",
            f"{node} reads an entry of {node.body} at {node.index[0]}, which is no category",
            node.span,
            "index it by a category that is data or drawn, or by a number: [f(x)]_1",
        )
    if context.options.scaffold and isinstance(index, ir.Data) and _is_of_no_classes(context, index.name):
        raise context.refuse(
            "F2D-0411",
            f"{node.index[0]} says which entry of {node.body} is read, and nothing says how many there are",
            node.index[0].span,
            f"say its values: {node.index[0]} \\in \\{{1, \\dots, 10\\}}",
        )
    context.assume(f"{node} is the entry of the class {node.index[0]}, counted from 0", node.span)
    return context.arena.make(ir.Entry, value, index)


def _is_of_no_classes(context: Context, name: str) -> bool:
    """Does no space say the values of data, and no density that is over them?"""
    space = context.model.spaces.get(name)
    over = any(name in each.signature.ids[0] for each in context.densities.all)
    return (space is None or space.classes is None) and not over


def _hint(name: str) -> str:
    derivative = "a derivative is written \\frac{\\partial}{\\partial t} f, or \\nabla_x f(x); "
    return f"{derivative if name == 'partial' else ''}{AVAILABLE}"
