r"""Labels as unit vectors: ``y_i^\top \log q(y|x)`` is the log-probability of the label, ``\log q(y_i|x_i)``.

The transposed label picks the entry of the vector of logarithms that ``\log q(y|x)`` then is, over the values of y; x
without an index beside ``y_i`` is ``x_i``. y is one of several classes; a default takes ten where the text has no space
for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: How many classes a label has by default.
CLASSES = 10


def pick_labels(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node], scaffold: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such products as logarithms, and what was decided. ``bound`` are the bindings' keys."""
    notes: list[Note] = []
    labels: list[tree.Symbol] = []

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        if not isinstance(node, tree.Mul):
            return node
        for place in range(len(node.factors) - 1):
            made = _picked(node.factors[place], node.factors[place + 1])
            if made is not None:
                label, logarithm = made
                labels.append(label)
                pair = tree.Mul(node.factors[place : place + 2], ("",), span=node.span)
                notes.append(Note(f"{pair} is {logarithm}: {label} is a unit vector, of the class", node.span))
                factors = (*node.factors[:place], logarithm, *node.factors[place + 2 :])
                ops = (*node.ops[:place], *node.ops[place + 1 :])
                return replace(node, factors=factors, ops=ops) if len(factors) > 1 else logarithm
        return node

    out = [each.with_body(rebuild(each.body)) for each in statements]
    chains = (each.body for each in statements if isinstance(each.body, tree.Chain))
    said = {_bare(each.members[0]) for each in chains if each.relations[0] == "in"}
    for label in dict.fromkeys(map(_bare, labels)):
        if scaffold and label not in said and not any(_is_over(each, label) for each in bound):
            values = [
                tree.Number("1", span=label.span),
                tree.Ellipsis(span=label.span),
                tree.Number(str(CLASSES), span=label.span),
            ]
            space = tree.Chain((label, tree.SetOf(tuple(values), span=label.span)), ("in",), span=label.span)
            out.append(tree.Statement(space, span=label.span))
            notes.append(Note(f"{label} is one of {CLASSES} classes: nothing says how many", label.span))
    return out, notes


def _picked(first: tree.Node, second: tree.Node) -> tuple[tree.Symbol, tree.Node] | None:
    """The label and the logarithm, where the first factor is a transposed label of what the second scores."""
    match first, second:
        case tree.Power(tree.Symbol() as label, tree.Symbol("top" | "T")), tree.Prefix("log", tree.Call() as call):
            pass
        case tree.Power(tree.Symbol() as label, tree.Symbol("top" | "T")), tree.Func("log", (tree.Call() as call,)):
            pass
        case _:
            return None
    if not is_density_call(call) or len(call.args) != 1 or _bare(call.args[0]) != _bare(label):
        return None
    if call.args[0] not in (label, _bare(label)):
        return None
    given = tuple(_at(each, label) for each in call.given) if call.given is not None else None
    scored = replace(call, args=(replace(label, span=call.span),), given=given)
    made = replace(second, operand=scored) if isinstance(second, tree.Prefix) else replace(second, args=(scored,))
    return label, made


def _at(given: tree.Node, label: tree.Symbol) -> tree.Node:
    """What the density is given at the index of the label, where it has none."""
    plain_index = label.sub or label.sup
    if not plain_index or not isinstance(given, tree.Symbol) or given.sub or given.sup:
        return given
    return replace(given, sub=label.sub, sup=label.sup)


def _bare(node: tree.Node) -> tree.Node:
    return replace(node, sub=(), sup=()) if isinstance(node, tree.Symbol) else node


def _is_over(key: tree.Node, label: tree.Node) -> bool:
    return isinstance(key, tree.Call) and label in map(_bare, key.args)
