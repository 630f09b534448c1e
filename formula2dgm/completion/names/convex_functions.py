r"""A convex function that the text gives, its derivative and its convex conjugate: ``f(u) = u \log u``.

f'(a)             \log a + 1                the derivative, at whatever it is read
f^*(a)            e^{a - 1}                 \sup_u (u a - f(u)), where f'(u) = a is solved in closed form
f^*(f'(a))        a                         a f'(a) - f(a), which needs no inverse (Fenchel, Young)

The conjugate is written ``f^*`` or ``f^\dagger``. A name that the text defines or binds is that;
``\sup_u (u t - f(u))`` defines the conjugate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.names.conjugates import Convex
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.reading.time_names import TIME_LETTERS
from formula2dgm.syntax import tree

_STARS = frozenset(("star", "dagger"))
_EQUAL = ("=", ":=")


def write_convex_functions(
    statements: Sequence[tree.Statement], bound: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with derivatives and conjugates of such functions written out, and what was decided; ``bound``
    are the heads that a user binds."""
    calls = [each for root in statements for each in root.body.all(tree.Call)]
    if not any(_is_star(each.head) or _is_prime(each.head) for each in calls):
        return list(statements), []
    conjugates = {each: _conjugate_of(each.body) for each in statements}
    left = [each for each in statements if conjugates[each] is None]
    said = {*bound, *(head for each in left if (head := _head_defined(each.body)) is not None)}
    functions = {head: made for each in left for head, made in _functions(each.body) if head not in bound}
    for each in statements:
        star = conjugates[each]
        if star is not None and _plain(star.head) not in functions:  # not known by its own formula: left as it stands
            left, said = list(statements), {*said, star.head}
    _refuse_unsaid(calls, said, functions)
    notes = Notes()
    values: set[tree.Node] = set()

    def written(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Call) and _is_of(node, said, functions):
            (argument,) = node.args
            made = _written(node, functions, said, notes)
            values.update(each.head for each in argument.all(tree.Call))
            return map_children(made, written)
        return map_children(node, written)

    made = [each.with_body(written(each.body)) for each in left]
    kept = [each for each in made if not _is_unused(each, made, functions)]
    return [each.with_body(_of_functions(each.body, values)) for each in kept], notes.found


def _written(
    node: tree.Call, functions: dict[tree.Symbol, Convex], said: Collection[tree.Node], notes: Notes
) -> tree.Node:
    head, (argument,) = node.head, node.args
    assert isinstance(head, tree.Symbol)
    plain = _plain(head)
    function, name = functions[plain], str(plain)
    if _is_prime(head):
        notes.add(f"{head} is the derivative of {name}", node.span)
        return function.derivative(argument, node.span)
    notes.add(f"{head} is the convex conjugate of {name}: {head}(t) = sup_u (u t - {name}(u))", node.span)
    inner = argument.head if isinstance(argument, tree.Call) and _is_of(argument, said, functions) else None
    if isinstance(argument, tree.Call) and inner is not None and _is_prime(inner) and _plain(inner) == plain:
        notes.add(f"{head}({inner}(u)) is u {inner}(u) - {name}(u)", node.span)
        return function.conjugate_of_derivative(argument.args[0], node.span)
    return function.conjugate(argument, node.span)


# -- what a text says ----------------------------------------------------------------------------------


def _functions(body: tree.Node) -> Iterator[tuple[tree.Symbol, Convex]]:
    """``f(u) = u \\log u``: an elementary function of one name."""
    match body:
        case tree.Chain((tree.Call(tree.Symbol() as head, (tree.Symbol() as slot,), None, None), value), (relation,)):
            if relation in _EQUAL and head.letter not in DENSITY_LETTERS and not _has_time(head):
                made = Convex.read(head, slot, value)
                if made is not None:
                    yield head, made


def _has_time(head: tree.Symbol) -> bool:
    """``\\psi_t``: its prime is the derivative by the time below it."""
    return any(isinstance(each, tree.Symbol) and each.letter in TIME_LETTERS for each in head.sub)


def _head_defined(body: tree.Node) -> tree.Node | None:
    match body:
        case tree.Chain((tree.Call(head), *_), (relation, *_)) if relation in _EQUAL:
            return head
        case tree.Chain((tree.Symbol() as name, *_), (relation, *_)) if relation in (*_EQUAL, "~", "in"):
            return name
    return None


def _conjugate_of(body: tree.Node) -> tree.Call | None:
    """The left side of ``f^*(t) = \\sup_u (u t - f(u))``."""
    match body:
        case tree.Chain(
            (
                tree.Call(tree.Symbol() as head, (slot,)) as left,
                tree.Optimise("sup" | "max", (name,), tree.Add((tree.Mul(factors), tree.Neg(tree.Call(inner, (at,)))))),
            ),
            ("=" | ":=",),
        ) if _is_star(head) and inner == _plain(head) and at == name and set(factors) == {name, slot}:
            return left
    return None


def _is_of(node: tree.Call, said: Collection[tree.Node], functions: Collection[tree.Symbol]) -> bool:
    """Is this a derivative or a conjugate, of one of the functions, that the text does not say itself?"""
    head = node.head
    if not isinstance(head, tree.Symbol) or head in said or node.given is not None or len(node.args) != 1:
        return False
    return (_is_star(head) or _is_prime(head)) and _plain(head) in functions


def _is_star(head: tree.Node) -> bool:
    return isinstance(head, tree.Symbol) and len(head.sup) == 1 and getattr(head.sup[0], "letter", "") in _STARS


def _is_prime(head: tree.Node) -> bool:
    return isinstance(head, tree.Symbol) and head.accents == ("prime",) and not head.sup


def _plain(head: tree.Node) -> tree.Symbol:
    """f of ``f'`` and ``f^*``."""
    assert isinstance(head, tree.Symbol)
    return replace(head, accents=tuple(each for each in head.accents if each != "prime"), sup=())


def _is_unused(
    statement: tree.Statement, statements: Sequence[tree.Statement], functions: Collection[tree.Symbol]
) -> bool:
    """Does it define one of the functions, which no other statement applies any more?"""
    head = _head_defined(statement.body)
    others = (node for each in statements if each is not statement for node in each.body.walk())
    return head in functions and not any(isinstance(node, tree.Call) and node.head == head for node in others)


def _of_functions(node: tree.Node, heads: Collection[tree.Node]) -> tree.Node:
    """Calls of what a function of a number is applied to are values, whatever their letter: the ratio ``r(x)``."""
    node = map_children(node, lambda each: _of_functions(each, heads))
    if isinstance(node, tree.Call) and node.head in heads and node.given is None:
        return replace(node, function=True)
    return node


def _refuse_unsaid(calls: Sequence[tree.Call], said: Collection[tree.Node], functions: Collection[tree.Symbol]) -> None:
    """``f^\\dagger(f'(r))`` of an f that the text says nothing of: two networks would be no such pair."""
    for call in calls:
        if not _is_star(call.head) or len(call.args) != 1 or call.head in said or _plain(call.head) in functions:
            continue
        name = _plain(call.head)
        inner = [each.head for each in call.args[0].all(tree.Call) if _is_prime(each.head)]
        own = [each for each in inner if _plain(each) == name and each not in said]
        if own:
            missing = "that is said is elementary" if name in said else "is said"
            message = f"{call.head} and {own[0]} belong to one convex function {name}, of which nothing {missing}"
            hint = f"write it, such as {name}(u) = u \\log u, or bind both {call.head} and {own[0]}"
            raise FormulaError(Diagnostic("F2D-0564", "error", message, call.span, hint))
