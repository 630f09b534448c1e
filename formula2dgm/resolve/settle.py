"""Settle what syntax left open, once the kinds of names are known.

Three decisions, each a reader's convention, each made by rewriting the tree, so that the rooms that follow see
only settled trees:

* ``beta (x - y)`` is a product when ``beta`` is a scalar (:func:`settle`);
* a bare ``log`` reaches over the following factors while they are densities, their ratios, or end in a big
  operator (:func:`log_extent`), and the log of a product over an index is a sum of logs;
* an expectation or a sum written without brackets covers the later terms that use what only it binds
  (:func:`extend_scopes`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from formula2dgm.resolve.kinds import binder_names
from formula2dgm.resolve.names import read_name
from formula2dgm.resolve.signature import is_density_call
from formula2dgm.syntax import tree


def settle(node: tree.Node, is_scalar: Callable[[tree.Node], bool], indices: frozenset[str]) -> tree.Node:
    """The tree with every open question decided. ``is_scalar`` says whether a call's head is a scalar."""

    def scalar_product(each: tree.Node) -> tuple[tree.Node, tree.Node] | None:
        if isinstance(each, tree.Call) and each.given is None and each.params is None and len(each.args) == 1:
            return (each.head, each.args[0]) if is_scalar(each.head) else None
        return None

    def rebuild(each: tree.Node) -> tree.Node:
        if isinstance(each, tree.Power) and (product := scalar_product(each.base)) is not None:
            # beta (a - b)^2: the power belongs to the bracket, not to the product
            powered = tree.Power(product[1], each.exponent, span=each.span)
            each = tree.Mul((product[0], powered), ("",), span=each.span)
        each = map_children(each, rebuild)
        if (product := scalar_product(each)) is not None:
            return flatten(tree.Mul(product, ("",), span=each.span))
        if isinstance(each, tree.Mul):
            return flatten(each)
        if isinstance(each, tree.Prefix):
            return _settle_prefix(each)
        if isinstance(each, tree.Func) and each.name == "log" and len(each.args) == 1:
            return _log_of_product(each, each.args[0])
        if isinstance(each, tree.Add):
            return extend_scopes(each, indices)
        return each

    return rebuild(node)


def map_children(node: tree.Node, change: Callable[[tree.Node], tree.Node]) -> tree.Node:
    """The node with ``change`` applied to each child; itself where none changed."""
    changed: dict[str, object] = {}
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, tree.Node):
            new: object = change(value)
        elif isinstance(value, tuple) and any(isinstance(item, tree.Node) for item in value):
            new = tuple(change(item) if isinstance(item, tree.Node) else item for item in value)
            if all(a is b for a, b in zip(new, value, strict=True)):
                continue
        else:
            continue
        if new is not value:
            changed[each.name] = new
    return replace(node, **changed) if changed else node  # type: ignore[arg-type]


def flatten(node: tree.Mul) -> tree.Mul:
    """A product whose factors are no products themselves."""
    factors: list[tree.Node] = []
    ops: list[str] = []
    for position, factor in enumerate(node.factors):
        if position:
            ops.append(node.ops[position - 1])
        if isinstance(factor, tree.Mul):
            inner = flatten(factor)
            factors += inner.factors
            ops += inner.ops
        else:
            factors.append(factor)
    return tree.Mul(tuple(factors), tuple(ops), span=node.span)


# -- log -----------------------------------------------------------------------------------------------


def _settle_prefix(node: tree.Prefix) -> tree.Node:
    inside, outside, divisor = log_extent(node.operand) if node.name == "log" else _first_factor(node.operand)
    span = node.span
    settled: tree.Node = tree.Prefix(node.name, inside, node.sub, span=span)
    if node.name == "log":
        settled = _log_of_product(settled, inside)
    if divisor is not None:
        settled = tree.Div(settled, divisor, span=span)
    if outside:
        settled = flatten(tree.Mul((settled, *outside), ("",) * len(outside), span=span))
    return settled


def _log_of_product(node: tree.Node, argument: tree.Node) -> tree.Node:
    """``log prod_i a_i`` is ``sum_i log a_i``."""
    if not (isinstance(argument, tree.Big) and argument.op == "prod"):
        return node
    body = _settle_prefix(tree.Prefix("log", argument.body, span=argument.body.span))
    return replace(argument, op="sum", body=body, open=False)


def log_extent(operand: tree.Node) -> tuple[tree.Node, tuple[tree.Node, ...], tree.Node | None]:
    """What a bare log covers: (its argument, factors left outside, a divisor left outside)."""
    if isinstance(operand, tree.Mul):
        taken = 1
        first_open = not (is_density_like(operand.factors[0]) or _before_operator(operand.factors, 0))
        while not first_open and taken < len(operand.factors):
            factor = operand.factors[taken]
            if not (is_density_like(factor) or _before_operator(operand.factors, taken) or _ends_in_operator(factor)):
                break
            taken += 1
        inside = operand.factors[:taken]
        argument = inside[0] if taken == 1 else tree.Mul(inside, operand.ops[: taken - 1], span=_over(inside))
        return argument, operand.factors[taken:], None
    if isinstance(operand, tree.Div) and is_density_like(operand.numerator) and not is_density_like(operand):
        if _is_constant(operand.denominator):
            return operand.numerator, (), operand.denominator
    return operand, (), None


def _first_factor(operand: tree.Node) -> tuple[tree.Node, tuple[tree.Node, ...], tree.Node | None]:
    if isinstance(operand, tree.Mul):
        return operand.factors[0], operand.factors[1:], None
    return operand, (), None


def is_density_like(node: tree.Node) -> bool:
    """A density, or a product, ratio or power of densities."""
    if isinstance(node, tree.Mul):
        return all(is_density_like(each) for each in node.factors)
    if isinstance(node, tree.Div):
        return is_density_like(node.numerator) and is_density_like(node.denominator)
    if isinstance(node, tree.Power):
        return is_density_like(node.base)
    return is_density_call(node)


def _before_operator(factors: tuple[tree.Node, ...], position: int) -> bool:
    """Is this a constant whose product runs into a big operator: the ``1/K`` of ``log 1/K sum_k``?"""
    rest = factors[position:]
    return _ends_in_operator(rest[-1]) and all(_is_constant(each) for each in rest[:-1])


def _ends_in_operator(node: tree.Node) -> bool:
    return isinstance(node, tree.Big | tree.Expect | tree.Integral)


def _is_constant(node: tree.Node) -> bool:
    if isinstance(node, tree.Number | tree.Symbol):
        return True
    if isinstance(node, tree.Div | tree.Mul | tree.Neg | tree.Power):
        return all(_is_constant(each) for each in node.children)
    return False


def _over(nodes: tuple[tree.Node, ...]) -> tree.Span:
    span = nodes[0].span
    for each in nodes[1:]:
        span = span | each.span
    return span


# -- scopes --------------------------------------------------------------------------------------------


def extend_scopes(node: tree.Add, indices: frozenset[str]) -> tree.Node:
    """Let an open sum or expectation cover the later terms in which what it binds occurs free."""
    terms = list(node.terms)
    position = 0
    while position < len(terms):
        operator = _open_operator(terms[position])
        if operator is not None:
            bound = _bound_by(operator, indices)
            last = max(
                (i for i in range(position + 1, len(terms)) if occurs_free(terms[i], bound, indices)), default=None
            )
            if last is not None:
                absorbed = tuple(terms[position + 1 : last + 1])
                terms[position : last + 1] = [_absorb(terms[position], absorbed)]
        position += 1
    return terms[0] if len(terms) == 1 else replace(node, terms=tuple(terms))


def _open_operator(term: tree.Node) -> tree.Big | tree.Expect | None:
    if isinstance(term, tree.Mul):
        return _open_operator(term.factors[-1])
    if isinstance(term, tree.Neg):
        return None
    return term if isinstance(term, tree.Big | tree.Expect) and term.open else None


def _absorb(term: tree.Node, more: tuple[tree.Node, ...]) -> tree.Node:
    if isinstance(term, tree.Mul):
        last = _absorb(term.factors[-1], more)
        return replace(term, factors=(*term.factors[:-1], last), span=term.span | more[-1].span)
    assert isinstance(term, tree.Big | tree.Expect)
    inner = term.body.terms if isinstance(term.body, tree.Add) else (term.body,)
    body = tree.Add((*inner, *more), span=term.body.span | more[-1].span)
    return replace(term, body=body, open=False, span=term.span | more[-1].span)


def _bound_by(operator: tree.Big | tree.Expect, indices: frozenset[str]) -> frozenset[str]:
    if isinstance(operator, tree.Big):
        return frozenset(name for name, _ in binder_names(operator))
    found: set[str] = set()
    for item in operator.binders:
        names = item.names if isinstance(item, tree.Draws) else item.args if isinstance(item, tree.Call) else (item,)
        found |= {read_name(each, indices).id for each in names if isinstance(each, tree.Symbol)}
    return frozenset(found)


def occurs_free(node: tree.Node, names: frozenset[str], indices: frozenset[str]) -> bool:
    """Does one of the names occur in the node outside an operator of its own that binds it?"""
    if isinstance(node, tree.Big | tree.Expect):
        inner = names - _bound_by(node, indices)
        return bool(inner) and any(occurs_free(each, inner, indices) for each in node.children)
    if isinstance(node, tree.Divergence):
        calls = [call for call in node.left.walk() if isinstance(call, tree.Call)]
        inner = names - {
            read_name(each, indices).id for call in calls for each in call.args if isinstance(each, tree.Symbol)
        }
        return bool(inner) and any(occurs_free(each, inner, indices) for each in node.children)
    if isinstance(node, tree.Symbol):
        if read_name(node, indices).id in names:
            return True
        return any(occurs_free(each, names, indices) for each in (*node.sub, *node.sup))
    return any(occurs_free(each, names, indices) for each in node.children)
