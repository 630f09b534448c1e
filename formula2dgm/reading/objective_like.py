"""What only an objective contains."""

from __future__ import annotations

from formula2dgm.syntax import tree


def is_objective_like(node: tree.Node) -> bool:
    """Does the expression contain what only an objective contains: an expectation, a divergence, a log, a norm?"""
    return any(
        isinstance(each, tree.Expect | tree.Divergence | tree.Optimise | tree.Norm)
        or (isinstance(each, tree.Prefix | tree.Func) and each.name in ("log", "H"))
        for each in node.walk()
    )
