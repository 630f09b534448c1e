"""Writing the loop over the steps of recurrent draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.laws import facts
from formula2dgm.codegen.notation import notation
from formula2dgm.codegen.python import Code, call, method
from formula2dgm.codegen.recurrence import Loop, at_step, shifted, stacked, step_scope, without_time
from formula2dgm.codegen.refusals import recurrent_value
from formula2dgm.codegen.shapes import like_tensor
from formula2dgm.ir import nodes as ir

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation


class LoopWriter:
    """All steps of the recurrent draws: noise for all at once, one step after another, the steps as one tensor."""

    def __init__(self, preparation: Preparation, loop: Loop):
        self.outside = preparation
        self.scope = preparation.scope
        self.loop = loop
        self.index = self.scope.names.fresh(loop.time.name)
        steps, leaves = without_time(self.scope.program.arena, loop)
        self.steps = steps
        self.inner = step_scope(self.scope, steps, self.index)
        self.leaves = leaves
        self.before: dict[str, tuple[str, str]] = {}

    def write(self) -> None:
        """Write the loop and bind what it leaves."""
        scope, loop = self.scope, self.loop
        for draw in loop.draws:
            self.before[draw.site] = self._start(draw)
        for outer, leaf in self.leaves.items():
            self.inner.bound[leaf] = self._outer(outer)
        lists = {node: scope.names.fresh(f"{self._kept_name(node)}_steps") for node in loop.kept}
        for name in lists.values():
            scope.body.write(f"{name} = []")
        scope.body.write(f"for {self.index} in range({scope.size(loop.time)}):")
        self._step(lists)
        for node, name in lists.items():
            target = scope.names.fresh(self._kept_name(node))
            self.outside.assign(node, target, stacked(name, node.axes.index(loop.time)))
        self._shift()

    def _start(self, draw: ir.Draw) -> tuple[str, str]:
        """The noise of all steps and the value before the first: the names of the initial and the running value."""
        scope, fact = self.scope, facts(draw.law)
        if fact.noise != "standard":
            raise recurrent_value(draw.site, draw.law.family, scope.span(draw))
        variable, place = self.outside.variable(draw), draw.axes.index(self.loop.time)
        said = f"{draw.site} ~ {draw.law.label}: step by step, because each step needs the one before"
        scope.body.comment(said, scope.span(draw))
        shape, noise = self.outside.shape(draw, variable), scope.names.fresh(f"{variable}_noise")
        fresh = call(scope.use(fact.draw_noise), shape, like_tensor(scope, draw))
        self.outside.noise(noise, draw.site, shape, fresh, draw)
        self.inner.step_noise[draw.site] = at_step(Code(noise), place, self.index)
        running = scope.names.fresh(f"{variable}_previous")
        later = self._is_read(self.loop.previous[draw.site])
        initial = scope.names.fresh(f"{variable}_initial") if later else running
        first = at_step(Code(noise), place, "0")
        match self.loop.previous[draw.site].initial:
            case ir.Const(0):
                value = call("torch.zeros_like", first)
            case ir.Const(number):
                value = call("torch.full_like", first, repr(number))
            case node:
                value = method(expression(scope, node, "value"), "expand_as", first)
        self.outside.assign(None, f"{initial} = {running}" if later else running, value, span_of=draw)
        return initial, running

    def _outer(self, node: ir.Node) -> Code:
        """A value from outside the loop, as its body reads it."""
        if isinstance(node, ir.Previous):
            return Code(self.before[node.site][1])
        code = expression(self.scope, node, "value")
        if not code.text.isidentifier():
            name = self.scope.names.fresh(notation(self.scope.program, node), "given")
            self.outside.assign(node, name, code)
            code = Code(name)
        return at_step(code, node.axes.index(self.loop.time), self.index)

    def _kept_name(self, node: ir.Node) -> str:
        """What a member of a loop is called, all steps together."""
        if isinstance(node, ir.Draw):
            return self.outside.variable(node)
        if isinstance(node, ir.Head) and node.family:
            return f"{self.scope.network(node.call.network).name}_{node.name}"
        return notation(self.scope.program, node)

    def _step(self, lists: dict[ir.Node, str]) -> None:
        """The body of the loop."""
        inner, steps = self.inner, self.steps
        preparation = type(self.outside)(inner)
        for draw in self.loop.draws:
            preparation.prepare(steps[draw])
        for node, name in lists.items():
            value = expression(inner, steps[node], "number" if inner.is_number(steps[node]) else "value")
            inner.body.write(f"{name}.append({value.text})", inner.span(node))
        for draw in self.loop.draws:
            inner.body.write(f"{self.before[draw.site][1]} = {inner.bound[steps[draw]].text}", inner.span(draw))
        self.scope.body.lines += inner.body.lines

    def _shift(self) -> None:
        """The step before, for all steps at once, where something outside the loop reads it."""
        for draw in self.loop.draws:
            previous, place = self.loop.previous[draw.site], draw.axes.index(self.loop.time)
            if self._is_read(previous):
                name = self.scope.names.fresh(f"{self.outside.variable(draw)}_before")
                value = shifted(self.before[draw.site][0], self.scope.bound[draw].text, place)
                self.outside.assign(previous, name, value)

    def _is_read(self, node: ir.Node) -> bool:
        later = [each for each in self.outside.expected if each not in self.loop.members]
        return any(child is node for each in later for child in each.children)
