"""Which terms are no means over the examples of a batch: shares of the batch, averaged, are another number."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk

#: What differentiates networks inside the objective: it runs them on arguments of its own.
_DERIVATIVES = ir.Grad | ir.LogDetJacobian | ir.JacobianTrace | ir.Jvp


def coupled_term(program: Program) -> str | None:
    """The first term in which the examples of a batch meet otherwise than in the mean over them, by its name."""
    terms = (term for objective in program.objectives for term in objective.terms)
    return next((term.name for term in terms if _touches([term.coefficient]) or not _is_mean(term.node)), None)


def row_by_row(program: Program) -> list[str]:
    """The networks that are called with the examples along the first dimension alone, each row for itself."""
    nodes = list(walk(*(term.node for objective in program.objectives for term in objective.terms)))
    if any(isinstance(each, _DERIVATIVES) for each in nodes):
        return []
    calls = [each for each in nodes if isinstance(each, ir.NetCall)]
    whole = {each.network for each in calls if each.method != "plain" or not _touches(each.args)}
    given = {each.name for each in program.networks} - whole
    return sorted(each for each in given if any(one.network == each for one in calls))


def _is_mean(node: ir.Node) -> bool:
    """Is this the mean over its examples, up to factors and summands that no example has a part in?"""
    match node:
        case ir.Reduce("mean", axis, body) if axis.kind == "batch":
            return not any(map(_couples, walk(body)))
        case ir.Reduce("mean" | "sum", _, body) | ir.Neg(body) | ir.StopGrad(body):
            return _is_mean(body)
        case ir.Add(args):
            return all(map(_is_mean, args))
        case ir.Mul(args):
            of_examples = [each for each in args if _touches([each])]
            return len(of_examples) < 2 and all(map(_is_mean, of_examples))
        case ir.Div(top, bottom):
            return _is_mean(top) and not _touches([bottom])
    return not _touches([node])


def _touches(nodes: Iterable[ir.Node]) -> bool:
    """Is this computed from examples of a batch, or from their number?"""
    return any(_couples(each) or any(axis.kind == "batch" for axis in each.axes) for each in walk(*nodes))


def _couples(node: ir.Node) -> bool:
    """Is this made of several examples, of a batch once more, of an order or the number of its examples?"""
    pairs = any(axis.of is not None and axis.of.kind == "batch" for axis in node.axes)
    if pairs or isinstance(node, ir.Permuted | ir.Coupled | ir.LogStratumWeight):
        return True
    if isinstance(node, ir.Size):
        return node.axis.kind == "batch" or node.axis.of is not None
    if isinstance(node, ir.Enumerated):  # all values of a law whose parameters give their number alone
        return False
    lost = {axis for each in node.children for axis in each.axes} - set(node.axes)
    return any(axis.kind == "batch" for axis in lost)
