"""The statements that come before the terms: network calls, the laws' parameters, draws."""

from __future__ import annotations

from collections.abc import Iterable

from formula2dgm.codegen.calls import Calls
from formula2dgm.codegen.composites import composites, is_long, is_view
from formula2dgm.codegen.event_dimensions import is_python_number
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.first_steps import Branch, branches
from formula2dgm.codegen.loops import LoopWriter
from formula2dgm.codegen.network_derivatives import NetworkDerivatives, write_derivative
from formula2dgm.codegen.notation import definition_name, notation
from formula2dgm.codegen.part_names import part_name
from formula2dgm.codegen.paths import PathWriter, path_of, paths_in
from formula2dgm.codegen.point_functions import PointFunctions, point_functions
from formula2dgm.codegen.python import Body, Code, assignment, call
from formula2dgm.codegen.recurrence import Loop, Recurrences, with_carried
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.scores import piece_of
from formula2dgm.codegen.settled import Settled
from formula2dgm.codegen.shapes import partners
from formula2dgm.codegen.starts import at_every_position
from formula2dgm.codegen.step_nodes import FirstOrRest, SoFar
from formula2dgm.codegen.stopped_loops import derivatives_in
from formula2dgm.codegen.time_values import shifted
from formula2dgm.codegen.uses import Demand, demands
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.ir.text import to_text

_ARITHMETIC = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply)
#: What the formula may define by a name, or a law have for a parameter.
_COMPUTED = (*_ARITHMETIC, ir.StopGrad, ir.At, ir.MatMul, ir.Stack, ir.Entries, ir.Choice)


class Preparation(Calls):
    """Writes what the given nodes need before they can be computed, each piece once, in the formula's order."""

    def __init__(self, scope: Scope, terms: tuple[Term, ...] = ()):
        super().__init__(scope, terms)
        self._done: set[ir.Node] = set()
        self._settled = Settled(scope)
        self.recurrences = Recurrences([])
        self.branches: dict[FirstOrRest, Branch] = {}
        self.differentiated: set[ir.Node] = set()
        self.paths: dict[ir.Solution, PathWriter] = {}
        self.functions = PointFunctions({})
        self.derivatives = NetworkDerivatives([])

    def expect(self, nodes: list[ir.Node], functions: bool = False) -> None:
        """Say what will be prepared, so that recurrent draws are found beforehand; ``functions``: derivatives are those
        of functions, where that is possible."""
        self.recurrences = Recurrences(nodes)
        expected = self.recurrences.ordered
        if functions:
            self.functions = PointFunctions(point_functions(self.scope.program, expected, nodes))
        self.derivatives = NetworkDerivatives(expected, nodes, self.functions.blocks)
        if not self.functions.functions:
            self.differentiated = {node.wrt for node in derivatives_in(expected)}
        self.scope.wanted |= {node.body: node.site for node in expected if isinstance(node, ir.State)}
        self.paths = {each.path: each for each in paths_in(expected)}

    def go_on_from(self, other: Preparation) -> None:
        """Take what another has written as written."""
        self._done |= other._done

    def branch(self, nodes: list[ir.Node]) -> None:
        """Say what will be prepared for one step, so that first steps of their own are found beforehand."""
        self.branches = branches(nodes)
        self._settled.clear()

    def prepare(self, node: ir.Node) -> None:
        """Write the statements of everything below ``node`` that has one of its own."""
        for each in self._settled.below(node, self._needs):
            if each not in self._done and each not in self.scope.bound:
                self._statement(each)

    def forget(self, nodes: Iterable[ir.Node]) -> None:
        """What was written in a block of its own is not written outside of it."""
        self._done -= set(nodes)
        self._settled.clear()

    def _needs(self, node: ir.Node) -> Iterable[ir.Node]:
        """What is prepared before a node."""
        if isinstance(node, FirstOrRest):
            return self.branches[node].before
        if isinstance(node, ir.PathPoint):
            return ()
        if isinstance(node, ir.Solution | ir.PathIntegral):
            return self.paths[path_of(node)].needs
        for known in (self.functions.needs(node), self.derivatives.needs(node)):
            if known is not None:
                return known
        return self.recurrences.needs(node)

    def _statement(self, node: ir.Node) -> None:
        self._done.add(node)
        if node in self.recurrences.loops:
            self._loop(self.recurrences.loops[node])
            return
        match node:
            case ir.Jvp():
                write_derivative(self, node)
            case _ if node in self.functions.functions:
                self.functions.write(self, self.functions.functions[node])
            case ir.NetCall():
                self.call_network(node)
            case ir.Law():
                self._law(node)
            case ir.Draw():
                self.draw(node)
            case ir.Solution() | ir.PathIntegral():
                self.paths[path_of(node)].write(self, Preparation(self.scope))
            case ir.StopGrad(ir.Draw() as draw) if self.is_scored(draw):
                self.detached(node, draw)
            case ir.Add((ir.Draw() as draw, _)) if piece_of(node) is not None:
                self.passed_through(node, draw)
            case ir.State(body):
                self._state(node, body)
            case ir.Previous():
                self.shifted(node)
            case ir.Steps(body) if body in self.scope.bound and not self.scope.is_number(node):
                self.scope.bound[node] = self.scope.bound[body]
            case SoFar():
                self._so_far(node)
            case FirstOrRest():
                self._branch(self.branches[node])
            case ir.Enumerated():
                self.enumerated(node)
            case ir.Permuted() | ir.Coupled():
                self.reordered(node)
            case ir.LinearFilter(chain):
                said = f"{chain.state} given the steps so far: mean and root of the covariance"
                self.scope.body.comment(said, self.scope.span(node))
                self.compute(node, self.scope.names.fresh(f"{chain.state}_filtered"), "value")
            case ir.ArgMin(axis=axis) | ir.Nearest(axis=axis):
                self.scope.body.comment(f"the {axis.name} of the smallest, counted from 0", self.scope.span(node))
                self.compute(node, self.scope.names.fresh(f"{axis.name}_star"))
            case ir.Along(value, axis):
                if isinstance(value, _ARITHMETIC) and value not in self.scope.bound:
                    self.compute(value, self.scope.names.fresh("vectors"), "value")
                known = expression(self.scope, value, "value").text
                stem = known if known.isidentifier() else "entries"
                self.compute(node, self.scope.names.fresh(f"{stem}_{axis.name}"))
            case ir.At(value, axis, ir.ArgMin() | ir.Nearest()):
                self.compute(node, self.scope.names.fresh(f"{to_text(value)}_{axis.name}_star"), "value")
            case ir.Picked(ir.Param()) if (named := definition_name(self.scope.program, node)) is not None:
                self.compute(node, self.scope.names.fresh(named), self.scope.kind(node))
            case _ if isinstance(node, _COMPUTED) and node.axes and node.event != "number":
                self._definition(node)
        if node in self.differentiated:
            self.differentiable(node)

    def differentiable(self, node: ir.Node) -> None:
        """Gradients with respect to a value are taken later: it must take part in autograd from here on."""
        value = expression(self.scope, node, "value").text
        tracked = Code(f"{value} if {value}.requires_grad else {value}.detach().requires_grad_()")
        said = definition_name(self.scope.program, node) or to_text(node)
        self.scope.body.comment(f"a gradient with respect to {said} is taken below", self.scope.span(node))
        self.assign(node, value, tracked)

    def _definition(self, node: ir.Node) -> None:
        """What the formula defines by a name of its own keeps that name."""
        name = self.scope.wanted.get(node) or definition_name(self.scope.program, node)
        if name is None and (node in self.differentiated or node in self.functions.points):
            name = "point"
        if name is not None:
            self.scope.body.comment(f"{name} = {notation(self.scope.program, node)}", self.scope.span(node))
            self.compute(node, self.scope.names.fresh(name + self.scope.suffix), "value")

    def compute(self, node: ir.Node, target: str, demand: Demand = "number", stem: str = "") -> None:
        """Write ``target`` as the value of a node; where that is too long for a line, its parts come before, called
        after ``stem`` where the formula has no short name for them."""
        stem = stem or target
        value = expression(self.scope, node, demand)
        while assignment(target, value, self.scope.body.indent) is None and (parts := self._parts(node)):
            for child in parts:
                open_ = "value" if "value" in self.scope.demands.get(child, ()) else demand
                own: Demand = "value" if child.event == "value" else open_ if child.event == "open" else "number"
                self.compute(child, self.scope.names.fresh(part_name(self.scope.program, child, stem)), own, stem)
            value = expression(self.scope, node, demand)
        self.assign(node, target, value)

    def _parts(self, node: ir.Node) -> list[ir.Node]:
        """What to compute before a node: the outermost expressions below it that fit; not what it only sums."""
        above, parts = node, composites(node, self.scope)
        while len(parts) == 1 and (inner := composites(parts[0], self.scope)):
            text = expression(self.scope, parts[0])
            if not isinstance(above, ir.Reduce) and assignment("part", text, self.scope.body.indent) is not None:
                break
            above, parts = parts[0], inner
        return parts

    def _law(self, law: ir.Law) -> None:
        """A variable for each parameter that is neither a network's result nor a plain name or number."""
        for name, node in law.params:
            if (
                isinstance(node, _COMPUTED)
                and not is_view(node)
                and node not in self.scope.bound
                and (node.axes or is_long(node))
            ):
                suffix = self.scope.suffix
                target = self.scope.names.fresh(f"{law.label} {name}{suffix}", name + suffix)
                said = notation(self.scope.program, node)
                self.scope.body.comment(f"{law.label}: {name} = {said}", self.scope.span(node))
                self.compute(node, target, "number" if law.scalar else "value")

    # -- time ------------------------------------------------------------------------------------------

    def _state(self, node: ir.State, body: ir.Node) -> None:
        """What a recurrence defines, where it needs no step of its own."""
        if body in self.scope.bound:
            self.scope.bound[node] = self.scope.bound[body]
            return
        self.scope.body.comment(f"{node.site} = {notation(self.scope.program, body)}", self.scope.span(node))
        self.compute(body, self.scope.names.fresh(node.site), "value")
        self.scope.bound[node] = self.scope.bound[body]

    def shifted(self, node: ir.Previous) -> None:
        """The value of another step, for all steps at once."""
        carried = self.recurrences.carried[node]
        stem = f"{self.variable(carried)}_{'after' if node.lag < 0 else 'before'}"
        name = self.scope.names.fresh(stem if abs(node.lag) == 1 else f"{stem}_{abs(node.lag)}")
        value = shifted(self.scope, carried, -node.lag, node.time, node.initial, "value", expression, node.lengths)
        self.assign(node, name, value)

    def _so_far(self, node: SoFar) -> None:
        """The steps up to the present one, as a sequence."""
        scope, place = self.scope, len(node.axes)
        value = expression(scope, node.body, "value")
        stem = value.text.removesuffix(scope.suffix) if value.text.isidentifier() else "values"
        name = scope.names.fresh(f"{stem}_so_far")
        scope.histories.append(name)
        scope.body.write(f"{name}.append({value.text})", scope.span(node))
        steps = f"{name}[::-1]" if node.backward else name
        stacked = call("torch.stack", steps, f"dim={place}")
        if node.entries:
            fill = "zeros_then" if node.backward else "then_zeros"
            stacked = call(scope.use(fill), stacked, str(place), scope.size(node.time))
        scope.bound[node] = stacked

    def _branch(self, branch: Branch) -> None:
        """The values of the first step and of every other."""
        scope = self.scope
        outer, scope.body = scope.body, Body(scope.body.indent + 4)
        bound, targets = dict(scope.bound), {}
        for each in branch.values:
            self.prepare(each.rest)
            value = expression(scope, each.rest, self.scope.kind(each))
            computed_here = each.rest not in bound and value.text.isidentifier()
            targets[each] = value.text if computed_here else scope.names.fresh(*self._branch_name(each))
            if not computed_here:
                self.assign(None, targets[each], value, span_of=each)
        rest, scope.body = scope.body, outer
        for node in (inside := scope.bound.keys() - bound.keys()):
            del scope.bound[node]
        self.forget(inside)
        scope.body.write(f"if {scope.suffix.removeprefix('_')} == 0{' and not start' if scope.started else ''}:")
        for each, target in targets.items():
            scope.body.indent += 4
            self.assign(None, target, self._first(each), span_of=each)
            scope.body.indent -= 4
        scope.body.write("else:")
        scope.body.lines += rest.lines
        scope.bound |= {each: Code(target) for each, target in targets.items()}

    def _branch_name(self, node: FirstOrRest) -> tuple[str, str]:
        wanted = self.scope.wanted.get(node) or part_name(self.scope.program, node.rest, "value")
        return wanted + self.scope.suffix, f"value{self.scope.suffix}"

    def _first(self, node: FirstOrRest) -> Code:
        """The value of the first step, with every axis of a step."""
        number = is_python_number(node.first)
        return expression(self.scope, node.first) if number else at_every_position(self.scope, node.first, node.axes)

    def _loop(self, loop: Loop) -> None:
        """A recurrence, after what it reads from outside."""
        inside = {*loop.members, *loop.previous}
        for node in walk(*loop.carried, *loop.kept, below=self._needs):
            if node not in inside and node not in self._done and node not in self.scope.bound:
                self._statement(node)
        LoopWriter(self, loop).write()
        self._done |= inside


def prepared_for(scope: Scope, nodes: list[ir.Node], wanted: Demand, terms: tuple[Term, ...] = ()) -> Preparation:
    """The preparation of nodes, which are used as ``wanted``, and of what they read of other steps."""
    everything = with_carried(scope.program, nodes)
    scope.demands = demands(everything, wanted)
    scope.partners = partners(everything)
    preparation = Preparation(scope, terms)
    preparation.expect(everything)
    return preparation
