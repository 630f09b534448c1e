"""Samplers of models that learn to undo noise: diffusion by any prediction, scores, flow matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from formula2dgm.ir.leaves import Data
from formula2dgm.ir.node import Node
from formula2dgm.records import dataclass

#: How the times between the first and the last lie: numbers of steps, evenly, evenly in their logarithm.
Spacing = Literal["counted", "even", "log"]


@dataclass(frozen=True, slots=True)
class Decoder:
    """What makes ``variable`` of a code: ``value``, a draw or what a network says, reads it as ``code``."""

    variable: str
    code: Node
    value: Node


@dataclass(frozen=True, slots=True)
class Denoiser:
    """What a network knows of a path ``x_t = a(t) data + b(t) noise``, from whatever it predicts.

    variable    the name of the data
    x, t        what stands for x_t and for t in the nodes below
    data        what the network says of the data, given x_t; noise: of the noise
    by_data     a(t); by_noise: b(t)
    first       the t of the noise; last: of the data
    spacing     how the times between them lie
    shape       the event shape of the data
    conditions  the data that the network is given beside x_t and t
    coupled     the noise goes with the data by a plan: x_t is not normal given the data
    kept        what stands for draws of 0 or 1 that leave conditions out, and the value that keeps them
    scale       a(last), what the data are multiplied by where the path ends; None where that is no number
    decoder     what makes data of the samples, where they are codes
    """

    variable: str
    x: Node
    t: Node
    data: Node
    noise: Node
    by_data: Node
    by_noise: Node
    first: Node
    last: Node
    spacing: Spacing
    shape: tuple[int, ...]
    conditions: tuple[str, ...] = ()
    kept: tuple[tuple[Data, int], ...] = ()
    scale: float | None = 1.0
    decoder: Decoder | None = None
    coupled: bool = False

    def changed(self, change: Callable[[Node], Node]) -> Denoiser:
        """The same with every node changed."""
        return replace(
            self,
            x=change(self.x),
            t=change(self.t),
            data=change(self.data),
            noise=change(self.noise),
            by_data=change(self.by_data),
            by_noise=change(self.by_noise),
            first=change(self.first),
            last=change(self.last),
            decoder=self.decoder and replace(self.decoder, value=change(self.decoder.value)),
        )
