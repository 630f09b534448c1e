r"""Definitions of a square, ``\alpha_t^2 = \mathrm{sigmoid}(-\gamma(t))``: of its positive root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.notes import Note, Notes
from formula2dgm.syntax import tree


def root_squares(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the root on the left side, where nothing else defines it; what was decided."""
    firsts = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    notes = Notes()
    out: list[tree.Statement] = []
    for statement in statements:
        match statement.body:
            case tree.Chain(
                members=(tree.Power(tree.Symbol() as name, tree.Number("2")) as square, body), relations=("=" | ":=",)
            ) if name not in firsts:
                notes.add(f"{name} is the positive root of what the text says of {square}", square.span)
                chain = replace(statement.body, members=(name, tree.Sqrt(body, None, span=body.span)))
                out.append(replace(statement, body=chain))
            case _:
                out.append(statement)
    return out, notes.found
