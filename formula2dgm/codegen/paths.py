"""Paths of differential equations: one function says how the state changes, one call walks the whole path.

z at t_0 of dz/dt = f(z, t), x at t_1, and the integral of a trace    becomes

def change(z_t: Tensor, t: Tensor) -> tuple[Tensor, ...]:
    f = self.f(z_t, t)
    return f, jacobian_trace(f, z_t, 1)

z_0, integral = follow_path(change, x, 1.0, 0.0, steps=20, lead=1)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formula2dgm.codegen.expressions import aligned, expression
from formula2dgm.codegen.notation import definition_name, notation
from formula2dgm.codegen.python import Body, Code, call
from formula2dgm.codegen.uses import Demand
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.spans import Span

#: Longer numbers that are integrated are computed in lines of their own.
LONGEST = 60

if TYPE_CHECKING:
    from formula2dgm.codegen.statements import Preparation


def path_of(node: ir.Solution | ir.PathIntegral) -> ir.Solution:
    """The path that a node is the end of, or an integral along."""
    return node.path if isinstance(node, ir.PathIntegral) else node


def paths_in(nodes: Iterable[ir.Node]) -> list[PathWriter]:
    """The paths among nodes, each with all that is wanted of it."""
    found: dict[ir.Solution, list[ir.PathIntegral]] = {}
    for node in nodes:
        if isinstance(node, ir.Solution | ir.PathIntegral):
            found.setdefault(path_of(node), []).extend([node] if isinstance(node, ir.PathIntegral) else [])
    return [PathWriter(path, tuple(dict.fromkeys(integrals))) for path, integrals in found.items()]


@dataclass(frozen=True)
class PathWriter:
    """Writes one path, with the integrals along it."""

    path: ir.Solution
    integrals: tuple[ir.PathIntegral, ...]

    @property
    def roots(self) -> list[ir.Node]:
        """What is computed at every point."""
        return [self.path.field, *(each.integrand for each in self.integrals)]

    @property
    def needs(self) -> list[ir.Node]:
        """What is computed before: where the path begins and ends, and what does not change along it."""
        path, roots = self.path, self.roots
        moving: set[ir.Node] = {path.state, path.time}
        fixed: dict[ir.Node, None] = {}
        for node in walk(*roots):  # children before parents
            if any(each in moving for each in node.children):
                moving.add(node)
        for node in walk(*roots):
            if node in moving:
                fixed |= dict.fromkeys(each for each in node.children if each not in moving)
        fixed |= dict.fromkeys(each for each in roots if each not in moving)
        return [path.state.start, path.begin, path.end, *fixed]

    def write(self, outer: Preparation, inner: Preparation) -> None:
        """The function and the call; ``inner`` prepares what is computed at every point."""
        inner.expect(self.roots)
        inner.go_on_from(outer)
        scope, path = outer.scope, self.path
        program, span = scope.program, scope.span(path)
        start = notation(program, path.state.start)
        said = f"d{path.state.name}/d{path.time.name} = {notation(program, path.field)}"
        ends = [notation(program, each) for each in (path.begin, path.end)]
        where = f"from {start} at {path.time.name} = {ends[0]} to {path.time.name} = {ends[1]}"
        if not scope.body.lines:
            scope.body.lines.append(("", None))  # between a docstring and a function
        scope.body.comment(f"{said}, {where} in {path.steps} Runge-Kutta steps", span)
        change = scope.names.fresh("change")
        lines = self._function(outer, inner, change)
        scope.body.lines += lines
        scope.body.gap()
        end = scope.names.fresh(definition_name(program, path) or f"{path.state.name} end")
        targets = [end, *(scope.names.fresh(f"integral along {path.state.name}") for _ in self.integrals)]
        between = [expression(scope, each) for each in (path.begin, path.end)]
        value = expression(scope, path.state.start, "number" if path.event == "number" else "value")
        settings = (f"steps={path.steps}", f"lead={len(path.state.axes)}")
        walked = call(scope.use("follow_path"), change, value, *between, *settings)
        outer.assign(None, ", ".join(targets) if len(targets) > 1 else f"({end},)", walked, span_of=path)
        scope.bound[path] = Code(end)
        scope.bound |= {each: Code(name) for each, name in zip(self.integrals, targets[1:], strict=True)}

    def _function(self, outer: Preparation, inner: Preparation, change: str) -> list[tuple[str, Span | None]]:
        """What the equation says of a point at a time; what it computes is known inside of it alone."""
        scope, path = outer.scope, self.path
        outside, bound, names = scope.body, dict(scope.bound), scope.names
        scope.body, scope.names = Body(outside.indent), names.inside()
        state = scope.names.fresh(f"{path.state.name}_{path.time.name}")
        time = scope.names.fresh(path.time.name)
        if path.state in inner.differentiated:
            scope.body.write("@torch.enable_grad()")
        scope.body.write(f"def {change}({state}: Tensor, {time}: Tensor) -> tuple[Tensor, ...]:", scope.span(path))
        scope.body.indent += 4
        scope.bound |= {path.state: Code(state), path.time: Code(time)}
        if path.state in inner.differentiated:
            tracked = Code(f"{state} if {state}.requires_grad else {state}.detach().requires_grad_()")
            inner.assign(path.state, state, tracked)
        head = len(scope.body.lines)
        for each in self.roots:
            inner.prepare(each)
        demand: Demand = "number" if path.event == "number" else "value"
        if path.field not in scope.bound:
            inner.compute(path.field, scope.names.fresh(f"d{path.state.name}"), demand)
        for each in self.integrals:
            if len(expression(scope, each.integrand).text) > LONGEST and each.integrand not in scope.bound:
                inner.compute(each.integrand, scope.names.fresh("integrand"))
        values = [expression(scope, path.field, demand)]
        values += [aligned(scope, each.integrand, each.axes) for each in self.integrals]
        result = ", ".join(each.text for each in values) if len(values) > 1 else f"({values[0].text},)"
        scope.body.write(f"return {result}", scope.span(path))
        written, scope.body, scope.names, scope.bound = scope.body.lines, outside, names, bound
        return written[:head] + written[head + (written[head][0] == "") :]
