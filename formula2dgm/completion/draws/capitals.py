r"""Capitals of densities: ``q(Z|X=x)`` is ``q(z|x)``, where the text has that or draws z from it.

A capital is the random variable of which the small letter is a value. Densities of one letter whose variables differ in
case alone are one, then; where the text compares or scores both, nothing says whether they are: X may be a set of data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_small_letters(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such capitals as small letters, and what was decided. ``bound`` are the bindings' keys."""
    kept = {each for key in bound for each in key.walk() if _is_capital(each)}
    notes: list[Note] = []
    named: set[tree.Node] = set()
    bodies = [_without_names(each.body, kept, notes, named) for each in statements]
    capitals = (named | _decided(bodies)) - kept
    everything = [each for body in bodies for each in body.walk()]
    read = [slot for each in everything if isinstance(each, tree.Call) for slot in _slots(each)]
    if any(everything.count(each) != read.count(each) for each in capitals):
        capitals = set()  # X of a sum over x in X is a set
    if capitals:
        _refuse_both(bodies, capitals)
        for each in sorted((each for each in capitals if each in read), key=str):
            notes.append(Note(f"{each} is {_small(each)}: a capital is the random variable of its values", each.span))
        bodies = [_lowered(each, capitals) for each in bodies]
    return [each.with_body(body) for each, body in zip(statements, bodies, strict=True)], notes


def _without_names(node: tree.Node, kept: set[tree.Node], notes: list[Note], named: set[tree.Node]) -> tree.Node:
    """``p(X=x|Z=z)`` as ``p(x|z)``: the value says the variable. ``named`` gets the capitals with such values."""

    def value(each: tree.Node) -> tree.Node:
        if isinstance(each, tree.Binds) and each.name not in kept and _is_value(each.value, each.name):
            note = Note(f"{each} is {each.value}, a value of {each.name}", each.span)
            if all(note.text != other.text for other in notes):
                notes.append(note)
            if each.value == _small(each.name):
                named.add(each.name)
            return each.value
        return each

    if not node.all(tree.Binds):
        return node
    made = map_children(node, lambda each: _without_names(each, kept, notes, named))
    if not isinstance(made, tree.Call) or not is_density_call(made):
        return made
    args, given = tuple(map(value, made.args)), tuple(map(value, made.given or ()))
    return replace(made, args=args, given=given or made.given)


def _decided(bodies: Sequence[tree.Node]) -> set[tree.Node]:
    """The capitals of which the text has the small letter in the same place: of a density, or of what is drawn."""
    calls = [each for body in bodies for each in body.all(tree.Call) if is_density_call(each)]
    found: set[tree.Node] = set()
    for one in calls:
        capitals = {each for each in _slots(one) if _is_capital(each)}
        if capitals and any(_is_lowered(one, other) for other in calls):
            others = [other for other in calls if _is_lowered(one, other)]
            found |= {a for other in others for a, b in zip(_slots(one), _slots(other), strict=True) if a != b}
    for each in (node for body in bodies for node in body.all(tree.Draws)):
        if isinstance(each.density, tree.Call) and is_density_call(each.density):
            if tuple(map(_small, each.density.args)) == each.names:
                found |= {a for a, b in zip(each.density.args, each.names, strict=True) if a != b}
    return found


def _is_lowered(one: tree.Call, other: tree.Call) -> bool:
    """Is the second call the first with small letters in place of some capitals?"""
    if one.head != other.head or one.params != other.params or len(one.args) != len(other.args):
        return False
    mine, theirs = _slots(one), _slots(other)
    return (
        len(mine) == len(theirs)
        and mine != theirs
        and all(b in (a, _small(a)) for a, b in zip(mine, theirs, strict=True))
    )


def _refuse_both(bodies: Sequence[tree.Node], capitals: set[tree.Node]) -> None:
    """An error where reading both as one would compare a density with itself, or score it twice, or where only what is
    given differs: ``q(z|X)`` beside ``q(z|x)`` may be given a set."""
    for node in (each for body in bodies for each in body.walk()):
        if isinstance(node, tree.Divergence) and node.left != node.right:
            if _lowered(node.left, capitals) == _lowered(node.right, capitals):
                raise _ambiguous(node.left, node.right, node)
    calls = [each for body in bodies for each in body.all(tree.Call) if is_density_call(each)]
    scored = [
        each
        for body in bodies
        for part in (body.members[1:] if isinstance(body, tree.Chain) else (body,))
        for each in _scored(part)
    ]
    for one in calls:
        for other in (each for each in calls if _is_lowered(one, each)):
            if one.args == other.args or (one in scored and other in scored):
                raise _ambiguous(one, other, one)


def _scored(node: tree.Node) -> Iterator[tree.Node]:
    """The densities whose values a text reads, and not the laws that it draws from or compares."""
    if isinstance(node, tree.Call) and is_density_call(node):
        yield node
        return
    laws: tuple[tree.Node, ...] = ()
    if isinstance(node, tree.Divergence):
        laws = (node.left, node.right)
    elif isinstance(node, tree.Expect):
        laws = node.binders
    elif isinstance(node, tree.Func) and node.name == "H":
        laws = node.args
    for each in node.children:
        if not any(each is law for law in laws):
            yield from _scored(each)


def _ambiguous(one: tree.Node, other: tree.Node, place: tree.Node) -> FormulaError:
    message = f"{one} and {other} differ in the case of their letters alone: nothing says whether they are one density"
    hint = "write both with the same letters, or give what is another value another letter: x'"
    return FormulaError(Diagnostic("F2D-0578", "error", message, place.span, hint))


def _slots(call: tree.Call) -> tuple[tree.Node, ...]:
    return (*call.args, *(call.given or ()))


def _is_value(node: tree.Node, capital: tree.Node) -> bool:
    """Is the node a value of the capital: ``x`` and ``x_i`` of ``X``, and of ``X_i`` only ``x_i``?"""
    if not _is_capital(capital) or not isinstance(node, tree.Symbol):
        return False
    own = _small(capital)
    return node == own or replace(node, accents=(), sub=(), sup=()) == own


def _is_capital(node: tree.Node) -> bool:
    """A plain or bold capital; a calligraphic one is a set."""
    if not isinstance(node, tree.Symbol) or node.style or len(node.letter) != 1:
        return False
    return node.letter.isascii() and node.letter.isupper()


def _small(node: tree.Node) -> tree.Node:
    return replace(node, letter=node.letter.lower()) if _is_capital(node) else node  # type: ignore[attr-defined]


def _lowered(node: tree.Node, capitals: set[tree.Node]) -> tree.Node:
    if node in capitals:
        return _small(node)
    return map_children(node, lambda each: _lowered(each, capitals))
