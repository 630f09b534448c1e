"""Writing a loop over time: what needs its own last step runs step by step; everything else runs once, for all steps.

z_t ~ q(z_t|z_{t-1}, x_t)          becomes

for x_t, z_noise_t in zip(x.unbind(1), z_noise.unbind(1), strict=True):
    q_loc_t, q_scale_t = normal_parameters(self.q(z_previous, x_t))
    z_t = normal_sample(z_noise_t, q_loc_t, q_scale_t)
    ...
    z_previous = z_t
z = torch.stack(z_steps, dim=1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.codegen.alignment import spread
from formula2dgm.codegen.carried import Chain, chains
from formula2dgm.codegen.draws import site_name
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.first_steps import only_after_the_first
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.loop_heads import write_head
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.python import Body, Code, call, method
from formula2dgm.codegen.recurrence import Carried, Loop
from formula2dgm.codegen.refusals import no_order_of_steps
from formula2dgm.codegen.scope import StepNoise
from formula2dgm.codegen.shapes import UnknownShape, like_tensor
from formula2dgm.codegen.starts import event_shape, given_start, start
from formula2dgm.codegen.step_nodes import FirstOrRest, SoFar, ToCome
from formula2dgm.codegen.steps import Stepped, at_one_step, step_scope, whole_name
from formula2dgm.codegen.stopped_loops import derivatives_in, only_values, sharing_a_graph
from formula2dgm.codegen.time_values import aligned_ends, at_step, stacked
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation


class LoopWriter:
    """All steps of a recurrence: noise for all at once, one step after another, the steps as one tensor."""

    def __init__(self, preparation: Preparation, loop: Loop):
        if (misfit := loop.misfit()) is not None:
            raise no_order_of_steps(preparation.scope.program, loop, misfit)
        self.outside = preparation
        self.scope = preparation.scope
        self.loop = loop
        self.names = self.scope.names.inside()
        self.index = self.names.fresh(loop.time.name)
        self.step = at_one_step(self.scope.program, loop)
        self.derivatives = derivatives_in(loop.members)
        self.inner = step_scope(self.scope, self.names, self.step.at, self.index)
        self.inner.body.indent += 4 * bool(self.derivatives)
        self.stopped = loop.stopped and bool(self.derivatives)
        if self.stopped:
            self.inner.constant = frozenset(self.step.at[each] for each in only_values(loop.members))
            shared = sharing_a_graph(loop.members)
            self.inner.retained = frozenset(self.step.at[each] for each in shared)
        self.stepped: list[Stepped] = []
        self.noise: dict[Carried, Code] = {}
        self.kept: dict[str, tuple[str, list[ir.Node]]] = {}
        self.counts = any(isinstance(each, FirstOrRest) for each in self.step.at.values())
        self.counts |= any(isinstance(each, SoFar) and each.entries for each in walk(*self.step.at.values()))

    def write(self) -> None:
        """Write the loop and bind what it leaves."""
        scope, loop = self.scope, self.loop
        scope.body.comment(self._said(), scope.span(loop.carried[0]))
        for node in self.step.given:
            self._given(node)
        for ahead, given in self.step.ahead.items():
            self._ahead(ahead, given)
        for draw in self._draws():
            self._noise(draw)
        runs = chains(self.outer, self.outside, loop)
        self.counts |= any(each.lengths is not None for each in runs)
        for each in runs:
            self._start(each)
        body = self._body(runs)
        lists = self._lists(body)
        for name in (*self.inner.histories, *lists):
            scope.body.write(f"{name} = []")
        if self.derivatives:
            scope.body.write("with torch.enable_grad():  # each step takes a gradient")
            scope.body.indent += 4
        write_head(self, body)
        for name, value in lists.items():
            kept = f"{value.text}.detach()" if self.stopped else value.text
            body.write(f"{name}.append({kept})", self.inner.span(self.kept[name][1][0]))
        self._carry(runs, body)
        scope.body.lines += body.lines
        scope.body.indent -= 4 * bool(self.derivatives)
        for name in lists:
            self._stack(name)
        for end in loop.last:
            self._last(end, runs)
        for node in self.loop.read:
            self.outside.shifted(node)

    def _draws(self) -> list[ir.Draw]:
        """What the loop draws, what it carries first."""
        draws = [each for each in self.loop.carried if isinstance(each, ir.Draw)]
        others = self.loop.members - set(draws)
        return draws + [each for each in self.step.at if isinstance(each, ir.Draw) and each in others]

    def outer(self, wanted: str, otherwise: str = "value") -> str:
        """A name of the function that no name of the loop's body shadows."""
        name = self.names.fresh(wanted, otherwise)
        return self.scope.names.take(name)

    def _said(self) -> str:
        named = [f"{self.outside.variable(each)} ~ {each.law.label}" for each in self._draws()]
        named += [each.site for each in self.loop.carried if isinstance(each, ir.State)]
        other = "after" if self.loop.backward else "before"
        backwards = "from the last to the first, " if self.loop.backward else ""
        return f"{', '.join(named)}: step by step, {backwards}because each step needs the one {other}"

    # -- before the loop -------------------------------------------------------------------------------

    def _noise(self, draw: ir.Draw) -> None:
        """The noise of all steps, where the draw's shape is known by now; else each step draws its own."""
        scope, fact = self.scope, facts(draw.law)
        place, variable = draw.axes.index(self.loop.time), self.outside.variable(draw)
        if fact.noise == "standard" and fact.sample is not None:
            shape = self._shape(draw, variable)
            if shape is not None:
                noise = self.outer(f"{variable}_noise")
                fresh = call(scope.use(fact.draw_noise), shape, like_tensor(scope, draw))
                self.outside.noise(noise, site_name(draw), shape, fresh, draw)
                self.noise[draw] = at_step(Code(noise), place, "0")
                self.inner.step_noise[draw.site] = self._read(Code(noise), place, noise)
                return
        self.counts = True
        self.inner.step_noise[draw.site] = StepNoise(self.index, place, scope.size(self.loop.time))

    def _shape(self, draw: ir.Draw, variable: str) -> Code | None:
        """The shape of all steps of a draw, where anything says it before the first step."""
        try:
            return self.outside.shape(draw, variable)
        except UnknownShape:
            shapes = [event_shape(self.scope, each) for _, each in draw.law.params]
        known = next((each for each in shapes if each), None)
        if known is None or not facts(draw.law).elementwise:
            return None
        name = self.outer(f"{variable}_shape")
        self.outside.assign(None, name, self.scope.shape(draw.axes, ", ".join(map(str, known))), span_of=draw)
        return Code(name)

    def _given(self, node: ir.Node) -> None:
        """A value from outside the loop, as its body reads it."""
        name, axes = self._whole(node, self.scope.kind(node)), self.step.at[node].axes
        missing = [axis.name for axis in axes if axis not in node.axes]
        read = Code(name)
        if missing:
            wide = spread(read, node.axes, (*axes, self.loop.time), full=True)
            read = Code(self.outer(f"{name}_for_each_{'_'.join(missing)}", f"{name}_spread"))
            self.outside.assign(None, read.text, call(self.scope.use("over_axes"), wide, self.scope.shape(axes)), node)
        self.inner.bound[self.step.at[node]] = self._read(read, len(axes), name)

    def _whole(self, node: ir.Node, demand: Demand) -> str:
        """The variable of all steps of a value from outside the loop."""
        code = expression(self.scope, node, demand)
        if not code.text.isidentifier():
            name = self.outer(whole_name(self.scope.program, node), "given")
            self.outside.compute(node, name, demand)
            return name
        return code.text

    def _ahead(self, ahead: ToCome, body: ir.Node) -> None:
        """The steps of a value from outside the loop that it has not reached."""
        name = self._whole(body, "value")
        part = self.scope.use("from_each_step" if ahead.backward else "up_to_each_step")
        variable = self.names.fresh(f"{name}_{'from' if ahead.backward else 'up_to'}_{self.index}")
        self.stepped.append(Stepped(call(part, name, str(body.axes.index(self.loop.time))), variable))
        self.inner.bound[ahead] = Code(variable)

    def _read(self, code: Code, place: int, name: str) -> Code:
        """A tensor's value at the present step."""
        variable = self.names.fresh(f"{name}_{self.index}")
        self.stepped.append(Stepped(Code(f"{code.text}.unbind({place})"), variable))
        return Code(variable)

    def _start(self, run: Chain) -> None:
        """The value carried into the first step."""
        scope = self.scope
        first, *others = run.names
        for node, name in zip(run.nodes, run.names, strict=True):
            if node is not None:
                self.inner.bound[self.step.at[node]] = Code(name)
        if not self.loop.backward and run.guarded(only_after_the_first(self.step, self.loop)):
            given = f"start.get({key})" if (key := given_start(scope, run.initial)) else "None"
            scope.body.write(f"{first} = {given}  # the first step reads none")
            return
        value = start(scope, run.carried, run.initial, self.loop.time, self.noise.get(run.carried))
        if self._is_point(run):  # a derivative by the value of the step before is none by those further back
            for each in others:
                self.outside.assign(None, each, value, span_of=run.carried)
            others = []
        value = self._carried(run, value, f"{value.text}.clone()" if value.text.isidentifier() else value.text)
        targets = " = ".join([*others[::-1], first, *filter(None, [run.start])])
        if key := given_start(scope, run.initial):
            self.outside.either(f"{key} in start", targets, Code(f"start[{key}]"), value, run.carried)
            return
        self.outside.assign(None, targets, value, span_of=run.carried)

    def _carried(self, run: Chain, value: Code, tracked: str = "") -> Code:
        """A value as the next step reads it: cut off from the steps before where no gradient passes through the loop;
        where a derivative by it is taken, a tensor of its own, ``tracked``."""
        point = self._is_point(run)
        if self.stopped:
            cut = method(value, "detach")
            return method(cut, "requires_grad_") if point else cut
        return Code(tracked) if point and tracked else value

    def _is_point(self, run: Chain) -> bool:
        """Is a derivative by the value of the step before taken?"""
        return any(each.wrt in run.nodes for each in self.derivatives)

    # -- the loop --------------------------------------------------------------------------------------

    def _body(self, runs: list[Chain]) -> Body:
        """The statements of one step."""
        inner, at = self.inner, self.step.at
        preparation = type(self.outside)(inner)
        preparation.go_on_from(self.outside)
        roots = [at[node] for node in dict.fromkeys((*self.loop.carried, *self.loop.kept))]
        preparation.branch(roots)
        own = () if self.stopped else self.loop.previous
        preparation.differentiated = {at[each.wrt] for each in self.derivatives if each.wrt in self.loop.members}
        for each in dict.fromkeys(each.wrt for each in self.derivatives if each.wrt in own):
            preparation.differentiable(at[each])
        for node in dict.fromkeys((*self.loop.carried, *self.loop.kept)):
            preparation.prepare(at[node])
            if at[node] not in inner.bound and not isinstance(node, ir.Pair):
                name = inner.names.fresh(f"{self._name(node)}_{self.index}")
                preparation.compute(at[node], name, inner.kind(at[node]))
        return inner.body

    def _lists(self, body: Body) -> dict[str, Code]:
        """The lists that keep steps: one for each variable of the body that something outside reads."""
        by_code: dict[str, list[ir.Node]] = {}
        for node in self.loop.kept:
            one = node.body if isinstance(node, ir.Prefix) else node  # outside, the steps so far are all steps
            by_code.setdefault(self.inner.bound[self.step.at[one]].text, []).append(node)
        lists = {}
        for text, nodes in by_code.items():
            whole = text.removesuffix(f"_{self.index}") if text.isidentifier() else self._name(nodes[0])
            name = self.outer(f"{whole}_steps", "steps")
            self.kept[name] = (whole, nodes)
            lists[name] = Code(text)
        return lists

    def _name(self, node: ir.Node) -> str:
        """What a member of a loop is called, all steps together."""
        if isinstance(node, ir.Draw):
            return self.outside.variable(node)
        if isinstance(node, ir.State):
            return node.site
        if isinstance(node, ir.Head) and node.family:
            return f"{self.scope.network(node.call.network).name}_{node.name}"
        if isinstance(node, ir.FirstStep) and isinstance(node.rest, ir.Head):
            return self._name(node.rest)
        return notation(self.scope.program, node)

    def _carry(self, runs: list[Chain], body: Body) -> None:
        """What the next step calls the step before."""
        targets: list[str] = []
        values: list[str] = []
        for run in runs:
            newest = self.inner.bound[self.step.at[run.carried]].text
            if run.lengths is not None:
                axes = tuple(axis for axis in run.carried.axes if axis != self.loop.time)
                ends = aligned_ends(self.inner, run.lengths, axes, expression)
                newest = call(self.scope.use("until_end"), self.index, ends, newest, run.start).text
            targets += run.names
            values += [self._carried(run, Code(newest)).text, *run.names[:-1]]
        if targets:
            body.write(f"{', '.join(targets)} = {', '.join(values)}", self.inner.span(self.loop.carried[0]))

    # -- after the loop --------------------------------------------------------------------------------

    def _last(self, end: ir.AtStep, runs: list[Chain]) -> None:
        """The value of the last step, which the loop leaves as the one before the next."""
        name = next(run.names[0] for run in runs if run.carried is end.body)
        named = f"{self._name(end.body)}_{self.loop.time.size or 'T'}"
        self.outside.assign(end, self.scope.names.fresh(named), Code(name))

    def _stack(self, name: str) -> None:
        """All steps of a value as one tensor."""
        whole, nodes = self.kept[name]
        target = self.scope.names.fresh(whole)
        steps = f"{name}[::-1]" if self.loop.backward else name
        self.outside.assign(nodes[0], target, stacked(steps, nodes[0].axes.index(self.loop.time)))
        self.scope.bound |= dict.fromkeys(nodes, Code(target))
