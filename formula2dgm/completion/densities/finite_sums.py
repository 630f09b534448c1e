r"""Finite variables that only a sum tells: ``\sum_{z=1}^K q(z|x) \log p(x|z)`` says ``z \in \{1, \dots, K\}``.

The index of such a sum is what densities under it are over. Its space is entered as a statement, unless one says it or
a binding says what such a density is. A K that nothing gives a number is 5 where defaults are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.spaces import sizes_of
from formula2dgm.reading.time_names import TIME_BOUNDS
from formula2dgm.syntax import tree

#: How many values a variable has by default.
VALUES = 5


def write_spaces(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node], defaults: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the spaces of such variables, and what was decided. ``bound`` are the bindings' keys."""
    bodies = [each.body for each in statements]
    known = {each.members[0] for each in bodies if isinstance(each, tree.Chain) and each.relations[0] == "in"}
    known |= {arg for key in bound if isinstance(key, tree.Call) for arg in key.args}
    sizes = sizes_of(bodies)
    out, notes = list(statements), list[Note]()
    for node in (each for body in bodies for each in body.all(tree.Big)):
        variable = _variable(node)
        if variable is None or variable in known or node.upper is None or str(node.upper) in TIME_BOUNDS:
            continue
        if isinstance(node.upper, tree.Symbol) and node.upper not in sizes:
            if not defaults or node.upper in bound:
                continue
            number = tree.Number(str(VALUES), span=node.upper.span)
            out.append(_statement(node.upper, "=", number))
            sizes[node.upper] = number
            notes.append(Note(f"{node.upper} is {VALUES}", node.upper.span))
        known.add(variable)
        span = variable.span
        values = (tree.Number("1", span=span), tree.Ellipsis(span=span), node.upper)
        space = _statement(variable, "in", tree.SetOf(values, span=span))
        out.append(space)
        notes.append(Note(f"{space.body}: the sum runs over its values", span))
    return out, notes


def _statement(left: tree.Node, relation: str, right: tree.Node) -> tree.Statement:
    return tree.Statement(tree.Chain((left, right), (relation,), span=left.span), span=left.span)


def _variable(node: tree.Big) -> tree.Symbol | None:
    """What a sum from 1 to a number or a name runs over, where densities under it are over that."""
    match node:
        case tree.Big("sum", (tree.Binds(tree.Symbol() as name, tree.Number("1")),), tree.Symbol() | tree.Number()):
            calls = (each for each in node.body.all(tree.Call) if is_density_call(each))
            return name if any(name in each.args for each in calls) else None
    return None
