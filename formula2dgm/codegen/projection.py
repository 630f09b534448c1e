"""``project``: parameters that the formula keeps in a range, ``w \\in [-c, c]^d``, clipped to it after a step."""

from __future__ import annotations

from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import Body
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir.program import Objective, Program


def write_projection(program: Program, arguments: dict[str, str]) -> list[Body]:
    """The method, where the formula keeps anything in a range."""
    kept = [each for each in program.objectives if each.ranges]
    if not kept:
        return []
    several = len(program.objectives) > 1
    scope = Scope(program, Names(set()), {name: f"self.{argument}" for name, argument in arguments.items()})
    body = Body(4)
    body.write("@torch.no_grad()")
    body.write(f"def project(self{', player: str' if several else ''}) -> None:")
    body.write(f'    """Clip parameters to the range that the formula keeps them in: after each step{_of(several)}."""')
    for each in kept:
        if several:
            body.write(f'    if player == "{each.player}":', each.span)
        _clip(body, scope, each, "        " if several else "    ")
    return [body]


def _of(several: bool) -> str:
    return " of the player" if several else ""


def _clip(body: Body, scope: Scope, objective: Objective, margin: str) -> None:
    tensors = {each.name for each in scope.program.parameters}
    for each in objective.ranges:
        ends = f"{expression(scope, each.low).text}, {expression(scope, each.high).text}"
        for owned in each.owned:
            if owned in tensors:
                body.write(f"{margin}self.{owned}.clamp_({ends})", each.span)
            else:
                body.write(f"{margin}for parameter in self.{owned}.parameters():", each.span)
                body.write(f"{margin}    parameter.clamp_({ends})", each.span)
