r"""From where to where a time is drawn: ``U(0, 1)``, ``\mathcal{U}\{1, T\}``, ``\{1, \dots, T\}``."""

from __future__ import annotations

from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.reading.positions import last_number, whole_set
from formula2dgm.syntax import parse_one, tree
from formula2dgm.syntax.vocabulary import UNIFORM


def ends_of(law: tree.Node) -> tuple[tree.Node, tree.Node, bool] | None:
    """The ends of an interval or of a set, and whether it is of whole numbers; None of anything else."""
    if isinstance(law, tree.Call) and (last := last_number(law)) is not None:
        own = whole_set(law)
        return (own.items if own is not None else law.args)[0], last, True
    if isinstance(law, tree.Call) and str(law.head) in UNIFORM and len(law.args) == 2:
        return law.args[0], law.args[1], False
    if isinstance(law, tree.SetOf) and len(law.items) > 1:
        return law.items[0], law.items[-1], True
    return (law.lower, law.upper, False) if isinstance(law, tree.Interval) else None


def as_steps(law: tree.Node) -> tree.Node | None:
    """``U\\{1, T\\}`` of ``U(1, T)``; None of any other law."""
    ends = ends_of(law)
    if ends is None or ends[2] or not isinstance(law, tree.Call) or str(ends[0]) != "1":
        return None
    made = parse_one(rf"t \sim \mathcal{{U}}\{{1, {ends[1].latex()}\}}")
    assert isinstance(made, tree.Chain)
    return placed(made.members[1], law.span)
