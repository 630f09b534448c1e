"""Vector quantisation as papers write it: indices that an ``\\argmin`` defines, and the rows that are read there.

``k^*(x) = \\argmin_j \\|z_e(x) - e_j\\|``, ``q(z=k|x) = 1`` for that k, else 0, and ``z_q(x) = e_{k^*}`` become one
thing: a name for the chosen row. Where it is handed to a density or a network, its gradient can be copied to what is
quantised (``estimators={"z_q": "straight-through"}``); where it is compared, as in the codebook's own loss, it is the
row itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from formula2dgm.bindings import Options
from formula2dgm.completion.densities.codes import Code
from formula2dgm.completion.densities.copied_gradients import with_copied_gradients
from formula2dgm.diagnostics import FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.spans import Source
from formula2dgm.syntax import parse_one, tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

N = TypeVar("N", bound=tree.Node)
_CHOICES = frozenset(("argmin", "argmax"))
_EQUAL = frozenset(("=", ":="))


#: Names with the arguments that they are defined with, and what they stand for.
Rows = Mapping[tree.Symbol, tuple[tuple[tree.Node, ...], tree.Node]]


@dataclass(slots=True)
class _Codes:
    """What the statements define: indices by name, with their arguments, and names of chosen rows."""

    indices: dict[tree.Symbol, tuple[tuple[tree.Node, ...], tree.Big]] = field(default_factory=dict)
    rows: dict[tree.Symbol, tuple[tuple[tree.Node, ...], Code]] = field(default_factory=dict)
    straight: frozenset[str] = frozenset()
    notes: list[Note] = field(default_factory=list)


def with_codes(statements: Sequence[tree.Statement], options: Options) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with every chosen row under one name, without what defines them; and what was decided."""
    found = _Codes(straight=_straight(options))
    kept = [each for each in statements if not _defines_index(each.body, found)]
    kept = [each.with_body(_read(each.body, found)) for each in kept]
    if kept == list(statements):
        return kept, []
    rest = [each for each in kept if not _defines_row(each.body, found)]
    again = _redefined(rest, found)
    rows = {**found.rows, **{head: (slots, body) for head, (slots, body, _) in again.items()}}
    out = []
    for each in rest:
        if any(each is statement for _, _, statement in again.values()):
            continue
        body = _with_books(each.body, _books(found)) if _is_computed(each.body) else each.body
        body = _named(_under_its_name(body, again), rows)
        out.append(each.with_body(with_copied_gradients(body, found.straight, found.notes)))
    return out, found.notes


def _straight(options: Options) -> frozenset[str]:
    """The names whose gradient the options copy."""
    names = set()
    for key, choice in options.estimators.items():
        if str(getattr(choice, "name", choice)) == "straight-through":
            try:
                parsed = parse_one(Source(key, f"estimators[{key!r}]"))
            except FormulaError:
                continue
            names.add(str(parsed.head if isinstance(parsed, tree.Call) else parsed))
    return frozenset(names)


# -- what defines an index -----------------------------------------------------------------------------


def _defines_index(body: tree.Node, found: _Codes) -> bool:
    """Enter ``k = \\argmin_j ...`` or a posterior that is 1 there."""
    if not isinstance(body, tree.Chain) or not set(body.relations) <= _EQUAL:
        return False
    left, right = body.members[0], body.members[-1]
    for head, choice in _posterior(left, right):
        found.indices[head] = ((), choice)
        found.notes.append(Note(f"{left} puts all its weight on the code {head}", body.span))
        return True
    if (chosen := _choice(right)) is None:
        return False
    return _define(found.indices, left, chosen)


def _define(known: dict[tree.Symbol, tuple[tuple[tree.Node, ...], N]], left: tree.Node, right: N) -> bool:
    """Enter ``k = right`` or ``k(x) = right`` under the name k, with its arguments; False for any other left side."""
    if isinstance(left, tree.Symbol):
        known[left] = ((), right)
        return True
    if isinstance(left, tree.Call) and isinstance(left.head, tree.Symbol) and not is_density_call(left):
        known[left.head] = (left.args, right)
        return True
    return False


def _posterior(left: tree.Node, right: tree.Node) -> Iterator[tuple[tree.Symbol, tree.Big]]:
    """``q(z=k|x) = 1`` if ``k = \\argmin_j ...``: the index and its choice."""
    if not isinstance(left, tree.Call) or not is_density_call(left):
        return
    match right:
        case tree.Cases((tree.Case(tree.Number("1"), condition), tree.Case(tree.Number("0"), _))):
            conditions: tuple[tree.Node | None, ...] = (condition,)
        case tree.Func("indicator", (condition,)):
            conditions = (condition,)
        case _:
            return
    for each in conditions:
        if isinstance(each, tree.Binds) and isinstance(each.name, tree.Symbol):
            choice = _choice(each.value)
            if choice is not None:
                yield each.name, choice


def _choice(node: tree.Node) -> tree.Big | None:
    """``\\argmin_j``, ``\\argmin_{j \\in \\{1, ..., K\\}}``, ``\\argmax_{j=1,...,K}`` of a number for each j."""
    if isinstance(node, tree.Big) and node.op in _CHOICES:
        return node
    if not isinstance(node, tree.Optimise) or node.op not in _CHOICES or not node.names:
        return None
    first, upper = node.names[0], None
    if isinstance(first, tree.Relates) and first.op == "in":
        upper = first.right.items[-1] if isinstance(first.right, tree.SetOf) else None
        first = first.left
    elif isinstance(first, tree.Binds):
        upper = first.value.upper if isinstance(first.value, tree.Range) else node.names[-1]
        first = first.name
    if plain(first) not in INDEX_LETTERS or not isinstance(first, tree.Symbol) or not _reads_at(node.body, first):
        return None
    return tree.Big(node.op, (first,), upper, node.body, False, span=node.span)


def _reads_at(body: tree.Node, index: tree.Symbol) -> bool:
    return any(isinstance(each, tree.Symbol) and index in each.sub for each in body.walk())


# -- what reads a row ----------------------------------------------------------------------------------


def _read(node: tree.Node, found: _Codes) -> tree.Node:
    """The node with every row that is read at a chosen index, ``e_{k^*}``, as a code."""
    if isinstance(node, tree.Symbol) and not isinstance(node, Code):
        for item in node.sub:
            if (choice := _choice_at(item, found)) is not None:
                return _code(node, choice, replace(node, sub=tuple(each for each in node.sub if each is not item)))
    if (direct := _nearest(node)) is not None:
        return direct
    return map_children(node, lambda each: _read(each, found))


def _choice_at(item: tree.Node, found: _Codes) -> tree.Big | None:
    if isinstance(item, tree.Symbol) and item in found.indices:
        return found.indices[item][1]
    if isinstance(item, tree.Call) and isinstance(item.head, tree.Symbol) and item.head in found.indices:
        slots, choice = found.indices[item.head]
        made = _at(choice, dict(zip(slots, item.args, strict=False)))
        assert isinstance(made, tree.Big)
        return made
    return item if isinstance(item, tree.Big) and item.op in _CHOICES else None


def _nearest(node: tree.Node) -> Code | None:
    """``\\argmin_{e_j} \\|z_e(x) - e_j\\|``: the row itself."""
    if not isinstance(node, tree.Optimise) or node.op not in _CHOICES or len(node.names) != 1:
        return None
    name = node.names[0].left if isinstance(node.names[0], tree.Relates) else node.names[0]
    if not isinstance(name, tree.Symbol) or len(name.sub) != 1 or not _is_value_in(node.body, name):
        return None
    choice = tree.Big(node.op, (name.sub[0],), None, node.body, False, span=node.span)
    return _code(name, choice, replace(name, sub=()))


def _is_value_in(node: tree.Node, name: tree.Symbol) -> bool:
    """Does the name stand in the tree as a value, not below another one: parameters are no rows, ``f_{\\theta_S}``?"""
    if isinstance(node, tree.Symbol):
        return node == name
    return any(_is_value_in(each, name) for each in node.children)


def _code(written: tree.Symbol, choice: tree.Big, book: tree.Symbol) -> Code:
    """A code under the name that is written for it."""
    index = choice.binders[0]
    index = index.name if isinstance(index, tree.Binds) else index.left if isinstance(index, tree.Relates) else index
    row = replace(book, sub=(*book.sub, index))
    own = (written.letter, written.accents, written.sub, written.sup, written.style)
    return Code(*own, choice=choice, row=row, span=written.span)


def _at(node: tree.Node, put: Mapping[tree.Node, tree.Node]) -> tree.Node:
    return put[node] if node in put else map_children(node, lambda each: _at(each, put))


# -- names of rows -------------------------------------------------------------------------------------


def _defines_row(body: tree.Node, found: _Codes) -> bool:
    """Enter ``z_q(x) = e_{k^*}``."""
    if not isinstance(body, tree.Chain) or not set(body.relations) <= _EQUAL:
        return False
    left, right = body.members[0], body.members[-1]
    if not isinstance(right, Code):
        return False
    return _define(found.rows, left, right)


def _redefined(
    statements: Sequence[tree.Statement], found: _Codes
) -> dict[tree.Symbol, tuple[tuple[tree.Node, ...], tree.Node, tree.Statement]]:
    """``z_q(x) = z_e(x) + sg[z_q(x) - z_e(x)]``: the same names, each with its gradient copied."""
    again = {}
    for statement in statements:
        body = statement.body
        if isinstance(body, tree.Chain) and set(body.relations) <= _EQUAL:
            left, right = body.members[0], body.members[-1]
            head = left.head if isinstance(left, tree.Call) else left
            if isinstance(head, tree.Symbol) and head in found.rows and head in tuple(right.walk()):
                slots = left.args if isinstance(left, tree.Call) else ()
                again[head] = (slots, _named(right, found.rows), statement)
    return again


def _under_its_name(node: tree.Node, heads: Collection[tree.Symbol]) -> tree.Node:
    """``p(x|z_q(x))`` as ``p(x|z_q=z_q(x))``: the expression that is defined there, under the name of the given."""

    def slot(each: tree.Node) -> tree.Node:
        head = each.head if isinstance(each, tree.Call) else each
        named = isinstance(head, tree.Symbol) and head in heads
        return tree.Binds(head, each, span=each.span) if named else each

    made = map_children(node, lambda each: _under_its_name(each, heads))
    if heads and isinstance(made, tree.Call) and made.given and is_density_call(made):
        return replace(made, given=tuple(slot(each) for each in made.given))
    return made


def _named(node: tree.Node, rows: Rows) -> tree.Node:
    """The node with every name of a row, applied or not, as what it stands for."""
    if isinstance(node, tree.Chain) and set(node.relations) <= _EQUAL:
        return replace(node, members=(node.members[0], *(_named(each, rows) for each in node.members[1:])))
    if isinstance(node, tree.Binds):
        return replace(node, value=_named(node.value, rows))
    if isinstance(node, tree.Symbol) and not isinstance(node, Code) and node in rows:
        return _renamed(rows[node][1], node)
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) and node.head in rows:
        slots, body = rows[node.head]
        values = [_named(each, rows) for each in node.args]
        made = _at(body, dict(zip(slots, values, strict=False)))
        return _renamed(made, replace(node.head, span=node.span))
    return map_children(node, lambda each: _named(each, rows))


def _renamed(node: tree.Node, name: tree.Symbol) -> tree.Node:
    """A code under another name; an expression as it is."""
    if not isinstance(node, Code):
        return node
    own = (name.letter, name.accents, name.sub, name.sup, name.style)
    return Code(*own, choice=node.choice, row=node.row, span=name.span)


def _books(found: _Codes) -> dict[tree.Symbol, Code]:
    """The codebooks with one choice each, by their bare names."""
    choices: dict[tree.Symbol, set[tree.Node]] = {}
    codes = [code for _, code in found.rows.values()]
    for _, choice in found.indices.values():
        index = choice.binders[0]
        for each in choice.body.walk():
            if isinstance(each, tree.Symbol) and each.sub and each.sub[-1] == index:
                codes.append(_code(each, choice, replace(each, sub=each.sub[:-1])))
    books: dict[tree.Symbol, Code] = {}
    for each in codes:
        book = replace(each.row, sub=each.row.sub[:-1])
        choices.setdefault(book, set()).add(each.choice)
        books[book] = each
    return {book: code for book, code in books.items() if len(choices[book]) == 1}


def _is_computed(body: tree.Node) -> bool:
    return not (isinstance(body, tree.Chain) and body.relations[0] in ("in", "~"))


def _with_books(node: tree.Node, books: Mapping[tree.Symbol, Code]) -> tree.Node:
    """``\\|sg[z_e(x)] - e\\|``: the bare name of a codebook is the row that was chosen from it."""
    if isinstance(node, Code):
        return node
    if isinstance(node, tree.Symbol):
        return _renamed(books[node], node) if node in books else node
    if isinstance(node, tree.Call) and names_objective(node):
        return node  # the Z of L(E, G, Z) says who is trained
    made = map_children(node, lambda each: _with_books(each, books))
    return replace(made, head=node.head) if isinstance(made, tree.Call) and isinstance(node, tree.Call) else made
