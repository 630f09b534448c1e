"""What a tighter bound on log p(x) averages: the model's joint density over that of the latents that are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """``log p(x, z) - log q(z|x)`` at one draw of the latents z for each example.

    name    what its mean bounds from below: ``log p(x)``
    ratio   the formula of the weight: ``p(x|z) p(z) / q(z|x)``
    draws   the densities that the latents are drawn from, in that order: ``q(z|x)``
    inputs  the data that it reads
    log     the logarithm, one number for each example
    """

    name: str
    ratio: str
    draws: tuple[str, ...]
    inputs: tuple[str, ...]
    log: ir.Node

    def changed(self, change: Callable[[ir.Node], ir.Node]) -> Evidence:
        """The same of another node."""
        return replace(self, log=change(self.log))
