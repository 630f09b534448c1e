"""A trained model from the folder of a run: :func:`load`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from formula2dgm import driver
from formula2dgm.codegen import generate
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes

if TYPE_CHECKING:
    from formula2dgm.runtime.objective import Objective


def load(folder: str | Path, bindings: Mapping[str, object] | None = None, *, edited: bool = False) -> Objective:
    """The trained objective of a run's folder, as its formula says it: with the weights and numbers of its last step.

    folder     what ``formula2dgm train``, a script or :func:`fit` left; its averaged weights where there are such
    bindings   the networks that were bound, where the run had networks of its own; their weights are filled in
    edited     the folder's ``model.py`` was edited where it does not matter; else that is an error (F2D-0690)

    Nothing in the folder is executed: the formula is compiled again, the weights are read as tensors.  The objective is
    in evaluation mode; ``objective.sample(16)`` draws, ``f2d.distribution("q(z|x)", weights_of=objective)`` encodes,
    ``f2d.compile(bound, weights_of=objective)`` is another bound of the same model.
    """
    import torch

    from formula2dgm.runtime import bindings as bound
    from formula2dgm.runtime import runs
    from formula2dgm.runtime.arguments import canonical
    from formula2dgm.runtime.loader import build
    from formula2dgm.runtime.origin import Origin

    run = runs.saved(folder)
    options = make_options(**run.options)
    first = driver.analyse(run.statements, bound.describe(bindings or {}).bindings, options)
    numbers = run.numbers(first)  # as they were trained with at last, whatever is bound to them
    given = {key: value for key, value in (bindings or {}).items() if canonical(key) not in numbers} | numbers
    described = bound.describe(given)
    program = run_passes(driver.analyse(run.statements, described.bindings, options))
    generated = generate(program)
    changed = runs.edited(generated.source, run.text) if run.text is not None and bindings is None else None
    if changed and not edited:
        says = f"'{Path(folder) / runs.SCRIPT}' {changed}"
        raise FormulaError(Diagnostic("F2D-0690", "error", says, None, runs.BIND))
    networks = {each.name: described.objects[each.binding] for each in program.networks if each.binding}
    tensors = {each.name: described.objects[each.binding] for each in program.parameters if each.binding}
    keywords = {each.name: generated.arguments[each.name] for each in program.inputs}
    shapes = {name: run.shapes[keyword] for name, keyword in keywords.items() if keyword in run.shapes}
    with torch.random.fork_rng([]):  # default networks draw the weights that are filled in
        objective = build(program, generated, networks, tensors, shapes, run.config.get("hidden", 128))  # type: ignore[arg-type]
    runs.fill(objective, run, folder)
    objective.__dict__["origin"] = Origin(given, dict(options.dims), options.scaffold)
    return objective.eval()
