"""What is verified: an objective of its own copies of the networks, with random parameters, and its program as read."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm import api, driver
from formula2dgm.ir.program import Program
from formula2dgm.options import make_options
from formula2dgm.records import dataclass
from formula2dgm.runtime.bindings import describe
from formula2dgm.runtime.objective import Objective


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """While schedules and other numbers of a module are of a dtype, as they are in a program that runs in it."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


#: The size of data whose shape neither the formula nor the call says.
SIZE = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """An objective in float64, and the program that it was compiled from, before any pass.

    formula, bindings, options    the call of ``f2d.compile`` that makes it, sizes of all data among the options
    """

    objective: Objective
    program: Program
    formula: Any
    bindings: dict[str, object]
    options: dict[str, Any]

    def again(self, formula: Any = None, **options: Any) -> Objective:
        """Another objective of the same networks and parameters."""
        settings = {**self.options, **options}
        with default_dtype(torch.float64):
            return _judged(
                api.compile(self.formula if formula is None else formula, weights_of=self.objective, **settings)
            )


def subject(formula: Any, bindings: Mapping[str, object] | None, options: Mapping[str, Any]) -> Subject:
    """The subject of a call of ``f2d.compile``. Raises :class:`FormulaError` for what it refuses."""
    settings = dict(options)
    macros, labels = settings.pop("macros", ()), settings.pop("labels", ())
    labels = (labels,) if isinstance(labels, str) else labels
    own = copy.deepcopy(dict(bindings or {}))
    described = describe(own).bindings
    settings["dims"] = dict(settings.get("dims") or {})

    def read() -> Program:
        return driver.analyse(formula, described, make_options(**settings), macros, labels)

    program = read()
    unsized = (each for each in program.inputs if each.shape is None and each.support != "category")
    settings["dims"] |= dict.fromkeys((each.name for each in unsized), SIZE)
    program = read()
    given = {**settings, "macros": macros, "labels": labels}
    with default_dtype(torch.float64):
        objective = _judged(api.compile(formula, own, **given))
    return Subject(objective, program, formula, own, given)


def _judged(objective: Objective) -> Objective:
    """In float64, without what differs from call to call: dropout, and statistics of the batch."""
    objective.double().eval()
    objective.check_values = type(objective.check_values)()
    return objective


def scatter(objective: Objective, generator: torch.Generator) -> None:
    """Other parameters: each weight times a positive number, zeros away from 0, signs as they are."""
    with torch.no_grad():
        for each in [*objective.parameters(), *_targets(objective)]:
            if each.is_floating_point():
                drawn = 0.5 * torch.randn(each.shape, generator=generator, dtype=torch.float64).to(each)
                each.copy_(torch.where(each == 0, drawn, each * drawn.exp()))


def _targets(objective: Objective) -> list[Tensor]:
    """The weights of moving averages, which no optimiser owns."""
    owners = [getattr(objective, each.owner.name) for each in objective.program.targets]
    kept = {id(each) for each in objective.parameters()}
    found = [one for each in owners for one in (each.parameters() if isinstance(each, nn.Module) else (each,))]
    return [each for each in found if id(each) not in kept]


def example(
    objective: Objective, n: int, seed: int, steps: int | None = None
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Random data of n examples and noise that fits them, in float64; ``steps``: of sequences the first ones alone."""
    torch.manual_seed(seed)
    batch = {name: _double(each) for name, each in objective.example_batch(n).items()}
    if steps is not None:
        arguments = objective.generated.arguments
        for each in objective.inputs:
            place = next((place for place, axis in enumerate(each.axes) if axis.kind == "time"), None)
            if place is not None:
                name = arguments[each.name]
                batch[name] = batch[name].narrow(place, 0, min(steps, batch[name].shape[place]))
    noise = {name: _double(each) for name, each in objective.example_noise(n, **batch).items()}
    return batch, noise


def _double(value: Any) -> Any:
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value
