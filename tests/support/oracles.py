"""Published implementations on tiny networks: weights, inputs, noise, value and gradients of the paper's formula.

Each ``.npz`` holds ``param/NET.LAYER.weight``, ``input/NAME``, ``noise/NAME``, ``value`` (or ``value/PLAYER``) and
``grad/...``; ``index.json`` says where it comes from and which conventions its formula needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

FOLDER = Path(__file__).parents[1] / "data" / "oracles"


class Encoder(nn.Module):
    """``fc -> tanh -> {loc, lv}``: a Normal's location and log-variance."""

    def __init__(self, layers: dict[str, nn.Linear]):
        super().__init__()
        self.fc, self.loc, self.lv = layers["fc"], layers["loc"], layers["lv"]

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        hidden = torch.tanh(self.fc(torch.cat(inputs, -1)))
        return {"loc": self.loc(hidden), "log_var": self.lv(hidden)}


class Plain(nn.Module):
    """``fc -> tanh -> out``."""

    def __init__(self, layers: dict[str, nn.Linear]):
        super().__init__()
        self.fc, self.out = layers["fc"], layers["out"]

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.out(torch.tanh(self.fc(torch.cat(inputs, -1))))


@dataclass(frozen=True)
class Oracle:
    """One published value: networks with its weights, data, noise, and what they must give."""

    name: str
    formula: str
    dtype: torch.dtype
    arrays: dict[str, np.ndarray]

    def networks(self) -> dict[str, nn.Module]:
        """Fresh networks of one hidden layer with the oracle's weights."""
        layers: dict[str, dict[str, nn.Linear]] = {}
        for key, array in self.arrays.items():
            with_bias = key.endswith(".weight") and key.replace("weight", "bias") in self.arrays
            if key.startswith("param/") and with_bias and key.count(".") == 2:
                network, layer, _ = key.removeprefix("param/").split(".")
                linear = nn.Linear(array.shape[1], array.shape[0], dtype=self.dtype)
                linear.load_state_dict(
                    {
                        "weight": torch.from_numpy(array),
                        "bias": torch.from_numpy(self.arrays[key.replace("weight", "bias")]),
                    }
                )
                layers.setdefault(network, {})[layer] = linear
        return {name: Encoder(each) if "loc" in each else Plain(each) for name, each in layers.items()}

    def tensor(self, key: str) -> Tensor:
        return torch.from_numpy(self.arrays[key])

    def number(self, key: str) -> float:
        return float(self.arrays[key])

    def gradients(self, networks: str = "") -> dict[str, Tensor]:
        """The gradients by parameter name, of all networks or of those named."""
        return {
            key.removeprefix("grad/"): self.tensor(key)
            for key in self.arrays
            if key.startswith("grad/") and (not networks or key.split("/")[1].split(".")[0] in networks.split())
        }


@cache
def oracle(name: str) -> Oracle:
    """The oracle of this name."""
    entry = next(each for each in json.loads((FOLDER / "index.json").read_text("utf-8")) if each["name"] == name)
    arrays = dict(np.load(FOLDER / f"{name}.npz"))
    return Oracle(name, entry["formula"], getattr(torch, entry["dtype"]), arrays)


def gradients_of(networks: dict[str, nn.Module]) -> dict[str, Tensor]:
    """The accumulated gradients by ``network.layer.parameter``; a missing one is zero."""
    return {
        f"{name}.{key}": torch.zeros_like(value) if value.grad is None else value.grad
        for name, network in networks.items()
        for key, value in network.named_parameters()
    }


class Calls:
    """How often a network was called."""

    def __init__(self, network: nn.Module):
        self.calls = 0
        network.register_forward_hook(self._count)

    def _count(self, *_: object) -> None:
        self.calls += 1


def counted(networks: dict[str, nn.Module]) -> dict[str, Calls]:
    """A counter for each network."""
    return {name: Calls(network) for name, network in networks.items()}
