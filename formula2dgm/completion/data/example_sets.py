r"""Means over examples whose numbers are in a named set: ``\frac{1}{|P|} \sum_{i \in P} \log q(y_i|x_i)``.

What is read at i are the examples of that set, of which a batch is a part: the mean is theirs. A text with sums over
several such sets, or over those outside of one, is of several data sets, which have to be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.chosen_steps import TIMES
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def average_named_sets(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such means over N examples, and what was decided."""
    found = [(node, *item) for each in statements for node in each.body.walk() for item in over_set(node)]
    for node, index, named, inside in found:
        other = next((each for _, letter, each, _ in found if letter == index and each != named), None)
        if other is not None or not inside:
            said = f"{index} in {named} and in {other}" if other is not None else f"{index} outside of {named}"
            raise FormulaError(
                Diagnostic(
                    "F2D-0580",
                    "error",
                    f"sums over {said} are over different examples, and a batch is of one data set",
                    node.span,
                    "name the data sets, and their variables: E_{p_l(x_l, y_l)}[...] + E_{p_u(x_u)}[...]",
                )
            )
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Expect):
            return node  # what is drawn for an example may be of all that the set is of
        node = map_children(node, rebuild)
        if not isinstance(node, tree.Mul):
            return node
        for place, (share, total) in enumerate(zip(node.factors, node.factors[1:], strict=False)):
            for _, index, named, _ in ((total, *item) for item in over_set(total)):
                if isinstance(share, tree.Div) and share.denominator == tree.Abs(named, span=share.span):
                    notes.append(Note(f"{named} are the examples of the data, over which the mean is", node.span))
                    size = tree.Symbol("N", span=share.span)
                    first = tree.Binds(index, tree.Number("1", span=total.span), span=total.span)
                    made = replace(total, binders=(first,), upper=size)  # type: ignore[call-arg]
                    factors = (
                        *node.factors[:place],
                        replace(share, denominator=size),
                        made,
                        *node.factors[place + 2 :],
                    )
                    return replace(node, factors=factors)
        return node

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def over_set(node: tree.Node) -> Iterator[tuple[tree.Symbol, tree.Symbol, bool]]:
    """The index of a sum over numbers in a set, the set, and whether they are in it or outside of it."""
    match node:
        case tree.Big(
            "sum", (tree.Relates(tree.Symbol() as index, "in" | "notin" as op, tree.Symbol() as named),), None
        ):
            symbols = node.body.all(tree.Symbol)
            scripts = (item for each in symbols for item in (*each.sub, *each.sup))
            if named.style != "bb" and plain(index) not in TIMES and index in scripts:
                yield index, named, op == "in"
