"""What a row of docs/models.md says: a formula of this folder, compiled with default networks in double precision, and
its values and gradients beside the literal reference and beside a loop that a person wrote."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm import driver
from formula2dgm.options import make_options
from formula2dgm.runtime.bindings import describe
from formula2dgm.runtime.reference import Reference

FORMULAS = Path(__file__).parent / "formulas"
ROWS = 3

#: The loss of an objective's networks, of a batch and of noise, by hand.
Oracle = Callable[[Any, Any, Any], Tensor]


class Named(dict[str, Any]):
    """A batch or noise, whose values are read as attributes, too."""

    __getattr__ = dict.__getitem__


@dataclass(frozen=True)
class Model:
    """A formula of the table, and its loss by hand, for each player where there are several."""

    name: str
    title: str
    oracles: Mapping[str, Oracle]
    group: str
    bindings: Callable[[], dict[str, object]] = dict
    #: The network that the text trains, where it holds others constant.
    trains: str = ""

    @property
    def path(self) -> Path:
        return FORMULAS / f"{self.name}.txt"

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Measured:
    """The lines of the loss and of the module; the greatest differences to the reference and to the code by hand."""

    loss_lines: int
    module_lines: int
    value: float
    gradient: float
    value_by_hand: float
    gradient_by_hand: float


def compiled(model: Model) -> tuple[f2d.Objective, dict[str, object]]:
    """The objective in double precision, and what was bound."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        bound = model.bindings()
        return f2d.compile(model.text, bound, scaffold=True), bound
    finally:
        torch.set_default_dtype(before)


def measured(model: Model) -> Measured:
    """The lines and the differences of a model, the greatest of its players."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return _measured(model)
    finally:
        torch.set_default_dtype(before)


def _measured(model: Model) -> Measured:
    objective, bound = compiled(model)
    torch.manual_seed(1)
    data = {key: _double(each) for key, each in objective.example_batch(ROWS).items()}
    noise = {key: _double(each) for key, each in objective.example_noise(**data).items()}
    described = describe(bound)
    program = driver.analyse(model.text, described.bindings, make_options(scaffold=True))
    networks = {each.name: getattr(objective, each.name) for each in program.networks}
    tensors = {each.name: getattr(objective, each.name) for each in program.parameters}
    found: list[tuple[float, float]] = []
    by_hand: list[tuple[float, float]] = []
    for player in model.oracles:
        chosen = {"player": player} if player else {}
        own = _trained(model, objective, player)
        loss = objective(**data, noise=noise, **chosen).loss
        judge = Reference(program, networks, data, noise, parameters=tensors).run(player or None).loss
        wanted = model.oracles[player](objective, Named(data), Named(noise))
        ours = _gradients(loss, own)
        assert any(each.any() for each in ours), f"{model.name}: nothing has a gradient"
        found.append(_apart(loss, ours, judge, own))
        by_hand.append(_apart(loss, ours, wanted, own))
    return Measured(
        _lines_of_loss(objective.source),
        _written(objective.source.splitlines()),
        max(each[0] for each in found),
        max(each[1] for each in found),
        max(each[0] for each in by_hand),
        max(each[1] for each in by_hand),
    )


def _trained(model: Model, objective: Any, player: str) -> list[nn.Parameter]:
    if player:
        return list(objective.player_parameters(player))
    return list((getattr(objective, model.trains) if model.trains else objective).parameters())


def _double(value: Any) -> Any:
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value


def _gradients(loss: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))


def _apart(loss: Tensor, ours: list[Tensor], other: Tensor, parameters: list[nn.Parameter]) -> tuple[float, float]:
    """How far a loss and its gradients are from another loss and its own; relatively, where these are above 1."""
    assert loss.shape == other.shape == (), f"{tuple(loss.shape)} beside {tuple(other.shape)}"
    theirs = _gradients(other, parameters)
    apart = [
        ((mine - yours).abs() / yours.abs().clamp(min=1)).max().item() for mine, yours in zip(ours, theirs, strict=True)
    ]
    return abs(loss.item() - other.item()) / max(1.0, abs(other.item())), max(apart)


# -- lines ---------------------------------------------------------------------------------------------


def _lines_of_loss(source: str) -> int:
    """The written lines of the methods that compute the loss: forward, and those of the players that it calls."""
    lines = source.splitlines()
    (made,) = (each for each in ast.parse(source).body if isinstance(each, ast.ClassDef) and each.name == "Objective")
    methods = {each.name: each for each in made.body if isinstance(each, ast.FunctionDef)}
    names = ["forward", *(name for name in methods if name.endswith("_objective"))]
    return sum(_written(lines[methods[name].lineno - 1 : methods[name].end_lineno]) for name in names)


def _written(lines: list[str]) -> int:
    """The lines that are not empty."""
    return sum(bool(each.strip()) for each in lines)
