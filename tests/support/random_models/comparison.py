"""One random model, compiled and compared with the literal reference, for each player, and in another spelling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from formula2dgm import mistakes
from formula2dgm.diagnostics import FormulaError
from formula2dgm.runtime.reference import Reference
from formula2dgm.verification.subject import Subject, default_dtype, example, subject
from tests.support.random_models.source import Model

#: Relative to the largest number of what is compared.
ALLOWED = 1e-9


@dataclass(frozen=True)
class Outcome:
    """What became of a model: ``agrees``, ``differs``, ``refused`` (a located error with a code), ``undefined`` (the
    formula is not a number there) or ``raised`` (anything else: a traceback that a user would see)."""

    kind: str
    detail: str = ""
    code: str = ""


def judge(model: Model, other: Model | None = None) -> Outcome:
    """The outcome of a model; ``other`` is the same one in another spelling, whose loss has to be the same."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with default_dtype(torch.float64):  # what the code makes of whole numbers, steps and counts, has it
                return _judge(model, other)
    except FormulaError as error:
        first = error.diagnostics[0]
        if first.code == mistakes.CODE:
            return Outcome("raised", first.message)
        return Outcome("refused", f"{first.code}: {first.message}", first.code)
    except Exception as error:  # whatever a user would see as a traceback
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        return Outcome("raised", f"{type(error).__name__}: {str(error)[:400]} at {where}")


def _judge(model: Model, other: Model | None) -> Outcome:
    made = subject(model.statements, model.bindings, model.options)
    data, noise = example(made.objective, model.batch, 0)
    second = subject(other.statements, other.bindings, other.options) if other is not None else None
    if second is not None and model.options.get("scaffold"):
        second.objective.load_state_dict(made.objective.state_dict())  # default networks begin at random
    for player in made.objective.players or (None,):
        judged = _reference(made, data, noise).run(player)
        if not judged.loss.isfinite().all():
            return Outcome("undefined", f"loss {judged.loss}")
        out = made.objective(**data, noise=noise, **({"player": player} if player else {}))
        if model.expected is not None:
            apart = difference(judged.loss, model.expected(made.bindings, data))  # type: ignore[arg-type]
            if not apart <= ALLOWED:
                return Outcome("differs", f"the formula by hand, {model.expected(made.bindings, data)}: {judged.loss}")
        found, expected = _numbers(out, made), _numbers(judged, made)
        for name in dict.fromkeys((*expected, *found)):
            allowed = model.slope if name.startswith("gradient") else ALLOWED
            apart = difference(found.get(name), expected.get(name))
            if not apart <= allowed:
                who = f" of player {player}" if player else ""
                return Outcome("differs", f"{name}{who}: {apart:.3g} apart, {found.get(name)} and {expected.get(name)}")
        if second is not None and (again := _spelled(second, data, noise, player, out.loss)):
            return again
    return Outcome("agrees")


def _spelled(
    second: Subject, data: Mapping[str, Tensor], noise: Mapping[str, Tensor], player: str | None, loss: Tensor
) -> Outcome | None:
    """The other spelling's loss, where it is another one."""
    if second.objective.players and player not in second.objective.players:
        return Outcome("differs", f"another spelling has the players {second.objective.players}")
    out = second.objective(**data, noise=noise, **({"player": player} if player else {}))
    apart = difference(out.loss, loss)
    if not apart <= ALLOWED:
        return Outcome("differs", f"another spelling: {second.formula}, loss {out.loss} and {loss}")
    return None


def _reference(made: Subject, data: Mapping[str, Tensor], noise: Mapping[str, Tensor]) -> Reference:
    """The reference with the networks and numbers of the objective, by the program's names."""
    objective, program = made.objective, made.program
    arguments = objective.generated.arguments
    tensors = {each.name: getattr(objective, each.name) for each in program.tensors if hasattr(objective, each.name)}
    return Reference(
        program,
        {each.name: getattr(objective, each.name) for each in program.called},
        {each.name: data[arguments.get(each.name, each.name)] for each in program.inputs},
        noise,
        {each.name: getattr(objective, arguments[each.name], each.default) for each in program.hyperparameters},
        tensors,
    )


def _numbers(result: Any, made: Subject) -> dict[str, Tensor]:
    """All that is compared, by name."""
    parameters = dict(made.objective.named_parameters())
    loss = result.loss.sum()
    settings: dict[str, Any] = {"allow_unused": True, "materialize_grads": True}
    gradients = torch.autograd.grad(loss, list(parameters.values()), **settings) if loss.requires_grad else ()
    return {
        "loss": result.loss,
        "value": result.value,
        **{f"term {name}": each for name, each in result.terms.items()},
        **{f"contribution {name}": each for name, each in result.contributions.items()},
        **{f"gradient of {name}": each for name, each in zip(parameters, gradients, strict=False)},
    }


def difference(ours: Tensor | None, theirs: Tensor | None) -> float:
    """The largest difference in units of the largest number, of a tensor of small numbers in units of 1."""
    if ours is None or theirs is None or ours.shape != theirs.shape:
        return float("inf")
    if not ours.numel():
        return 0.0
    ours, theirs = ours.detach().double(), theirs.detach().double()
    apart = torch.where(ours == theirs, torch.zeros_like(ours), (ours - theirs).abs())
    found = (apart.max() / theirs.abs().max().clamp(min=1.0)).item()
    return found if found == found else float("inf")
