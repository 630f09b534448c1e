r"""The times of a path: what laws say of them, and the steps that are summed: ``\sum_{t=1}^T E_{x_0, \epsilon}``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.reading.names import plain
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


def whole_steps(law: tree.Node) -> tree.Node | None:
    """``U\\{1, T\\}`` of ``U(1, T)``; None of any other law."""
    ends = ends_of(law)
    if ends is None or ends[2] or not isinstance(law, tree.Call) or str(ends[0]) != "1":
        return None
    made = parse_one(rf"t \sim \mathcal{{U}}\{{1, {ends[1].latex()}\}}")
    assert isinstance(made, tree.Chain)
    return placed(made.members[1], law.span)


def steps_summed(root: tree.Node, times: Collection[str]) -> Mapping[int, Sequence[tuple[tree.Symbol, tree.Node]]]:
    """The steps that are summed around an expectation, by its identity, or as its body: each with the last."""
    found: dict[int, list[tuple[tree.Symbol, tree.Node]]] = {}

    def find(node: tree.Node, around: tuple[tuple[tree.Symbol, tree.Node], ...]) -> None:
        if isinstance(node, tree.Big):
            around = (*around, *_counted(node, times))
        if isinstance(node, tree.Expect):
            within = [each for big in node.body.all(tree.Big) for each in _counted(big, times)]
            found[id(node)] = [*around, *within]
        for each in node.children:
            find(each, around)

    find(root, ())
    return found


def _counted(node: tree.Big, times: Collection[str]) -> Iterator[tuple[tree.Symbol, tree.Node]]:
    """t and T of ``\\sum_{t=1}^T``."""
    if node.op == "sum" and node.upper is not None and len(node.binders) == 1:
        match node.binders[0]:
            case tree.Binds(tree.Symbol() as name, tree.Number("1")) if plain(name) in times:
                yield name, node.upper
