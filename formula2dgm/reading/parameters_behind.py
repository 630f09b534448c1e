r"""Who is trained, where a function names its parameters behind a semicolon: ``\max_\phi E[d(x; \phi)]`` trains d.

So does a loss of parameters that carry a label, ``\mathcal{L}(\theta_S)`` beside ``f_S(x; \theta_S)``: it trains f_S.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def name_functions_trained(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with functions in place of their parameters under the operators, and what was decided.

    A name that is a subscript somewhere, ``q_\\phi(z|x)``, or that a density has behind its semicolon, stays.
    """
    owners: dict[str, dict[str, tree.Symbol]] = {}
    others: set[str] = set()
    for node in (each for statement in statements for each in statement.body.walk()):
        if isinstance(node, tree.Symbol):
            others |= {str(each) for each in (*node.sub, *node.sup)}
        elif isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) and node.params is not None:
            names = {str(each) for each in node.params if isinstance(each, tree.Symbol) and each.letter in GREEK_GROUPS}
            if is_density_call(node):
                others |= names
            elif not names_objective(node) and not is_written_family(node):
                for each in names:
                    owners.setdefault(each, {})[str(node.head)] = node.head
    notes: list[Note] = []

    def named(node: tree.Node) -> tree.Node:
        node = map_children(node, named)
        match node:
            case tree.Optimise(names=names):
                return replace(node, names=players(names))
            case tree.Chain(members=(tree.Call(args=names, given=None) as loss, *rest)) if names_objective(
                loss
            ) and all(isinstance(each, tree.Symbol) and each.sub for each in names):
                return replace(node, members=(replace(loss, args=players(names)), *rest))
        return node

    def players(names: tuple[tree.Node, ...]) -> tuple[tree.Node, ...]:
        made: list[tree.Node] = []
        for each in names:
            found = owners.get(str(each), {}) if str(each) not in others else {}
            made += found.values() or [each]
            if found:
                notes.append(Note(f"{each} are the parameters of {', '.join(found)}, the player's name", each.span))
        return tuple(dict.fromkeys(made))

    return [each.with_body(named(each.body)) for each in statements], notes
