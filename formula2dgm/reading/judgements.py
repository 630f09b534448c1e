r"""What a player of a game wants of a judgement: ``\log D(x)``, ``\log(1 - D(G(z)))``.

A network D under a log, by itself and taken from 1, says how likely what it judges is real. D raises the logarithm of
either class; what is made to be judged, G(z), is to be taken for real: G raises the first and lowers the second.
"""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.reading.signature import is_density_at_value, is_density_call
from formula2dgm.syntax import tree


def judged(argument: tree.Node) -> tuple[tree.Call, bool] | None:
    """The network under a log and whether it is read as it is: False for ``1 - D(x)``; None for any other argument."""
    match argument:
        case tree.Add((tree.Number("1"), tree.Neg(inside))):
            found = judged(inside)
            return (found[0], not found[1]) if found is not None else None
        case tree.Func("sigmoid", (inside,)) | tree.Call(tree.Symbol("sigma", (), (), ()), (inside,), None, None):
            return judged(inside)
        case tree.Call(tree.Symbol()) if not is_density_call(argument) and not is_density_at_value(argument):
            return argument, True
    return None


def judges_of(body: tree.Node) -> dict[str, list[tree.Call]]:
    """The networks that judge, ``D`` of ``\\log(1 - D(x))``, each with all its judgements: those of ``\\log D(x)``
    count, too."""
    found: dict[str, list[tree.Call]] = {}
    against: set[str] = set()
    for node in body.walk():
        argument = node.operand if isinstance(node, tree.Prefix) and node.name == "log" else None
        argument = node.args[0] if isinstance(node, tree.Func) and node.name == "log" and node.args else argument
        if argument is None or (known := judged(argument)) is None:
            continue
        found.setdefault(str(known[0].head), []).append(known[0])
        against |= set() if known[1] else {str(known[0].head)}
    return {head: calls for head, calls in found.items() if head in against}


def wish_of_judgement(argument: tree.Node, player: str) -> int:
    """The direction in which a player wants the log of the argument to go: 1, -1, or 0 where it is none of his."""
    found = judged(argument)
    if found is None:
        return 0
    call, positive = found
    if called_in((call.head,), player):
        return 1
    return (1 if positive else -1) if called_in(call.args, player) else 0


def called_in(nodes: Iterable[tree.Node], player: str) -> bool:
    """Does a player's name stand in these nodes?"""
    return any(isinstance(each, tree.Symbol) and str(each) == player for node in nodes for each in node.walk())
