"""Subscripts on brackets: an entry of a value, the positive part, a family ``{z_k}_{k=1}^K``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS


def separate_indices(items: tuple[tree.Node, ...]) -> tuple[tree.Node, ...]:
    """The items of a subscript, ``ij`` as two: neighbouring index letters are several indices."""
    found: list[tree.Node] = []
    for item in items:
        several = isinstance(item, tree.Mul) and not any(item.ops) and all(map(_is_index_letter, item.factors))
        found += item.factors if several and isinstance(item, tree.Mul) else (item,)
    return tuple(found)


def _is_index_letter(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter in INDEX_LETTERS and not (node.accents or node.style)


def entry(body: tree.Node, index: tuple[tree.Node, ...], span: Span) -> tree.Node:
    """What a bracket with a subscript is: ``(x)_+`` is ``max(0, x)``, anything else an entry of the bracket."""
    if len(index) == 1 and isinstance(index[0], tree.Symbol) and index[0].letter == "plus":
        return tree.Func("max", (tree.Number("0", span=index[0].span), body), span=span)
    return tree.Indexed(body, index, span=span)


def joined(node: tree.Node) -> tree.Node:
    """``[x_t, h_{t-1}]`` as the vector of both, also where they are written as rows; a set of numbers as it is."""
    transposed = isinstance(node, tree.Power) and _is_transpose(node)
    inner = node.base if isinstance(node, tree.Power) and transposed else node
    match inner:
        case tree.Interval(lower, upper, "[]") if not (_is_number(lower) or _is_number(upper)):
            items: tuple[tree.Node, ...] = (lower, upper)
        case tree.Func("concat", items) if transposed:
            pass
        case _:
            return node
    if transposed and not all(map(_is_transpose, items)):
        return node
    parts = tuple(each.base if transposed and isinstance(each, tree.Power) else each for each in items)
    return tree.Func("concat", parts, span=node.span)


def listed(node: tree.Node) -> tree.Node:
    """``[\\mu, \\sigma]`` on the left of an equation: the names of several values."""
    match joined(node):
        case tree.Func("concat", items):
            return tree.Tuple(items, span=node.span)
    return node


def bounded(binders: tuple[tree.Node, ...], upper: tree.Node | None) -> tuple[tuple[tree.Node, ...], tree.Node | None]:
    """The binders and the upper bound of a sum: ``1 \\le t < T`` is t from 1 to T - 1, ``t = 1, \\dots, T`` t from 1 to
    T, and so is t from T down to 1."""
    match binders:
        case (tree.Chain(members=(lower, tree.Symbol() as index, last), relations=("<" | "<=", "<" | "<=") as order),):
            if upper is None:
                first = _neighbour(lower, 1) if order[0] == "<" else lower
                end = _neighbour(last, -1) if order[1] == "<" else last
                return (tree.Binds(index, first, span=binders[0].span),), end
        case (tree.Binds() as first, *_, tree.Ellipsis(), last) if upper is None:
            if all(isinstance(each, tree.Number | tree.Ellipsis) for each in binders[1:-1]):
                return (first,), last
        case (tree.Binds(index, tree.Symbol() as last),) if isinstance(upper, tree.Number) and last.letter.isupper():
            return (tree.Binds(index, upper, span=binders[0].span),), last
    return binders, upper


def _neighbour(node: tree.Node, by: int) -> tree.Node:
    """The next (1) or the last (-1) whole number."""
    if isinstance(node, tree.Number) and node.text.isdigit() and int(node.text) + by >= 0:
        return tree.Number(str(int(node.text) + by), span=node.span)
    one = tree.Number("1", span=node.span)
    terms = node.terms if isinstance(node, tree.Add) else (node,)
    return tree.Add((*terms, one if by > 0 else tree.Neg(one, span=node.span)), span=node.span)


def _is_transpose(node: tree.Node) -> bool:
    return isinstance(node, tree.Power) and isinstance(node.exponent, tree.Symbol) and node.exponent.letter == "top"


def _is_number(node: tree.Node) -> bool:
    node = node.body if isinstance(node, tree.Neg) else node
    if isinstance(node, tree.Div):
        return _is_number(node.numerator)
    return isinstance(node, tree.Number | tree.Infinity)


def run_to(base: tree.Node, upper: tree.Node) -> tree.Node | None:
    """``{z_k}_{k=1}^K`` is ``z_{1:K}``; None where the base is no family."""
    if not isinstance(base, tree.Indexed) or len(base.index) != 1 or not isinstance(base.index[0], tree.Binds):
        return None
    index, lower = base.index[0].name, base.index[0].value
    if isinstance(upper, tree.Symbol) and upper.letter == "top" and "T" in upper.span.text:
        upper = tree.Symbol("T", span=upper.span)  # read as a transpose before it is known that a run ends here
    span = base.span | upper.span
    run = tree.Range(lower, upper, span=span)
    items = base.body.items if isinstance(base.body, tree.SetOf | tree.Tuple) else (base.body,)
    families = [_along(each, index, run, span) for each in items]
    if any(each is None for each in families):
        return None
    found = tuple(each for each in families if each is not None)
    return found[0] if len(found) == 1 else tree.Tuple(found, span=span)


def _along(item: tree.Node, index: tree.Node, run: tree.Range, span: Span) -> tree.Node | None:
    """One indexed name along the whole run; a tuple of such names item by item."""
    if isinstance(item, tree.Tuple):
        inner = [_along(each, index, run, span) for each in item.items]
        return None if None in inner else replace(item, items=tuple(each for each in inner if each is not None))
    if not isinstance(item, tree.Symbol) or index not in (*item.sub, *item.sup):
        return None
    sub, sup = (tuple(run if each == index else each for each in items) for items in (item.sub, item.sup))
    return replace(item, sub=sub, sup=sup, span=span)
