"""New steps of sequences: from their beginning, or behind given ones."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from formula2dgm.codegen.rollouts import timed_inputs
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir.joints import Rollout
from formula2dgm.ir.program import Hyperparameter, Input
from formula2dgm.runtime.arguments import Arguments, canonical, given_noise, refuse
from formula2dgm.runtime.errors import refusal_of


class NewSteps:
    """The new steps of one objective."""

    def __init__(self, objective: Any):
        self.objective = objective
        self.facts = objective._facts
        self.program = self.facts.program
        self.keywords: dict[str, str] = self.facts.generated.arguments
        rollout: Rollout | None = self.program.rollout
        draw = getattr(objective, "_sample_model", None)
        if rollout is None or draw is None:
            hint = "steps are drawn where the formula has a density of each step given those before, p(z_t|z_{t-1})"
            raise refuse("F2D-0650", "the formula's own densities draw no new steps of a sequence", hint)
        self.rollout, self.draw = rollout, draw
        self.inputs = [self.keywords[each] for each in rollout.inputs]
        self.timed = [self.keywords[each] for each in timed_inputs(self.program, rollout)]

    def drawn(
        self,
        n: int | None,
        steps: int | None,
        start: Mapping[str, Tensor] | None,
        given: Mapping[str, Any],
        noise: Mapping[str, Tensor] | None,
        mean: bool,
    ) -> dict[str, Tensor]:
        """The new steps: of n sequences; with data of a prefix, or a start, behind those of each example."""
        for name, count in (("n", n), ("T", steps)):
            if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
                raise refuse("F2D-0708", f"{name}={count!r} is not a whole number above 0")
        data = self._by_keyword(given)
        if data.keys() - set(self.inputs):
            if start is not None:
                raise refuse("F2D-0652", "a start and the data of a prefix are both given", "pass one of them")
            start, data = self._filtered(data)
        options = {"mean": mean} | ({"start": self._start(start)} if start is not None else {})
        positional = self._counts(n, steps, start) if not self.inputs else self._data(data, n, steps, start)
        return self._called(positional, options, given_noise(self.program, noise))

    def _called(
        self, positional: list[Any], options: dict[str, Any], noise: dict[str, Tensor] | None
    ) -> dict[str, Tensor]:
        def again(other: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
            made: dict[str, Tensor] = self.draw(*positional, noise=other, **options)
            return made

        try:
            return again(noise)
        except Exception as error:
            refusal = refusal_of(error, self.facts, noise, again)
            if refusal is not None:
                raise refusal from error
            raise

    def _by_keyword(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The data by the keywords of the formula's names, however they are spelled."""
        found = {}
        known = {self.keywords[each.name] for each in self.program.inputs}
        for key, value in given.items():
            keyword = key if key in known else self.keywords.get(canonical(str(key)), str(key))
            if keyword not in known:
                shown = ", ".join(sorted(known)) or "none"
                raise refuse("F2D-0652", f"{key} is no data of the formula", f"the formula's data: {shown}")
            if not isinstance(value, Tensor):
                raise refuse("F2D-0603", f"{key} is a {type(value).__name__}, not a tensor")
            found[keyword] = value
        return found

    # -- what comes before -----------------------------------------------------------------------------

    def _filtered(self, data: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What a prefix carries to the new steps, and the new steps' own inputs: those behind the prefix."""
        find = getattr(self.objective, "filter", None)
        if find is None:
            hint = "sample(n, T=20) draws from the beginning; a prefix needs one posterior draw for each example, and a"
            hint += " model whose steps read the one before them alone"
            raise refuse("F2D-0651", "new steps of this formula cannot go on from given ones", hint)
        named = inspect.signature(find).parameters
        needed = [each for each in self.program.inputs if self.keywords[each.name] in named]
        prefix, own = self._split(data)
        hyper = tuple(each for each in self.program.hyperparameters if self.keywords[each.name] in named)
        prepared = self._checked(needed, hyper, prefix)
        try:
            start: dict[str, Tensor] = find(**prepared)
        except Exception as error:
            refusal: FormulaError | None = refusal_of(error, self.facts)
            if refusal is not None:
                raise refusal from error
            raise
        return start, own

    def _checked(self, inputs: list[Input], hyper: tuple[Hyperparameter, ...], data: dict[str, Any]) -> dict[str, Any]:
        """Data of these inputs, of any number of steps; what does not fit is refused."""
        unsized = tuple(replace(each, axes=tuple(replace(axis, size=None) for axis in each.axes)) for each in inputs)
        program = replace(self.program, objectives=(), inputs=unsized, hyperparameters=hyper)
        return Arguments(program, self.keywords, "objective.sample").prepare((), data, self.objective)

    def _split(self, data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The prefix, and the inputs of the steps behind it: inputs are given for both, as one sequence."""
        beside = {each: data[each] for each in self.inputs if each not in self.timed and each in data}
        timed = [
            self.keywords[each.name] for each in self.program.inputs if any(axis.kind == "time" for axis in each.axes)
        ]
        known = [data[each] for each in timed if each in data and each not in self.inputs and data[each].dim() > 1]
        if not self.timed or not known:
            return data, beside
        if LENGTHS in data:
            hint = "draw them by lengths: sequences of one length at a time"
            raise refuse("F2D-0651", f"{self.timed[0]} cannot go on behind prefixes of several lengths", hint)
        steps = known[0].shape[1]
        own = dict(beside)
        for each in self.timed:
            value = data.get(each)
            if value is None or value.dim() < 2 or value.shape[1] <= steps:
                has = "is missing" if value is None else f"has shape {tuple(value.shape)}"
                hint = f"pass the {each} of the prefix's {steps} steps and of the new ones as one sequence"
                raise refuse("F2D-0652", f"{each} {has}, but the new steps read it", hint)
            own[each] = value[:, steps:]
        return data | {each: data[each][:, :steps] for each in self.timed}, own

    def _start(self, start: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """A start that has all that is carried, for as many examples."""
        if "start" not in inspect.signature(self.draw).parameters:
            hint = "leave start out: sample(n, T=20) draws from the beginning"
            raise refuse("F2D-0651", "new steps of this formula cannot go on from given ones", hint)
        names = {name for name, _ in self.rollout.last}
        if not isinstance(start, Mapping) or start.keys() != names:
            has = ", ".join(map(str, start)) if isinstance(start, Mapping) else type(start).__name__
            wanted = ", ".join(sorted(names))
            raise refuse("F2D-0652", f"start has {has}, but the new steps read {wanted}", "objective.filter makes it")
        wrong = [name for name, value in start.items() if not isinstance(value, Tensor) or not value.dim()]
        if wrong or len({value.shape[0] for value in start.values()}) > 1:
            said = f"start's {wrong[0]} is no tensor [batch, event...]" if wrong else "start has several batch sizes"
            raise refuse("F2D-0652", said, "objective.filter makes it")
        return start

    # -- how many --------------------------------------------------------------------------------------

    def _counts(self, n: int | None, steps: int | None, start: Mapping[str, Tensor] | None) -> list[int]:
        """The numbers of sequences and of steps."""
        batch = self._batch(n, next(iter(start.values())).shape[0] if start else None)
        return [batch, *self._steps(steps)]

    def _steps(self, steps: int | None) -> list[int]:
        """The number of steps as the method takes it."""
        if self.rollout.fixed is not None:
            if steps not in (None, self.rollout.fixed):
                raise refuse("F2D-0652", f"T is {steps}, but there are {self.rollout.fixed} entries", "leave T out")
            return []
        if steps is None and self.rollout.steps is None:
            raise refuse("F2D-0652", "nothing says how many steps to draw", "pass T: objective.sample(8, T=20)")
        return [] if steps is None else [steps]

    def _data(
        self, data: dict[str, Tensor], n: int | None, steps: int | None, start: Mapping[str, Tensor] | None
    ) -> list[Any]:
        """The inputs of the new steps, which say how many examples there are, and how many steps where they run along
        them."""
        for each in self.inputs:
            if each not in data:
                hint = f"pass {each} as [batch, {'steps, ' if each in self.timed else ''}event...]"
                raise refuse("F2D-0652", f"{each} is missing, but the new steps read it", hint)
        self._checked([each for each in self.program.inputs if each.name in self.rollout.inputs], (), data)
        batch = data[self.inputs[0]].shape[0]
        self._batch(n, batch)
        if start:
            self._batch(next(iter(start.values())).shape[0], batch)
        given: list[Any] = [data[each] for each in self.inputs]
        if not self.timed:
            return given + self._steps(steps)
        length = data[self.timed[0]].shape[1]
        if steps not in (None, length):
            hint = f"leave T out, or pass {self.timed[0]} of as many new steps"
            raise refuse("F2D-0652", f"T is {steps}, but {self.timed[0]} has {length} new steps", hint)
        return given

    def _batch(self, n: int | None, known: int | None) -> int:
        if n is not None and known is not None and n != known:
            raise refuse("F2D-0652", f"n is {n}, but there are {known} examples", "leave n out")
        return known or n or 1
