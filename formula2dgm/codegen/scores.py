"""The pieces of score-function and straight-through gradients, and means over the other examples of a batch, recognised
so that each is one call in the code.

sg(f) * (log q - sg(log q))          score_gradient(f, log_q)
(sum_k f_k - f) / (K - 1)            others_mean(f, 0)
z + (m - sg(m))                      straight_through(z, m)
(sum_n [n != i] f_in) / (M - 1)      mean_of_others(f)
log sum_n [n != i] exp(f_in)         log_sum_exp_of_others(f)
f / (M - 1)                          over_others(f, M)
log(M - 1)                           log_count_of_others(M)
"""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One call: a library function, the nodes it is called with, what follows them, and whom a mean is taken of."""

    function: str
    args: tuple[ir.Node, ...]
    rest: tuple[str, ...] = ()
    others: str = ""


def piece_of(node: ir.Node) -> Piece | None:
    """The call that computes a node, if it is one of these pieces."""
    match node:
        case ir.Mul((ir.StopGrad(cost), difference)) if (log := _kept_in_gradient(difference)) is not None:
            return Piece("score_gradient", (cost, log))
        case ir.Div(ir.Add((ir.Reduce("sum", axis, cost), ir.Neg(same))), count) if cost is same:
            whom = "examples" if axis.kind == "batch" else "draws"
            found = Piece("others_mean", (cost,), (str(cost.axes.index(axis)),), whom)
            return found if _counts_others(count, axis) else None
        case ir.Div(ir.Reduce("sum", axis, ir.Mul((condition, body))), ir.Add((ir.Size(batch), ir.Const(-1)))) if (
            _is_of_others(condition, axis, body, batch)
        ):
            return Piece("mean_of_others", (body,))
        case ir.Div(total, ir.Add((ir.Size(axis) as size, ir.Const(-1)))) if axis.kind == "batch":
            return Piece("over_others", (total, size))
        case ir.Add((ir.Draw() as draw, difference)) if (mean := _kept_in_gradient(difference)) is not None:
            return Piece("straight_through", (draw, mean))
        case ir.Reduce("logsumexp", axis, ir.Add((ir.Apply("log", (condition,)), body))) if axis.of is not None:
            others = Piece("log_sum_exp_of_others", (body,))
            return others if _is_of_others(condition, axis, body, axis.of) else None
        case ir.Apply("log", (ir.Add((ir.Size() as size, ir.Const(-1))),)):
            return Piece("log_count_of_others", (size,))
    return None


@dataclass(frozen=True, slots=True)
class Said:
    """How the variable of a piece ends, and what the comment above it says."""

    suffix: str
    comment: str


PIECES = {
    "score_gradient": Said(
        "score", "score-function gradient of this cost: 0 in value, cost times grad log-probability"
    ),
    "others_mean": Said("baseline", "the mean cost of the other {others}, a baseline"),
}


def is_piece(node: ir.Node) -> bool:
    """Does the code give the piece a variable of its own?"""
    piece = piece_of(node)
    return piece is not None and piece.function in PIECES


def is_estimated(node: ir.Add) -> bool:
    """Is this a cost with the scores of its draws?"""
    return len(node.args) > 1 and all(is_piece(each) for each in node.args[1:])


def computed_from(node: ir.Node) -> Iterable[ir.Node]:
    """The children of a node, as the code computes it."""
    match node:
        case ir.Carrying(body):
            return (body,)
        case ir.Reduce(_, axis, ir.Window(body, time)) if axis == time and time in body.axes:
            return (body,)
    piece = piece_of(node)
    return node.children if piece is None else piece.args


def _kept_in_gradient(node: ir.Node) -> ir.Node | None:
    """``v`` of ``v - sg(v)``."""
    match node:
        case ir.Add((value, ir.Neg(ir.StopGrad(same)))) if value is same:
            return value
    return None


def _is_of_others(condition: ir.Node, axis: Axis, body: ir.Node, batch: Axis) -> bool:
    """Is a number of every pair of examples of a batch multiplied by 1 where they differ, else by 0?"""
    match condition:
        case ir.Apply("not_equal", (ir.Index(own), ir.Index(other))):
            return other == axis and own == axis.of == batch and body.axes == (axis, own)
    return False


def _counts_others(count: ir.Node, axis: Axis) -> bool:
    """Is this the size of an axis without one, and at least 1?"""
    match count:
        case ir.Const(value):
            return value == axis.size - 1 if isinstance(axis.size, int) else False
        case ir.Apply("max", (ir.Add((ir.Size(counted), ir.Const(-1))), ir.Const(1))):
            return counted == axis
        case ir.Apply("max", (ir.Add((ir.Hyper(name), ir.Const(-1))), ir.Const(1))):
            return name == axis.size
    return False
