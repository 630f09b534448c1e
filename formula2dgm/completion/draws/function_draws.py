r"""Draws from what a function gives: ``E_{x \sim G(z, c)}[f(x)]`` is over the z of ``x = G(z, c)``.

A letter of no density at other values is no law: what is drawn is what it is given, and x is its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading.data_names import NOISE_LETTERS, is_data_name
from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import DENSITY_LETTERS
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def write_function_draws(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such values as what they are, and what was decided. ``keys`` are what is bound.

    A variable that is drawn so everywhere is defined; one drawn elsewhere, too, is written out where it is read. Noise
    that nothing speaks of is drawn.
    """
    nodes = [node for each in statements for node in each.body.walk()]
    laws = {str(each.head) for each in (*nodes, *keys) if isinstance(each, tree.Call) and each.given is not None}
    laws |= {str(each.head) for each in keys if isinstance(each, tree.Call)}
    items = [item for node in nodes if isinstance(node, tree.Expect) for item in node.binders]
    made = [each for each in items if isinstance(each, tree.Draws) and _is_value(each, laws)]
    if not made:
        return list(statements), []
    meant: dict[tree.Node, set[tree.Node]] = {}
    for item in items:
        for name, source in _sources(item):
            meant.setdefault(name, set()).add(source)
    told = {name for each in statements for name in _told(each.body)}
    notes: list[Note] = []
    defined: dict[tree.Node, tree.Node] = {}

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        if not isinstance(node, tree.Expect) or not any(each in made for each in node.binders):
            return node
        binders: list[tree.Node] = []
        body = node.body
        for each in node.binders:
            if each not in made:
                binders.append(each)
                continue
            ((name, value),) = _sources(each)
            assert isinstance(value, tree.Call)
            noise = [part for part in value.args if isinstance(part, tree.Symbol) and part.letter in NOISE_LETTERS]
            binders += [part for part in noise if part not in {*meant, *told, *binders}]
            if len(meant[name]) == 1 and name not in told:
                if name not in defined:
                    notes.append(Note(f"{name} is {value}, what a function gives", each.span))
                defined[name] = value
                binders.append(name)
            else:
                notes.append(Note(f"{name} is {value} here, what a function gives", each.span))
                body = _with(body, name, value)
        return replace(node, binders=tuple(binders), body=body)

    out = [each.with_body(written(each.body)) for each in statements]
    for name, value in defined.items():
        chain = tree.Chain((name, value), ("=",), span=value.span)
        out.append(replace(statements[-1], body=chain, span=value.span, players=()))
    return out, notes


def _is_value(item: tree.Draws, laws: set[str]) -> bool:
    """Is one variable drawn from a function of others, which is a law nowhere?"""
    source = item.density
    if len(item.names) != 1 or not isinstance(source, tree.Call) or not isinstance(source.head, tree.Symbol):
        return False
    plain = source.given is None and source.params is None and bool(source.args)
    law = source.head.letter in DENSITY_LETTERS or str(source.head) in laws or is_data_name(source.head)
    return plain and not law and not is_written_family(source) and item.names[0] not in source.args


def _sources(item: tree.Node) -> Iterator[tuple[tree.Node, tree.Node]]:
    match item:
        case tree.Draws(names=names, density=density):
            yield from ((name, density) for name in names)
        case tree.Call(args=names):
            yield from ((name, item) for name in names)
        case tree.Symbol():
            yield item, item


def _told(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement defines or draws."""
    if isinstance(body, tree.Chain) and body.relations[0] in ("=", ":=", "~"):
        left = body.members[0]
        yield from left.items if isinstance(left, tree.Tuple) else (left,)


def _with(node: tree.Node, name: tree.Node, value: tree.Node) -> tree.Node:
    """A body with a value in place of a variable; in a density it is that variable at the value."""
    if node == name:
        return value
    if isinstance(node, tree.Expect) and any(name == each for item in node.binders for each, _ in _sources(item)):
        return node
    if isinstance(node, tree.Call) and node.given is not None:
        args, given = (tuple(_in_slot(each, name, value) for each in slots) for slots in (node.args, node.given))
        return replace(node, args=args, given=given)
    return map_children(node, lambda each: _with(each, name, value))


def _in_slot(each: tree.Node, name: tree.Node, value: tree.Node) -> tree.Node:
    return tree.Binds(each, value, span=each.span) if each == name else _with(each, name, value)
