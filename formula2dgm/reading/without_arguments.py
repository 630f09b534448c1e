r"""Functions that are optimised and written without their arguments: ``\max_T E_{p(x) q(z|x)}[\log \sigma(T)]``.

T reads what the expectations around it draw, x and z, which are the same wherever it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import DENSITY_LETTERS

Drawn = tuple[tree.Symbol, ...]


def give_arguments(
    statements: Sequence[tree.Statement], bound: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such functions applied, and what was decided; ``bound`` are the keys of values."""
    bodies = [each.body for each in statements]
    defined = {str(each.members[0]) for each in bodies if isinstance(each, tree.Chain)} | {str(each) for each in bound}
    notes: list[Note] = []
    arguments: dict[tree.Symbol, Drawn] = {}
    for body in bodies:
        for name in _optimised(body):
            drawn = [found for other in bodies for found in _around(other, name, ())]
            if str(name) in defined or not drawn or not all(drawn) or not _is_bare(bodies, name):
                continue
            if all(set(each) == set(drawn[0]) for each in drawn):
                arguments[name] = drawn[0]
                read = ", ".join(map(str, drawn[0]))
                notes.append(
                    Note(f"{name} is {name}({read}): it reads what the expectations around it draw", name.span)
                )
    if not arguments:
        return list(statements), []
    return [each.with_body(_applied(each.body, arguments)) for each in statements], notes


def _optimised(body: tree.Node) -> Iterator[tree.Symbol]:
    """The capital letters under an operator: names of functions, where Greek ones are those of weights."""
    for node in body.walk():
        for each in node.names if isinstance(node, tree.Optimise) else ():
            name = each.left if isinstance(each, tree.Relates) and each.op == "in" else each
            if isinstance(name, tree.Symbol) and len(name.letter) == 1 and name.letter.isupper():
                yield name


def _is_bare(bodies: Sequence[tree.Node], name: tree.Symbol) -> bool:
    """Is the name applied nowhere, and a number wherever it stands: no label, no name in that of a loss, and no factor,
    as the matrix of ``W x`` is one?"""
    for node in (each for body in bodies for each in body.walk()):
        if isinstance(node, tree.Call) and node.head == name:
            return False
        if isinstance(node, tree.Chain) and name in node.members[0].walk():
            return False
        if isinstance(node, tree.Symbol) and name in (*node.sub, *node.sup):
            return False
        if isinstance(node, tree.Mul | tree.Div | tree.Norm | tree.Indexed) and name in node.children:
            return False
    return True


def _around(node: tree.Node, name: tree.Symbol, drawn: Drawn) -> Iterator[Drawn]:
    """What the expectations around each place of the name draw."""
    match node:
        case tree.Symbol() if node == name:
            yield drawn
        case tree.Optimise(_, _, body):
            yield from _around(body, name, drawn)
        case tree.Expect(binders, body):
            more = (each for item in binders for each in _drawn(item))
            yield from _around(body, name, tuple(dict.fromkeys((*drawn, *more))))
        case _:
            for each in node.children:
                yield from _around(each, name, drawn)


def _drawn(item: tree.Node) -> Iterator[tree.Symbol]:
    """The variables that a binder of an expectation draws."""
    match item:
        case tree.Draws(names, _):
            yield from (each for each in names if isinstance(each, tree.Symbol))
        case tree.Call(tree.Symbol(), arguments):
            yield from (each for each in arguments if isinstance(each, tree.Symbol))
        case tree.Symbol() if item.letter not in DENSITY_LETTERS:
            yield item


def _applied(node: tree.Node, arguments: dict[tree.Symbol, Drawn]) -> tree.Node:
    if isinstance(node, tree.Symbol):
        return tree.Call(node, arguments[node], span=node.span) if node in arguments else node
    if isinstance(node, tree.Optimise):
        return replace(node, body=_applied(node.body, arguments))
    return map_children(node, lambda each: _applied(each, arguments))
