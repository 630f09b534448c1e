"""The head of a loop over time: the steps of what it reads, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formula2dgm.codegen.python import WIDTH, Body

if TYPE_CHECKING:
    from formula2dgm.codegen.loops import LoopWriter


def write_head(loop: LoopWriter, body: Body) -> None:
    """``for x_t, z_noise_t in zip(x.unbind(1), z_noise.unbind(1), strict=True):``."""
    scope, index = loop.scope, loop.index
    sources = [f"reversed({each.steps.text})" if loop.loop.backward else each.steps.text for each in loop.stepped]
    names = ", ".join(each.variable for each in loop.stepped)
    many = f"zip({', '.join(sources)}, strict=True)" if len(sources) > 1 else "".join(sources)
    count = f"range({scope.size(loop.loop.time)})"
    if not sources:
        line = f"for {index} in {f'reversed({count})' if loop.loop.backward else count}:"
    elif not loop.counts:
        line = f"for {names} in {many}:"
    elif not loop.loop.backward:
        line = f"for {index}, {f'({names})' if len(sources) > 1 else names} in enumerate({many}):"
    else:
        line = f"for {', '.join([index, names])} in zip({', '.join([f'reversed({count})', *sources])}, strict=True):"
    if scope.body.indent + len(line) <= WIDTH:
        scope.body.write(line)
        return
    for each in loop.stepped:
        plural = loop.outer(f"{each.variable.removesuffix(f'_{index}')}_by_step", "by_step")
        scope.body.write(f"{plural} = {each.steps.text}")
        margin = " " * body.indent
        body.lines.insert(0, (f"{margin}{each.variable} = {plural}[{index}]", None))
    scope.body.write(f"for {index} in {f'reversed({count})' if loop.loop.backward else count}:")
