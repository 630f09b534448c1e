r"""Averages over samples of which nothing says what they are drawn from.

    \frac1L \sum_{l=1}^L \log p(x|z^{(l)}) - KL[q(z|x) \| p(z)]      z^{(1:L)} \sim q(z|x)

    \frac1L \sum_{l=1}^L [\log p(x, z^{(l)}) - \log q(z^{(l)}|x)]

The samples are drawn from the only approximation over their variable that the text compares with something; else from
the only one that is scored at them, beside a density that is given them and is over what the approximation is given. An
index that says of which example the sample is, i of ``z^{(i,l)}`` beside ``q(z|x^{(i)})``, is that of the example.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree


def write_samples(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such averages as expectations, and what was decided."""
    if not any(each.body.all(tree.Big) for each in statements):
        return list(statements), []
    nodes = [each for statement in statements for each in statement.body.walk()]
    compared = [each.left for each in nodes if isinstance(each, tree.Divergence)]
    sources = [each for each in dict.fromkeys(compared) if isinstance(each, tree.Call) and _is_approximation(each)]
    said = [name for each in nodes for name in _bound_by(each)]
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        made = None if isinstance(node, tree.Call) else _drawn(node, sources, said)
        if made is None:
            return node if isinstance(node, tree.Call) else map_children(node, rebuild)
        notes.append(Note(f"{made.binders[0]}: nothing else says what the samples are drawn from", node.span))
        return made

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _is_approximation(call: tree.Call) -> bool:
    head = call.head
    return is_density_call(call) and isinstance(head, tree.Symbol) and head.letter in POSTERIOR_LETTERS


def _bound_by(node: tree.Node) -> list[tree.Symbol]:
    """The names that a statement or a bracket says something of, without their indices."""
    match node:
        case tree.Chain(members=(left, *_), relations=(relation, *_)) if relation != "in":
            items = left.items if isinstance(left, tree.Tuple) else (left,)
        case tree.Draws(names=items) | tree.Expect(binders=items):
            items = tuple(arg for each in items for arg in (each.args if isinstance(each, tree.Call) else (each,)))
        case _:
            return []
    return [replace(each, sub=(), sup=()) for each in items if isinstance(each, tree.Symbol)]


def _drawn(node: tree.Node, sources: Sequence[tree.Call], said: Sequence[tree.Symbol]) -> tree.Expect | None:
    """The average of samples under their draws, where it is one and what they are drawn from is known."""
    total = averaged(node)
    index = total.binders[0] if total is not None else None
    if total is None or not isinstance(index, tree.Binds) or str(index.value) != "1" or total.upper is None:
        return None
    samples = {
        each for each in total.body.all(tree.Symbol) if index.name in (*each.sub, *each.sup) and _bare(each) not in said
    }
    if len(samples) != 1:
        return None
    (sample,) = samples
    found = [
        each
        for each in sources or _scored(total.body, sample)
        if [*map(_bare, each.args)] == [_bare(sample)] and _is_of(sample, index.name, each)
    ]
    if len(found) != 1:
        return None
    every = tree.Range(index.value, total.upper, span=sample.span)
    drawn = tree.Draws((_at(sample, every),), found[0], span=sample.span)
    body = _exchanged(node, sample, _at(sample, index.name))
    return tree.Expect((drawn,), body, span=node.span)


def _scored(body: tree.Node, sample: tree.Symbol) -> list[tree.Call]:
    """The approximations that are scored at a sample, ``\\log q(z^{(l)}|x)`` beside ``\\log p(x|z^{(l)})``."""
    calls = [each for each in body.all(tree.Call) if is_density_call(each)]
    own = {each for each in calls if _is_approximation(each) and each.args == (sample,) and each.given}
    models = [each for each in calls if not _is_approximation(each) and sample in (*each.args, *(each.given or ()))]
    over = {arg for each in models for arg in each.args}
    found = [each for each in own if set(each.given or ()) <= over]
    for each in found:
        if any(isinstance(log, tree.Prefix | tree.Func) for log in body.walk()) and each in _terms(body):
            raise FormulaError(
                Diagnostic(
                    "F2D-0587",
                    "error",
                    f"{each} is a term by itself beside log-densities: is a logarithm missing?",
                    each.span,
                    f"write \\log {each}; or, if its value is meant, what draws the samples: z^{{(1:L)}} \\sim q(z|x)",
                )
            )
    return [replace(each, args=(_bare(sample),)) for each in found]


def _terms(body: tree.Node) -> list[tree.Node]:
    """The terms of a sum without their signs."""
    terms = body.terms if isinstance(body, tree.Add) else (body,)
    return [each.body if isinstance(each, tree.Neg) else each for each in terms]


def averaged(node: tree.Node) -> tree.Big | None:
    """The sum in ``\\frac1L \\sum_{l=1}^L``."""
    match node:
        case tree.Mul((tree.Div(tree.Number("1"), size), tree.Big("sum", (_,), upper) as total)) if size == upper:
            return total
        case tree.Div(tree.Big("sum", (_,), upper) as total, size) if size == upper:
            return total
    return None


def _bare(node: tree.Node) -> tree.Node:
    return replace(node, sub=(), sup=()) if isinstance(node, tree.Symbol) else node


def _is_of(sample: tree.Symbol, index: tree.Node, source: tree.Call) -> bool:
    """Are its other indices those of the example that the density is given?"""
    given = [each for each in source.given or () if isinstance(each, tree.Symbol)]
    known = {item for each in given for item in (*each.sub, *each.sup)}
    return {*sample.sub, *sample.sup} - {index} <= known


def _at(sample: tree.Symbol, index: tree.Node) -> tree.Symbol:
    """The sample at one index, or range, alone."""
    return replace(sample, sub=(index,), sup=()) if sample.sub else replace(sample, sub=(), sup=(index,))


def _exchanged(node: tree.Node, old: tree.Node, new: tree.Node) -> tree.Node:
    if node == old:
        return replace(new, span=node.span)
    return map_children(node, lambda each: _exchanged(each, old, new))
