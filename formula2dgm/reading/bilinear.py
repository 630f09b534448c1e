"""Derivatives between two vectors, by their syntax: ``u^\\top \\nabla_x s(x) w``."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Between:
    """``left^T (name_by operand) right``; ``name`` is ``grad``, ``jac`` or ``hess``."""

    left: tree.Node
    name: str
    operand: tree.Node
    by: tuple[tree.Node, ...]
    right: tree.Node


def derivative_between(node: tree.Node) -> Between | None:
    """The parts of such a product; None for any other node."""
    match node:
        case tree.Mul((tree.Power(left, tree.Symbol("top" | "T")), derivative, right)):
            pass
        case _:
            return None
    match derivative:
        case tree.Prefix("grad" | "jac" | "hess" as name, operand, by):
            return Between(left, name, operand, by, right)
        case tree.Func("grad" | "jac" | "hess" as name, (operand,), by):
            return Between(left, name, operand, by, right)
    return None


def derived_by(node: tree.Node) -> tree.Node | None:
    """``x`` of ``\\frac{\\partial f}{\\partial x}``, ``\\partial_x f``; None for any other node."""
    match node:
        case tree.Prefix("jac" | "partial", _, (by,)) | tree.Func("jac" | "partial", _, (by,)):
            return by
    return None
