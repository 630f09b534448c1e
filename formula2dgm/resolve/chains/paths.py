r"""Sums over all paths of a state: ``\sum_{z_{1:T}}``, ``\sum_{z_1, \dots, z_T}``, ``\sum_{z_1} \cdots \sum_{z_T}``."""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Refused
from formula2dgm.resolve.statements.ellipsis import closed
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Paths:
    """What a sum over paths binds, ``z_{1:T}``: the state without its step, the first and the last step, the body."""

    state: tree.Symbol
    start: int
    end: tree.Node
    body: tree.Node
    node: tree.Node

    @property
    def whole(self) -> tree.Symbol:
        """``z_{1:T}``"""
        return self.at(tree.Range(tree.Number(str(self.start), span=self.node.span), self.end, span=self.node.span))

    def at(self, step: tree.Node) -> tree.Symbol:
        """The state at a step."""
        return replace(self.state, sub=(*self.state.sub, step))

    def step_of(self, node: tree.Node) -> tree.Node | None:
        """The step that a symbol is the state at; None for any other node."""
        if not isinstance(node, tree.Symbol) or len(node.sub) != len(self.state.sub) + 1:
            return None
        return node.sub[-1] if replace(node, sub=node.sub[:-1]) == self.state else None

    def steps_in(self, node: tree.Node) -> list[tree.Node]:
        """All steps at which a part of the formula reads the state."""
        return [step for each in node.walk() if (step := self.step_of(each)) is not None]


def paths_of(node: tree.Node) -> Paths | None:
    """The paths that a sum is over; None for any other sum."""
    if not isinstance(node, tree.Big) or node.op != "sum":
        return None
    names: list[tree.Node] = []
    body: tree.Node = node
    while isinstance(body, tree.Big) and body.op == "sum" and body.upper is None:
        names += [each.left if isinstance(each, tree.Relates) and each.op == "in" else each for each in body.binders]
        body = body.body
        if isinstance(body, tree.Mul) and isinstance(body.factors[0], tree.Ellipsis):
            dots, *rest = body.factors
            names.append(dots)
            body = rest[0] if len(rest) == 1 else replace(body, factors=tuple(rest), ops=body.ops[1:])
    found = closed(names)
    if len(found) != 1 or not isinstance(found[0], tree.Symbol) or not found[0].sub:
        return None
    *labels, steps = found[0].sub
    if not isinstance(steps, tree.Range) or not isinstance(steps.lower, tree.Number) or not steps.lower.text.isdigit():
        return None
    return Paths(replace(found[0], sub=tuple(labels)), int(steps.lower.text), steps.upper, body, node)


def sums_ranges(node: tree.Node) -> bool:
    """Does a sum bind all steps of anything, ``z_{1:T}``: a path, or what is none that is understood?"""
    if not isinstance(node, tree.Big) or node.op != "sum":
        return False
    names = [each.left if isinstance(each, tree.Relates) else each for each in node.binders]
    steps = [item for each in names if isinstance(each, tree.Symbol) for item in each.sub]
    return paths_of(node) is not None or any(isinstance(each, tree.Range) for each in steps)


def refused(context: Context, paths: Paths, why: str) -> Refused:
    """The refusal of a sum over paths, or of an integral, that is no chain."""
    z, integral = paths.state, isinstance(paths.node, tree.Integral)
    what = "integral" if integral else "sum"
    return context.refuse(
        "F2D-0456" if integral else "F2D-0451",
        f"the {what} over {paths.whole} is no {what} over a chain: {why}",
        paths.node.span,
        f"write p({z}_1) \\prod_{{t=2}}^T p({z}_t|{z}_{{t-1}}) \\prod_{{t=1}}^T p(x_t|{z}_t)",
    )
