"""Names that a module has for itself: found in torch and in the classes that hold networks, not remembered."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm.reading.attributes import TAKEN, attribute, is_taken
from formula2dgm.runtime.distribution import Distribution
from formula2dgm.runtime.objective import Objective


@pytest.mark.parametrize("owner", [nn.Module(), Objective, Distribution], ids=["module", "objective", "distribution"])
def test_no_attribute_is_forgotten(owner: object) -> None:
    assert {each for each in dir(owner) if not each.startswith("_")} <= TAKEN


def test_what_is_not_taken_keeps_its_name() -> None:
    assert [attribute(each) for each in ("f", "encoder", "f_net", "lambda")] == ["f", "encoder", "f_net", "lambda_"]


def test_no_two_names_become_one() -> None:
    names = ["half", "half_net", "half_net_net", "half_tensor", "half_net_tensor", "f", "f_net"]
    made = [attribute(each, suffix) for each in names for suffix in ("net", "tensor")]
    taken = [each for each in made if each.startswith("half")]
    assert len(set(taken)) == len(taken)
    assert not any(each in TAKEN for each in made) and is_taken("_parameters")


@pytest.mark.parametrize(
    "name", ["forward", "train", "eval", "to", "type", "half", "training", "state_dict", "sample", "self", "inputs"]
)
def test_networks_called_like_methods(name: str) -> None:
    net, x = nn.Linear(2, 2), torch.ones(3, 2)
    objective = f2d.compile(rf"\min \|x - \mathrm{{{name}}}(x)\|^2", {name: net})
    torch.testing.assert_close(objective(x=x).value, ((x - net(x)) ** 2).sum(-1).mean())
    assert getattr(objective, f"{name}_net") is net
    objective.train().to(torch.float64).eval()
    assert not objective.training and net.weight.dtype == torch.float64


@pytest.mark.parametrize("name", ["forward", "half", "training", "body"])
def test_default_networks_called_like_methods(name: str) -> None:
    objective = f2d.compile(rf"\min \|x - \mathrm{{{name}}}(x)\|^2", {}, scaffold=True, dims={"x": 2})
    assert torch.isfinite(objective(x=torch.ones(3, 2)).value)
    assert isinstance(getattr(objective, attribute(name)), nn.Module)


def test_tensors_and_numbers_called_like_methods() -> None:
    x = torch.ones(3, 2)
    weight = nn.Parameter(torch.tensor([2.0, 3.0]))
    objective = f2d.compile(r"\min \mathrm{half} \|x - \mathrm{type}\|^2", {"half": 0.5, "type": weight})
    torch.testing.assert_close(objective(x=x).value, torch.tensor(2.5))
    torch.testing.assert_close(objective(x=x, half=1.0).value, torch.tensor(5.0))
    assert objective.type_tensor is weight and objective.half_value == 0.5
    assert callable(objective.half)
