"""A variable that the guide draws and the model does not have: ``E_{q(z|x) q(w|x)}[\\log p(x|z) - \\log q(w|x)]``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for member in text.members():
        for item in (each for node in member.all(tree.Expect) for each in node.binders):
            density = item.density if isinstance(item, tree.Draws) else item
            names = item.names if isinstance(item, tree.Draws) else item.args if isinstance(item, tree.Call) else ()
            read = _letters_read(text, member, density)
            for name in names:
                if isinstance(name, tree.Symbol) and read and name.letter.lower() not in read:
                    yield Finding(
                        f"{name} is drawn from {density}, and nothing but its own density reads it",
                        name.span,
                        f"leave it out, or give the model a density with {name}",
                    )


def _letters_read(text: Text, member: tree.Node, density: tree.Node) -> set[str]:
    """The letters, small ones for capitals, of what a member reads beside one density and its binder; and of what the
    definitions of these read. None where nothing is applied to what is drawn: ``E_q[\\log \\sigma(T)]`` reads all."""
    roots = list(_outside(member, density))
    drawn = {each.letter.lower() for node in member.all(tree.Expect) for each in _names(node)}
    calls = (each for each in roots if isinstance(each, tree.Call))
    arguments = {each for call in calls for one in (*call.args, *(call.given or ())) for each in one.walk()}
    if not any(isinstance(each, tree.Symbol) and each.letter.lower() in drawn for each in arguments):
        return set()
    found = {each.letter.lower() for each in roots if isinstance(each, tree.Symbol)}
    waiting = {name: definition.body for name, definition in text.model.definitions.items()}
    while reached := [name for name in waiting if _letter(name) in found]:
        for name in reached:
            found |= {each.letter.lower() for each in waiting.pop(name).walk() if isinstance(each, tree.Symbol)}
    return found


def _names(node: tree.Expect) -> Iterator[tree.Symbol]:
    """What the binders of an expectation name."""
    symbols = (each for item in node.binders for each in item.walk())
    return (each for each in symbols if isinstance(each, tree.Symbol))


def _letter(name: str) -> str:
    """c of ``c_t``."""
    return name.split("_")[0].lower()


def _outside(node: tree.Node, density: tree.Node) -> Iterator[tree.Node]:
    """All nodes but binders and calls of the density itself."""
    if isinstance(node, tree.Expect):
        yield from _outside(node.body, density)
        for each in node.binders:
            inside = each.density if isinstance(each, tree.Draws) else each
            if isinstance(inside, tree.Call) and inside != density:
                for given in inside.given or ():
                    yield from _outside(given, density)
        return
    own = isinstance(node, tree.Call) and isinstance(density, tree.Call) and node.head == density.head
    if own and is_density_call(node) and set(node.args) <= set(density.args):  # type: ignore[attr-defined]
        return
    yield node
    for each in node.children:
        yield from _outside(each, density)


RULE = Rule("F2D-0903", "warning", _find)
