"""A recurrence at one step: the same program without its axis of time, so that the same statements are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

from formula2dgm.codegen.names import Names
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.python import Body, Code
from formula2dgm.codegen.recurrence import Loop
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.step_nodes import FirstOrRest, Given, SoFar, ToCome
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import values_of
from formula2dgm.ir.axes import Axis, merge
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk
from formula2dgm.records import dataclass


@dataclass(frozen=True, eq=False)
class Step:
    """The members of a loop as they are at one step.

    at     what stands for each of them, and for each value from outside the loop
    given  the values from outside that have an axis of time
    ahead  the values from outside of which a network is given the steps that the loop has not reached
    """

    at: dict[ir.Node, ir.Node] = field(default_factory=dict)
    given: tuple[ir.Node, ...] = ()
    ahead: dict[ToCome, ir.Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stepped:
    """A tensor that the loop reads step by step: its steps, and the variable of the present one."""

    steps: Code
    variable: str


def at_one_step(program: Program, loop: Loop) -> Step:
    """A loop's members without their axis of time."""
    return _Rewriting(program, loop).step()


class _Rewriting:
    def __init__(self, program: Program, loop: Loop):
        self.program, self.arena, self.loop = program, program.arena, loop
        self.entries = program.rollout is not None and program.rollout.entries and self._calls_bound()
        self.at: dict[ir.Node, ir.Node] = {}
        self.given: list[ir.Node] = []
        self.ahead: dict[ToCome, ir.Node] = {}

    def step(self) -> Step:
        for node in walk(*self.loop.carried, *self.loop.kept, below=self._below):
            self.at[node] = self._at(node)
        return Step(self.at, tuple(self.given), self.ahead)

    def _calls_bound(self) -> bool:
        """Is the steps so far given to a network of the user's own, which may take sequences of one length alone?"""
        given = [each for each in walk(*self.loop.members) if isinstance(each, ir.NetCall)]
        own = {each.name for each in self.program.networks if each.scaffold is None}
        return any(each.network in own and any(isinstance(arg, ir.Prefix) for arg in each.args) for each in given)

    def _below(self, node: ir.Node) -> Iterable[ir.Node]:
        """What is rewritten below a node: a law is no value, so its parameters are."""
        inside = node in self.loop.members or (isinstance(node, ir.Law) and self.loop.time in node.axes)
        return node.children if inside else ()

    def _at(self, node: ir.Node) -> ir.Node:
        time = self.loop.time
        if node in self.loop.previous:
            return self._stands_for(node)
        if node not in self.loop.members and not (isinstance(node, ir.Law) and time in node.axes):
            if time not in node.axes or (isinstance(node, ir.Prefix) and node.backward != self.loop.backward):
                return node
            self.given.append(node)
            return self._stands_for(node, self._all_axes(node))
        match node:
            case ir.State(body):
                return self.at[body]
            case ir.FirstStep(first, rest):
                made: ir.Node = self.arena.make(FirstOrRest, self.at[first], self.at[rest])
            case ir.Prefix(body, _, backward):
                made = self._all_so_far(self.at[body], backward, node)
            case ir.NetCall(network, args, frozen, copy, method):
                given = tuple(self._so_far(each, node) for each in args)
                made = self.arena.make(ir.NetCall, network, given, frozen, copy, method)
            case ir.Draw(law, site, own, copy):
                kept = tuple(axis for axis in own if axis != time)
                made = self.arena.make(ir.Draw, self.at[law], site, kept, copy)
            case _:
                made = self.arena.make(type(node), *(self._replaced(each) for each in values_of(node)))
        return self.arena.inherit(made, node)

    def _so_far(self, arg: ir.Node, call: ir.NetCall) -> ir.Node:
        """An argument; beside the steps so far of one, all others that have steps are given so far too."""
        at = self.at[arg]
        prefix = next((each for each in call.args if isinstance(each, ir.Prefix)), None)
        if prefix is not None and prefix.backward != self.loop.backward:
            return self._to_come(arg, prefix.backward)
        if prefix is None or isinstance(at, SoFar) or self.loop.time not in arg.axes:
            return at
        return self._all_so_far(at, prefix.backward, arg)

    def _all_so_far(self, at: ir.Node, backward: bool, node: ir.Node) -> ir.Node:
        """The steps so far of a value, called as the formula calls it."""
        made = self.arena.make(SoFar, at, self.loop.time, backward, self.entries)
        return self.arena.entitle(made, notation(self.program, node))

    def _to_come(self, arg: ir.Node, backward: bool) -> ir.Node:
        """An argument from outside the loop at the steps that it has not reached; what the loop computes, as it is."""
        body = arg.body if isinstance(arg, ir.Prefix) else arg
        if body in self.loop.members or body in self.loop.previous or self.loop.time not in body.axes:
            return self.at[arg]
        own = tuple(axis for axis in body.axes if axis != self.loop.time)
        made = self.arena.entitle(self.arena.make(ToCome, id(body), own, backward), notation(self.program, arg))
        self.ahead[made] = body
        return made

    def _all_axes(self, node: ir.Node) -> tuple[Axis, ...]:
        """The axes that what a network is given has inside the loop: those of all that it carries, so that what it is
        given is spread over them once, and not at every step."""
        carried = {frozenset(each.axes) for each in self.loop.previous}
        calls = (each for each in self.loop.members if isinstance(each, ir.NetCall))
        if len(carried) > 1 or node.event != "value" or not any(node in each.args for each in calls):
            return ()
        return self.loop.previous[0].axes

    def _stands_for(self, node: ir.Node, others: tuple[Axis, ...] = ()) -> ir.Node:
        """A leaf in place of a node, called as the formula calls that."""
        own = tuple(axis for axis in merge([node.axes, others]) if axis != self.loop.time)
        made = self.arena.make(Given, id(node), own, node.event)
        return self.arena.entitle(made, notation(self.program, node))

    def _replaced(self, value: object) -> object:
        if isinstance(value, ir.Node):
            return self.at[value]
        return tuple(self._replaced(each) for each in value) if isinstance(value, tuple) else value


def whole_name(program: Program, node: ir.Node) -> str:
    """What a value from outside the loop is called, all steps together."""
    if isinstance(node, ir.Shifted) and abs(node.by) == 1:
        return f"{notation(program, node.body)}_{'after' if node.by > 0 else 'before'}"
    return notation(program, node)


def step_scope(scope: Scope, names: Names, at: dict[ir.Node, ir.Node], index: str) -> Scope:
    """The scope of a loop's body: four columns further in, its variables called after the step."""
    demands: dict[ir.Node, set[Demand]] = {}
    for node, step in at.items():
        demands.setdefault(step, set()).update(scope.demands.get(node, ()))
    named = {at[node]: node.site for node in at if isinstance(node, ir.State)}
    named |= {body.rest: site for body, site in named.items() if isinstance(body, FirstOrRest)}
    return replace(
        scope,
        names=names,
        body=Body(scope.body.indent + 4),
        bound=dict(scope.bound),
        orders=dict(scope.orders),
        demands=demands,
        partners={
            at[node]: [at.get(each, each) for each in near] for node, near in scope.partners.items() if node in at
        },
        suffix=f"_{index}",
        step_noise={},
        histories=[],
        wanted=named,
    )
