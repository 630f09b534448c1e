"""Lists with an ellipsis as runs: ``p(x_t | x_1, \\dots, x_{t-1})`` is ``p(x_t | x_{1:t-1})``.

So are the variables of sums, ``\\sum_{z_1} \\cdots \\sum_{z_T}``, and of integrals, ``dz_1 \\cdots dz_T``.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children, replace, span_over
from formula2dgm.syntax import tree


def name_lists(node: tree.Node, notes: Notes) -> tree.Node:
    """The tree with such lists as ranges, wherever a call or a sum has one."""
    node = map_children(node, lambda each: name_lists(each, notes))
    match node:
        case tree.Call(args=args, given=given):
            closed = closed_lists(args, notes)
            return replace(node, args=closed, given=closed_lists(given, notes) if given is not None else None)
        case tree.Big(binders=(tree.Symbol() as first,), body=tree.Mul(factors=(tree.Ellipsis(), tree.Big() as last))):
            run = run_between(first, last.binders[0]) if last.op == node.op and last.upper == node.upper else None
            if run is not None and len(last.binders) == 1:
                notes.add(_noted((first, node.body.factors[0], last.binders[0]), run), span_over((first, last)))  # type: ignore[attr-defined]
                return replace(last, binders=(run,), span=node.span)
        case tree.Big(binders=binders) if len(binders) > 2:
            return replace(node, binders=closed_lists(binders, notes))
        case tree.Mul(factors=(tree.Integral() as integral, tree.Ellipsis() as dots, tree.Symbol("d"), last)):
            run = run_between(integral.variables[-1], last)
            if run is not None:
                notes.add(_noted((integral.variables[-1], dots, last), run), span_over((integral, last)))
                return replace(integral, variables=(*integral.variables[:-1], run), span=node.span)
    return node


def closed_lists(items: Sequence[tree.Node], notes: Notes) -> tuple[tree.Node, ...]:
    """The items, ``z_1, z_2, \\dots, z_K`` as ``z_{1:K}``."""
    out = list(items)
    place = next((n for n, each in enumerate(out) if isinstance(each, tree.Ellipsis)), None)
    if place is None or place == 0 or place + 1 == len(out):
        return tuple(out)
    last, start = out[place + 1], place
    while start > 0 and run_between(out[start - 1], last) is not None:
        start -= 1
    if start == place:
        return (*out[: place + 1], *closed_lists(out[place + 1 :], notes))
    run = run_between(out[start], last)
    assert run is not None
    notes.add(_noted(out[start : place + 2], run), run.span)
    return (*out[:start], run, *closed_lists(out[place + 2 :], notes))


def run_between(first: tree.Node, last: tree.Node) -> tree.Symbol | None:
    """The run from one symbol to another that differs from it in one index; None for anything else.

    >>> from formula2dgm.syntax import parse_one
    >>> str(run_between(parse_one("c_{t, 0}"), parse_one("c_{t, 15}")))
    'c_{t, 0:15}'
    >>> str(run_between(parse_one("x_{t-1}"), parse_one("x_1")))
    'x_{1:t-1}'
    """
    if not isinstance(first, tree.Symbol) or not isinstance(last, tree.Symbol):
        return None
    below, above = _between(first.sub, last.sub), _between(first.sup, last.sup)
    if below is None or above is None or (first.sub == last.sub) == (first.sup == last.sup):
        return None
    if replace(first, sub=(), sup=()) != replace(last, sub=(), sup=()):
        return None
    return replace(first, sub=below, sup=above, span=first.span | last.span)


def _between(first: tuple[tree.Node, ...], last: tuple[tree.Node, ...]) -> tuple[tree.Node, ...] | None:
    """The scripts of both, the one in which they differ as a range; None where they differ in more than one."""
    differ = [n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]]
    if len(first) != len(last) or len(differ) > 1:
        return None
    if not differ:
        return first
    (n,) = differ
    lower, upper = first[n], last[n]
    if _descends(lower, upper):
        lower, upper = upper, lower
    return (*first[:n], tree.Range(lower, upper, span=lower.span | upper.span), *first[n + 1 :])


def _descends(first: tree.Node, last: tree.Node) -> bool:
    """Does a list run backwards: from ``t - 1`` to 1, or to ``t - p``?"""
    if isinstance(last, tree.Number):
        return not isinstance(first, tree.Number)
    match last:
        case tree.Add((tree.Symbol() as step, tree.Neg(tree.Number() | tree.Symbol() as back))):
            near = first.terms[0] if isinstance(first, tree.Add) else first
            return near == step and (not isinstance(first, tree.Add) or isinstance(back, tree.Symbol))
    return False


def _noted(items: Sequence[tree.Node], run: tree.Node) -> str:
    return f"{', '.join(map(str, items))} is {run}"
