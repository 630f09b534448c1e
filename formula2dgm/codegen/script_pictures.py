"""What a script can draw of a model: new steps of sequences beside given ones, a map of its latent values."""

from __future__ import annotations

from collections.abc import Mapping

from formula2dgm.codegen.names import argument
from formula2dgm.codegen.python import quoted
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Input, Program


def is_sequence(each: Input) -> bool:
    """Has one example of it steps?"""
    return any(axis.kind == "time" for axis in each.axes)


def rolls(program: Program, generated: str) -> Mapping[str, object] | None:
    """The data whose new steps can be seen beside given ones, and how to draw them; None for sequences that end at
    steps of their own, and where the model makes no data of steps."""
    timed = [each.name for each in program.inputs if is_sequence(each)]
    rollout = program.rollout
    if rollout is None or any(each.name == LENGTHS for each in program.inputs):
        return None
    made = [name for name, _ in rollout.values if name in timed and name == argument(name)]
    if not made or len({axis.size for each in program.inputs for axis in each.axes if axis.kind == "time"}) > 1:
        return None
    given = "".join(f"{quoted(each)}, " for each in rollout.inputs).strip()
    files = ", ".join(f"{quoted(each)}: {quoted(f'_{each}' if len(made) > 1 else '')}" for each in made)
    return {"made": made, "files": f"{{{files}}}", "given": given, "continues": "    def filter(" in generated}


def latents(program: Program) -> Mapping[str, str] | None:
    """The first Normal that a network makes of data alone and that is drawn from, one for each example: the call of its
    network, whose mean is a place on a map, and the data that are classes."""
    if any(each.name == LENGTHS for each in program.inputs):
        return None
    for site in program.sites:
        if site.law is None or site.law.family != "Normal" or {axis.kind for axis in site.axes} - {"batch", "sample"}:
            continue
        call = {each.call for _, each in site.law.params if isinstance(each, ir.Head) and each.family == "Normal"}
        args = next(iter(call)).args if len(call) == 1 else ()
        if len(site.law.params) == 2 and args and all(isinstance(each, ir.Data) for each in args):
            given = ", ".join(f"data[{quoted(argument(each.name))}]" for each in args if isinstance(each, ir.Data))
            axes = [each.axes for each in args]
            classes = [each for each in program.inputs if each.support == "category" and each.axes == axes[0]]
            label = argument(classes[0].name) if classes else ""
            return {"call": f"run.shown.{next(iter(call)).network}({given})", "classes": label}
    return None
