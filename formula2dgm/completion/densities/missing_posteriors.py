"""``E_{q_\\phi}[\\log p(x|z) - …]`` in a text that writes no density of q: q is over the latents, given the data.

What the densities under the expectation are given, and nothing draws, are the latents; what they are over else is the
data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.syntax import tree


def write_posteriors(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such an expectation over ``q_\\phi(z|x)``, and what was decided."""
    nodes = [each for statement in statements for each in statement.body.walk()]
    if any(_is_of_q(each) for each in (*nodes, *bound) if isinstance(each, tree.Call)):
        return list(statements), []
    notes: list[Note] = []

    def rebuild(node: tree.Node, outer: frozenset[tree.Node]) -> tree.Node:
        inner = outer | _bound_by(node)
        if isinstance(node, tree.Expect):
            binders = tuple(_written(each, node.body, outer, notes) for each in node.binders)
            node = replace(node, binders=binders) if binders != node.binders else node
        return map_children(node, lambda each: rebuild(each, inner))

    return [each.with_body(rebuild(each.body, frozenset())) for each in statements], notes


def _is_of_q(call: tree.Call) -> bool:
    return isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS


def _bound_by(node: tree.Node) -> frozenset[tree.Node]:
    """What an expectation draws by name."""
    found: set[tree.Node] = set()
    for each in node.binders if isinstance(node, tree.Expect) else ():
        match each:
            case tree.Draws(names=names):
                found |= set(names)
            case tree.Call(args=args):
                found |= set(args)
    return frozenset(found)


def _written(binder: tree.Node, body: tree.Node, outer: frozenset[tree.Node], notes: list[Note]) -> tree.Node:
    if not isinstance(binder, tree.Symbol) or binder.letter not in POSTERIOR_LETTERS or binder.accents:
        return binder
    calls = [each for each in body.all(tree.Call) if is_density_call(each)]
    given = [each for call in calls for each in call.given or () if _is_variable(each)]
    over = [each for call in calls for each in call.args if _is_variable(each)]
    noise = [each for each in over if isinstance(each, tree.Symbol) and each.letter in NOISE_LETTERS]
    latent = [each for each in dict.fromkeys((*given, *noise)) if each not in outer]
    data = [each for each in dict.fromkeys(over) if each not in latent]
    if len(latent) != 1 or not data:
        return binder
    made = tree.Call(binder, tuple(latent), tuple(data), span=binder.span)
    notes.append(Note(f"{binder} is {made}: over what is drawn nowhere else, given the data", binder.span))
    return made


def _is_variable(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and (node.letter not in GREEK_GROUPS or node.letter in NOISE_LETTERS)
