"""Where a number that is not finite came from: the step again, with the same noise."""

from __future__ import annotations

import random
import re
import warnings
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm.records import dataclass
from formula2dgm.runtime.errors import FILES


@dataclass(frozen=True, slots=True)
class Noise:
    """The state of every generator of random numbers."""

    place: torch.device
    common: Tensor
    device: Tensor | None
    python: Any

    @classmethod
    def now(cls, objective: Any) -> Noise:
        place = next((each.device for each in objective.parameters()), torch.device("cpu"))
        own = None if place.type == "cpu" else torch.get_device_module(place).get_rng_state(*_which(place))
        return cls(place, torch.get_rng_state(), own, random.getstate())

    def restore(self) -> None:
        torch.set_rng_state(self.common)
        random.setstate(self.python)
        if self.device is not None and self.place.type != "cpu":
            torch.get_device_module(self.place).set_rng_state(self.device, *_which(self.place))


def _which(place: torch.device) -> list[torch.device]:
    """One of several devices of a kind."""
    return [place] if place.type == "cuda" else []


def whence(objective: Any, batch: dict[str, Any], player: str, before: Noise) -> str:
    """The first layer whose result, or the line whose gradient, or the parameter whose gradient is not finite."""
    found: list[str] = []

    def watch(name: str, layer: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if not _finite(output) and _finite(inputs):
            weights = [f"{name}.{each}, of at most {value.abs().max():.3g}" for each, value in layer.named_parameters()]
            found.append(f"{name} returned it" + (f" (weights {'; '.join(weights)})" if weights else ""))

    layers = [(name, each) for name, each in objective.named_modules() if name]
    hooks = [each.register_forward_hook(partial(watch, name)) for name, each in layers]
    before.restore()
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                with torch.autograd.detect_anomaly():
                    objective.zero_grad(set_to_none=True)
                    output = objective(batch, player=player) if player else objective(batch)
                    output.loss.mean().backward()
            except (RuntimeError, ValueError) as error:
                trace = "".join(str(each.message) for each in said)
                found.append(f"{str(error).splitlines()[0].rstrip('.')}{_place(objective, trace)}")
    finally:
        for hook in hooks:
            hook.remove()
    slopes = {name: each.grad for name, each in objective.named_parameters() if each.grad is not None}
    if wrong := [name for name, each in slopes.items() if not _finite(each)]:
        found.append(f"the gradient of {', '.join(wrong[:3])}{' ...' if wrong[3:] else ''} is not finite")
    return found[0] if found else "every network returned finite numbers: a term of the formula overflowed"


def _finite(value: object) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else [value]
    return all(bool(torch.isfinite(each).all()) for each in parts if isinstance(each, Tensor))


def _place(objective: Any, trace: str) -> str:
    """The piece of the formula behind a line of the generated module."""
    lines = re.findall(rf'File "{re.escape(FILES)}[^"]*", line (\d+), in forward', trace)
    spans = getattr(getattr(objective, "generated", None), "lines", {})
    places = [spans[int(each)] for each in lines if int(each) in spans]
    return f" in the gradient of {places[-1].text}" if places else ""
