"""``sample`` of a model of sequences: new steps from its beginning, or after given ones.

z_t ~ p(z_t|z_{t-1}), x_t ~ p(x_t|z_t)          becomes

def sample(self, n: int, T: int, *, start=None, noise=None, mean=False):
    z_previous = start["z"] if "z" in start else torch.zeros_like(z_noise[:, 0])
    for z_noise_t in z_noise.unbind(1):
        ...
"""

from __future__ import annotations

from formula2dgm.codegen.ancestral import joined, leaves, write_leaf, write_no_sample
from formula2dgm.codegen.constructor import write_signature
from formula2dgm.codegen.expressions import expression
from formula2dgm.codegen.names import Names
from formula2dgm.codegen.python import Body, quoted
from formula2dgm.codegen.recurrence import with_carried
from formula2dgm.codegen.refusals import NoOrderOfSteps
from formula2dgm.codegen.scope import Scope
from formula2dgm.codegen.shapes import UnknownShape
from formula2dgm.codegen.statements import Preparation, prepared_for
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Rollout
from formula2dgm.ir.program import Program
from formula2dgm.ir.rewrite import walk


def continues(rollout: Rollout) -> bool:
    """Can new steps go on from given ones: do they read the last of them alone, of which there is one an example?"""
    nodes = list(walk(*(node for _, node in rollout.values)))
    further = any(isinstance(each, ir.Previous) and each.lag > 1 for each in nodes)
    further |= any(isinstance(each, ir.Shifted) and each.by < -1 for each in nodes)
    further |= any(isinstance(each, ir.Prefix | ir.Sequence) for each in nodes)
    one = all([axis.kind for axis in node.axes if axis.kind != "plate"] == ["batch"] for _, node in rollout.last)
    return bool(rollout.last) and one and not further


def write_rollout(program: Program, rollout: Rollout, arguments: dict[str, str], used: dict[str, None]) -> Body | None:
    """The method that draws new steps; None where each of them waits for later ones, as when the formula lets its own
    data be read backwards. ``used`` takes the functions of the library that it calls."""
    own: dict[str, None] = {}
    try:
        written = _Rollout(program, rollout, arguments, own).written()
    except NoOrderOfSteps:
        return None
    used |= own
    return written


def names_in(nodes: list[ir.Node]) -> set[str]:
    """The inputs and hyperparameters that nodes read."""
    below = list(walk(*nodes))
    used = {node.name for node in below if isinstance(node, ir.Hyper | ir.Data)}
    used |= {axis.size for node in below for axis in node.axes if isinstance(axis.size, str)}
    return used | {LENGTHS for node in below if isinstance(node, ir.Lengths)}


def sizes_of_data(program: Program, arguments: dict[str, str], used: set[str]) -> dict[Axis, str]:
    """The expression for the number of given steps, which may be fewer than the formula says."""
    inputs = [each for each in program.inputs if each.name in used]
    return {
        axis: f"{arguments[each.name]}.shape[{place}]"
        for each in reversed(inputs)
        for place, axis in enumerate(each.axes)
        if axis.kind == "time"
    }


def timed_inputs(program: Program, rollout: Rollout) -> list[str]:
    """The inputs of new steps that run along them: actions; what stands beside all of them, a condition, does not."""
    timed = {each.name for each in program.inputs if any(axis.kind == "time" for axis in each.axes)}
    return [each for each in rollout.inputs if each in timed]


class _Rollout:
    def __init__(self, program: Program, rollout: Rollout, arguments: dict[str, str], used: dict[str, None]):
        self.program, self.rollout = program, rollout
        self.values = dict(rollout.values)
        self.given = [arguments[each] for each in rollout.inputs]
        known = {each: arguments[each] for each in rollout.inputs}
        known |= {each.name: f"self.{arguments[each.name]}" for each in program.hyperparameters}
        self.scope = Scope(
            program, Names({"n", "T", "start", "mean", *self.given}), known, library=used, started=continues(rollout)
        )
        batches = {axis for each in self.values.values() for axis in each.axes if axis.kind == "batch"}
        first = self.given[0] if self.given else ""
        self.timed = arguments[timed[0]] if (timed := timed_inputs(program, rollout)) else ""
        self.scope.sizes = dict.fromkeys(batches, f"{first}.shape[0]" if first else "n")
        if rollout.fixed is None:
            self.scope.sizes[rollout.time] = f"{self.timed}.shape[1]" if self.timed else "T"

    def written(self) -> Body:
        scope, head = self.scope, Body(4)
        self._signature(head)
        scope.body.write("noise = {} if noise is None else noise")
        if scope.started:
            scope.body.write("start = {} if start is None else start")
        if isinstance(self.rollout.steps, str) and not self.timed:
            scope.body.write(f"T = {scope.arguments[self.rollout.steps]} if T is None else T")
        try:
            self._draws()
        except UnknownShape as error:
            return write_no_sample(head, error)
        scope.body.gap()
        items = [f"{quoted(name)}: {expression(scope, each, 'value').text}" for name, each in self.values.items()]
        scope.body.write(f"return {{{', '.join(items)}}}")
        return joined(head, scope.body)

    def _signature(self, head: Body) -> None:
        positional = [f"{each}: Tensor" for each in self.given] or ["n: int"]
        positional += [] if self.timed or self.rollout.fixed is not None else [self._steps()]
        keywords = ["noise: Mapping[str, Tensor] | None = None", "mean: bool = False"]
        if self.scope.started:
            keywords = ["start: Mapping[str, Tensor] | None = None", *keywords]
        write_signature(head, "sample", positional, keywords, "dict[str, Tensor]")
        what = self._said()
        behind = ", or those behind the given ones that ``start`` stands for" if self.scope.started else ""
        head.write(f'    """{what}{behind};')
        head.write('    ``mean``: what nothing else depends on is its mean."""')

    def _said(self) -> str:
        """What the method draws."""
        if self.timed:
            return f"As many steps as {self.timed} has"
        many = f"for each example of {self.given[0]}" if self.given else ""
        if self.rollout.entries:
            return f"New values, entry by entry, {many}" if many else "n new values, entry by entry"
        return f"T steps of a new sequence {many}" if many else "T steps of n new sequences"

    def _steps(self) -> str:
        """The argument for the number of steps, with what the formula says of it."""
        match self.rollout.steps:
            case int(number):
                return f"T: int = {number}"
            case str():
                return "T: int | None = None"
            case None:
                return "T: int"

    def _draws(self) -> None:
        nodes = list(self.values.values())
        preparation = prepared_for(self.scope, nodes, "value")
        for name, _ in self.rollout.last if self.scope.started else ():
            drawn = self.values.get(name)
            if isinstance(drawn, ir.Draw) and self.rollout.time not in drawn.axes:
                self._kept(preparation, name, drawn)
        ends = leaves(with_carried(self.program, nodes))
        for each in nodes:
            if each not in ends:
                preparation.prepare(each)
        for leaf in ends:
            write_leaf(self.scope, preparation, leaf)

    def _kept(self, preparation: Preparation, name: str, node: ir.Draw) -> None:
        """A draw of no step: one for all of a sequence."""
        scope = self.scope
        preparation.prepare(node.law)
        outer, scope.body = scope.body, Body(scope.body.indent + 4)
        preparation.prepare(node)
        drawn, scope.body = scope.body, outer
        scope.body.write(f'if "{name}" in start:')
        scope.body.write(f'    {scope.bound[node].text} = start["{name}"]', scope.span(node))
        scope.body.write("else:")
        scope.body.lines += drawn.lines
