"""What a model is drawn from: choices of its text and options, numbers of its networks."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from tests.support.random_models.notation import STYLES, Notation

T = TypeVar("T")


@dataclass
class Model:
    """A formula, its bindings, and the options it needs.

    kind        the name of what drew it
    statements  the formula, a text or several
    batch       how many examples it is evaluated at
    slope       how far gradients may be from the reference's
    expected    the loss by a computation of its own, of the networks and the data, where there is one
    """

    statements: str | list[str]
    bindings: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)
    batch: int = 3
    kind: str = ""
    slope: float = 1e-9
    expected: Callable[[Mapping[str, Callable[[Tensor], Tensor]], Mapping[str, Tensor]], Tensor] | None = None

    def __str__(self) -> str:
        text = self.statements if isinstance(self.statements, str) else "\n".join(self.statements)
        bound = ", ".join(f"{key!r}: {_shown(each)}" for key, each in self.bindings.items())
        return f"{text}\n  {{{bound}}}\n  options {self.options}, {self.batch} examples"


def _shown(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"tensor{tuple(value.shape)}"
    return str(value) if isinstance(value, int | float) else type(value).__name__


class Source:
    """Random choices from a seed; the notation is drawn apart, so that another style writes the same model."""

    def __init__(self, seed: int, style: str | None = None):
        self.seed = seed
        self.random = random.Random(seed)
        self.torch = torch.Generator().manual_seed(seed)
        drawn = self.random.choice(STYLES)
        self.write = Notation(style or drawn, seed)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def choice(self, among: Sequence[T]) -> T:
        return self.random.choice(among)

    def some(self, among: Sequence[T], least: int = 1, most: int | None = None) -> list[T]:
        """Several of them, in a random order, each at most once."""
        return self.random.sample(among, self.random.randint(least, min(most or len(among), len(among))))

    def whole(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def number(self, low: float, high: float) -> float:
        return round(self.random.uniform(low, high), 2)

    def tensor(self, *shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=self.torch, dtype=torch.float64)

    def added(self, terms: Sequence[str], minus: float = 0.5) -> str:
        """The terms, one after another, with signs."""
        text = terms[0]
        for each in terms[1:]:
            text += (" - " if self.chance(minus) else " + ") + each
        return text

    def scaled(self, text: str) -> str:
        """Sometimes with a number or the hyperparameter beta in front."""
        scale = self.choice(("", "", "", "beta", "2", "0.5"))
        if not scale:
            return text
        text = f"({text})" if text[0] == "(" else text
        return self.write.times(self.write.name(scale), text)

    def terms(self, choices: Sequence[str], most: int = 3) -> str:
        """A sum of one to ``most`` of the choices, which may repeat."""
        return self.added([self.scaled(self.choice(choices)) for _ in range(self.whole(1, most))])

    def options(self) -> dict[str, object]:
        """How the objective is compiled: direction always, the rest sometimes."""
        options: dict[str, object] = {"maximize": self.chance(0.5)}
        if self.chance(0.3):
            options["samples"] = self.whole(2, 3)
        if self.chance(0.15):
            options["divergences"] = "sampled"
        if self.chance(0.15):
            options["share_samples"] = False
        if self.chance(0.1):
            options["reduction"] = self.choice(("sum", "none"))
        return options
