"""Generated code against the literal reference: loss, terms, contributions and the gradient of every parameter."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from formula2dgm.diagnostics import FormulaError
from formula2dgm.ir.program import Program
from formula2dgm.runtime.objective import Objective
from formula2dgm.runtime.reference import Reference
from formula2dgm.verification.findings import Comparison
from formula2dgm.verification.subject import Subject, default_dtype, example, scatter

#: Numbers of examples: one shows what broadcasts by accident, odd ones that no axis is taken for another.
BATCHES = (1, 3, 7)
#: Of sequences whose paths are too many for the reference.
FEW_STEPS = 2
ALLOWED = {torch.float64: 1e-9, torch.float32: 1e-3}


def compared(subject: Subject, seeds: int, draws: str = "") -> Iterator[Comparison | str]:
    """The comparisons of one objective, called after its ``draws``; a sentence for a batch that the formula cannot be
    evaluated on."""
    for seed in range(seeds):
        scatter(subject.objective, torch.Generator().manual_seed(seed))
        for n in BATCHES:
            try:
                yield from _of_size(subject, n, seed, draws)
            except FormulaError as error:
                yield f"a batch of {n}: {error.diagnostics[0].message}"


def _of_size(subject: Subject, n: int, seed: int, draws: str) -> Iterator[Comparison | str]:
    """A batch of n examples; where the reference has too many paths to go through, of the first steps alone."""
    case = f"{n} examples, seed {seed}"
    for steps in (None, FEW_STEPS):
        try:
            batch, noise = example(subject.objective, n, seed, steps)
            found = list(_of_batch(subject, batch, noise, case, draws))
        except ValueError as error:
            if isinstance(error, FormulaError) or steps is not None:
                raise
        else:
            yield from found
            return


def _of_batch(
    subject: Subject, batch: Mapping[str, Tensor], noise: Mapping[str, Tensor], case: str, draws: str
) -> Iterator[Comparison | str]:
    objective, program = subject.objective, subject.program
    for player in objective.players or (None,):
        own = f"{case}, player {player}" if player else case
        judge = Reference(program, *_owned(objective, program, batch, noise)).run(player)
        if judge.loss.isnan().any():
            yield f"{own}: the formula itself is not a number there"
            continue
        expected = _numbers(judge, objective)
        for dtype in (torch.float64, torch.float32):
            kind = f"generated code, reference: {str(dtype).removeprefix('torch.')}{draws}"
            ours = objective if dtype == torch.float64 else copy.deepcopy(objective).float()
            chosen: dict[str, Any] = {"player": player} if player else {}
            data = {name: _cast(each, dtype) for name, each in batch.items()}
            with default_dtype(dtype):
                out = ours(**data, noise={name: _cast(each, dtype) for name, each in noise.items()}, **chosen)
                found = _numbers(out, ours)
            for name in dict.fromkeys((*expected, *found)):
                yield Comparison(kind, name, own, _difference(found.get(name), expected.get(name)), ALLOWED[dtype])


def _owned(
    objective: Objective, program: Program, batch: Mapping[str, Tensor], noise: Mapping[str, Tensor]
) -> tuple[dict[str, Any], Mapping[str, Tensor], Mapping[str, Tensor], dict[str, Any], dict[str, Any]]:
    """Networks, data, noise, hyperparameters and tensors by the program's names, as the reference takes them."""
    arguments = objective._facts.generated.arguments
    networks = {each.name: getattr(objective, each.name) for each in program.called}
    tensors = {each.name: getattr(objective, each.name) for each in program.tensors if hasattr(objective, each.name)}
    inputs = {each.name: batch[arguments.get(each.name, each.name)] for each in program.inputs}
    numbers = {each.name: getattr(objective, arguments[each.name], each.default) for each in program.hyperparameters}
    return networks, inputs, noise, numbers, tensors


def _numbers(result: Any, objective: Objective) -> dict[str, Tensor]:
    """All that is compared, by name."""
    parameters = dict(objective.named_parameters())
    settings: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    loss = result.loss.sum()
    gradients = torch.autograd.grad(loss, list(parameters.values()), **settings) if loss.requires_grad else ()
    return {
        "the loss": result.loss,
        **{f"the term {name}": each for name, each in result.terms.items()},
        **{f"the contribution {name}": each for name, each in result.contributions.items()},
        **{f"the gradient of {name}": each for name, each in zip(parameters, gradients, strict=False)},
    }


def _difference(ours: Tensor | None, theirs: Tensor | None) -> float:
    """The largest difference in units of the largest number, of a tensor of small numbers in units of 1."""
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return float("inf")
    if not ours.numel():
        return 0.0
    ours, theirs = ours.detach().double(), theirs.detach().double()
    apart = (ours - theirs).abs()
    apart = torch.where((ours == theirs), torch.zeros_like(apart), apart)  # infinities that are equal
    found = (apart.max() / theirs.abs().max().clamp(min=1.0)).item()
    return found if found == found else float("inf")


def _cast(value: Any, dtype: torch.dtype) -> Any:
    """A tensor of numbers in another dtype; counts, ``batch_size``, as they are."""
    return value.to(dtype) if isinstance(value, Tensor) and value.is_floating_point() else value
