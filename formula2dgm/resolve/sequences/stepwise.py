"""What runs over numbered functions: recurrences ``z_k = f_k(z_{k-1})``, indices and their bounds, derivatives."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm import registry
from formula2dgm.reading.kinds import binder_names, spelling
from formula2dgm.reading.names import plain
from formula2dgm.reading.numbered import composed, index_of, is_group, position_of, stem_of
from formula2dgm.reading.signature import names_objective
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``z_k = f_k(z_{k-1})``: the functions' name and the index."""

    stem: tree.Symbol
    index: str


def recurrence(left: tree.Symbol, right: tree.Node) -> Recurrence | None:
    index = index_of(left)
    text = plain(index) if index is not None else None
    if text is None or not isinstance(right, tree.Call) or not isinstance(right.head, tree.Symbol) or not right.args:
        return None
    before, own = right.args[0], index_of(right.head)
    if not isinstance(before, tree.Symbol) or own is None or plain(own) != text or stem_of(before) != stem_of(left):
        return None
    shifted = index_of(before)
    return Recurrence(stem_of(right.head), text) if shifted is not None and str(shifted) == f"{text} - 1" else None


def chain_names(body: tree.Node) -> tuple[tree.Symbol, tree.Symbol] | None:
    """The names of the values and of the functions of a recurrence, or of a composition of numbered functions."""
    if not isinstance(body, tree.Chain) or body.relations not in (("=",), (":=",)):
        return None
    left, right = body.members
    if not isinstance(left, tree.Symbol):
        return None
    if (step := recurrence(left, right)) is not None:
        return stem_of(left), step.stem
    heads, argument = composed(right)
    start = argument.args[0] if argument is not None else None
    last = heads[-1] if heads else None
    if isinstance(start, tree.Symbol) and isinstance(last, tree.Symbol) and position_of(last) == 1:
        return (stem_of(left), stem_of(last)) if stem_of(start) == stem_of(left) else None
    return None


def upper_bounds(body: tree.Node) -> dict[str, tree.Node]:
    found = {name: upper for node in body.all(tree.Big) for name, upper in binder_names(node) if upper is not None}
    for node in body.walk():
        if isinstance(node, tree.Symbol) and node.sub and isinstance(item := index_of(node), tree.Symbol):
            if len(item.letter) == 1 and item.letter.isupper() and plain(item):
                found.setdefault(item.letter.lower(), item)
    return found


def indexed_functions(body: tree.Node, index: str) -> Iterator[tuple[tree.Symbol, bool]]:
    """The names of what is applied or differentiated and carries the index, ``f`` of ``f_k(z)`` and of ``jac_z f_k``,
    and whether a determinant is taken."""
    under_det = any(isinstance(each, tree.Prefix | tree.Func) and each.name == "det" for each in body.walk())
    for each in body.walk():
        operand = each.operand if isinstance(each, tree.Prefix) and each.name in ("jac", "grad") else None
        head = each.head if isinstance(each, tree.Call) else operand
        head = head.base if isinstance(head, tree.Power) else head
        if isinstance(head, tree.Symbol) and (own := index_of(head)) is not None and plain(own) == index:
            yield stem_of(head), under_det


def applied_names(body: tree.Node) -> Iterator[tree.Symbol]:
    """The names of what a statement inverts, differentiates, or defines a value by."""
    for node in body.walk():
        if isinstance(node, tree.Call) and isinstance(node.head, tree.Power) and str(node.head.exponent) == "-1":
            head: tree.Node | None = node.head.base
        elif isinstance(node, tree.Chain) and node.relations in (("=",), (":=",)):
            left, right = node.members
            head = right.head if isinstance(left, tree.Symbol) and isinstance(right, tree.Call) else None
            head = None if registry.family_by_spelling(spelling(head or left)) else head
        elif isinstance(node, tree.Prefix) and node.name in ("jac", "grad", "partial"):
            head = node.operand.head if isinstance(node.operand, tree.Call) else None
        else:
            continue
        if isinstance(head, tree.Symbol):
            yield stem_of(head)


def defines(body: tree.Node, stem: tree.Symbol) -> bool:
    """Does the statement define a value of this name?"""
    left = body.members[0] if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=") else None
    return isinstance(left, tree.Symbol) and stem_of(left) == stem and str(index_of(left)) != "0"


def values_in(body: tree.Node) -> Iterator[tree.Node]:
    """The symbols that an expression applies something to, or conditions on; a loss is of what is trained."""
    for node in body.walk():
        if isinstance(node, tree.Call) and not names_objective(node):
            yield from (each for each in (*node.args, *(node.given or ())) if isinstance(each, tree.Symbol))


def is_parameter(node: tree.Node) -> bool:
    """By its letter, does this stand for the parameters of a function: ``f(x; \\theta)``, ``f(x; w)``?"""
    return isinstance(node, tree.Symbol) and (is_group(node) or node.letter in ("w", "W"))


def implied_steps(body: tree.Node) -> Iterator[tree.Chain]:
    """``z_k = f_k(z_{k-1})`` for every sum over k with the derivative of f_k by z_{k-1}."""
    for big in body.all(tree.Big):
        names = [name for name, upper in binder_names(big) if upper is not None]
        for node in map(as_derivative, big.body.walk()):
            if not isinstance(node, tree.Prefix) or node.name not in ("jac", "grad", "partial") or len(node.sub) != 1:
                continue
            head = node.operand.head if isinstance(node.operand, tree.Call) else node.operand
            before = node.sub[0]
            if not isinstance(head, tree.Symbol) or not isinstance(before, tree.Symbol):
                continue
            index, earlier = index_of(head), index_of(before)
            if index is not None and plain(index) in names and str(earlier) == f"{plain(index)} - 1":
                call = node.operand if isinstance(node.operand, tree.Call) else None
                call = call or tree.Call(head, (before,), span=node.span)
                left = tree.Symbol(before.letter, before.accents, (index,), (), before.style, span=before.span)
                if head.letter != before.letter:
                    yield tree.Chain((left, call), ("=",), span=node.span)


def as_derivative(node: tree.Node) -> tree.Node:
    """``\\partial (f_2 \\circ f_1)(x) / \\partial x`` and its like as the derivatives that they are."""
    match node:
        case tree.Div(
            numerator=tree.Mul(factors=(tree.Func(name="partial", args=(tree.Mul() as head,)), point), ops=("",)),
            denominator=tree.Prefix(name="partial", operand=by, sub=()),
        ) if set(head.ops) == {"circ"}:
            body: tree.Node = tree.Call(head, (point,), span=node.span)
        case tree.Div(
            numerator=tree.Mul(factors=(tree.Prefix(name="partial", operand=first, sub=()), *rest), ops=ops),
            denominator=tree.Prefix(name="partial", operand=by, sub=()),
        ) if set(ops) == {"circ"}:
            body = tree.Mul((first, *rest), ops, span=node.span)
        case tree.Prefix(
            name="partial",
            operand=tree.Div(numerator=body, denominator=tree.Prefix(name="partial", operand=by, sub=())),
            sub=(),
        ):
            pass  # \\partial f(x) / \\partial x on one line
        case _:
            return node
    return tree.Prefix("jac", body, (by,), span=node.span)
