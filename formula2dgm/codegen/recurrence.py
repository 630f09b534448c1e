"""Time: what needs its own last step runs in a loop; everything else runs once, for all steps.

    z_t ~ q(z_t|z_{t-1}, x_t)          becomes

    for t in range(x.shape[1]):
        q_loc_t, q_scale_t = normal_parameters(self.q(z_previous, x[:, t]))
        z_t = normal_sample(z_noise[:, t], q_loc_t, q_scale_t)
        ...
        z_previous = z_t
    z = torch.stack(z_steps, dim=1)

Inside the loop the program is the same without its time axis, so the same statements are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from formula2dgm.codegen.python import Body, Code, call
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.uses import demands
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import rewrite, walk


@dataclass(frozen=True, eq=False)
class Loop:
    """The recurrent draws of one time axis.

    members   what is computed step by step: all that a draw needs and that needs a previous step
    kept      the members that something outside the loop reads, in order
    previous  the nodes that stand for the step before, by site
    """

    time: Axis
    draws: tuple[ir.Draw, ...]
    members: frozenset[ir.Node]
    kept: tuple[ir.Node, ...]
    previous: dict[str, ir.Previous] = field(default_factory=dict)


def find_loops(roots: list[ir.Node]) -> list[Loop]:
    """The loops that computing these nodes takes, one for each time axis with recurrent draws."""
    ordered = list(walk(*roots))
    previous = [node for node in ordered if isinstance(node, ir.Previous)]
    loops = []
    for time in dict.fromkeys(node.time for node in previous):
        here = {node.site: node for node in previous if node.time == time}
        draws = tuple(node for node in ordered if isinstance(node, ir.Draw) and node.site in here)
        below = set(walk(*draws))
        late: set[ir.Node] = set(here.values())
        for node in ordered:
            if any(child in late for child in node.children):
                late.add(node)
        members = frozenset(node for node in late if node in below and node not in here.values())
        outside = [node for node in ordered if node not in members]
        read = {child for node in outside for child in node.children} | set(roots)
        kept = tuple(node for node in ordered if node in members and node in read and not isinstance(node, ir.Law))
        kept = tuple(dict.fromkeys([*kept, *_heads_of_read_laws(ordered, members, read), *draws]))
        loops.append(Loop(time, draws, members, kept, here))
    return loops


def _heads_of_read_laws(ordered: list[ir.Node], members: frozenset[ir.Node], read: set[ir.Node]) -> list[ir.Node]:
    """The parameters of laws that are read outside: a law is no tensor, its parameters are."""
    laws = [node for node in ordered if isinstance(node, ir.Law) and node in members and node in read]
    return [param for law in laws for _, param in law.params if param in members]


def without_time(arena: Arena, loop: Loop) -> tuple[dict[ir.Node, ir.Node], dict[ir.Node, ir.Node]]:
    """The members as they are at one step, and the leaf that stands for each value from outside the loop."""
    leaves: dict[ir.Node, ir.Node] = {}
    for node in sorted(loop.members, key=id):
        for child in node.children:
            if child not in loop.members and loop.time in child.axes and not isinstance(child, ir.Law | ir.NetCall):
                leaves.setdefault(child, _leaf(arena, child, loop.time))
    memo = dict(leaves)

    def change(node: ir.Node) -> ir.Node:
        if isinstance(node, ir.Draw) and loop.time in node.own:
            own = tuple(axis for axis in node.own if axis != loop.time)
            return arena.inherit(arena.make(ir.Draw, node.law, node.site, own, node.copy), node)
        return node

    steps = {node: rewrite(arena, node, change, memo) for node in walk(*loop.draws) if node in loop.members}
    return steps, leaves


def _leaf(arena: Arena, node: ir.Node, time: Axis) -> ir.Node:
    axes = tuple(axis for axis in node.axes if axis != time)
    return arena.make(ir.Data, f"step of {id(node)}", axes)


def step_scope(scope: Scope, steps: dict[ir.Node, ir.Node], index: str) -> Scope:
    """The scope of a loop's body: four columns further in, its variables called after the step."""
    inner = replace(
        scope,
        body=Body(scope.body.indent + 4),
        bound=dict(scope.bound),
        demands=demands(list(steps.values())),
        suffix=f"_{index}",
    )
    return inner


def at_step(code: Code, place: int, index: str) -> Code:
    """A tensor read at a step: ``x[:, t]``."""
    return Code(f"{code.text}[{':, ' * place}{index}]")


def stacked(steps: str, place: int) -> Code:
    """The steps of a loop as one tensor."""
    return call("torch.stack", steps, f"dim={place}")


def shifted(initial: str, value: str, place: int) -> Code:
    """The value one step before, for all steps: the initial value, then all but the last."""
    before = f"{value}[{':, ' * place}:-1]"
    return call("torch.cat", f"[{initial}.unsqueeze({place}), {before}]", f"dim={place}")
