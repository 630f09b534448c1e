"""Targets: the copies that the constructor makes, and ``update_targets``, which moves them after a step."""

from __future__ import annotations

from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import WIDTH, Body
from formula2dgm.codegen.scope import Scope
from formula2dgm.ir.program import Network, Objective, Program
from formula2dgm.ir.targets import Target


def write_copies(program: Program, body: Body) -> None:
    """In the constructor: each target starts as a copy."""
    for each in program.targets:
        name, of = each.owner.name, each.of
        if isinstance(each.owner, Network):
            line = f"    self.{name} = target_of(self.{of})"
        else:
            line = f'    self.register_buffer("{name}", self.{of}.detach().clone())'
        said = f"{line}  # {each.owner.label}"
        body.write(said if len(said) + body.indent <= WIDTH else line, each.span)


def copying(program: Program) -> list[str]:
    """The library functions that :func:`write_copies` calls."""
    return ["target_of"] if any(isinstance(each.owner, Network) for each in program.targets) else []


def write_update(program: Program, arguments: dict[str, str], used: dict[str, None]) -> list[Body]:
    """The method, where anything follows anything."""
    if not program.targets:
        return []
    several = len(program.objectives) > 1
    scope = Scope(program, Names(set()), {name: f"self.{argument}" for name, argument in arguments.items()})
    body = Body(4)
    body.write("@torch.no_grad()")
    body.write(f"def update_targets(self{', player: str | None = None' if several else ''}) -> None:")
    whose = " of the player (None: all targets)" if several else ""
    body.write(f'    """Move each target towards the weights that it follows: after each step{whose}."""')
    for each in program.targets:
        margin = "    "
        if several:
            players = [f'"{one.player}"' for one in program.objectives if _trains(one, each)]
            body.write(f"    if player in ({', '.join(['None', *players])}{'' if players else ','}):", each.span)
            margin = "        "
        follow = "follow" if isinstance(each.owner, Network) else "follow_tensor"
        used[follow] = None
        decay = expression(scope, each.decay).text
        body.write(f"{margin}{follow}(self.{each.owner.name}, self.{each.of}, {decay})", each.span)
    used.update(scope.library)
    return [body]


def _trains(objective: Objective, target: Target) -> bool:
    return objective.trains is None or target.of in objective.trains
