"""Variables of a model with their spaces and sizes, and the densities that are written over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.support.random_models import families
from tests.support.random_models.networks import Net
from tests.support.random_models.source import Source


@dataclass
class Variables:
    """What a model is over; every density that is written is bound.

    drawn    the families that gradients pass through
    letters  what a variable is called in a text, where not by its name here: ``x_t`` for x
    """

    source: Source
    bindings: dict[str, object] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)

    def add(self, name: str, space: str = "real", most: int = 3) -> None:
        self.spaces[name], self.sizes[name] = space, families.size(self.source, space, most)

    def density(
        self,
        letter: str,
        over: str,
        given: Sequence[str] = (),
        family: str | None = None,
        sampled: bool = False,
        written: tuple[str, Sequence[str]] | None = None,
    ) -> str:
        """Binds a density to a family of its variable's space, and returns how it is written: ``p(x|z)``, or with
        indices, ``written=("x_t", ["z_t"])``."""
        family = family or self.source.choice(families.SPACES[self.spaces[over]])
        inputs = sum(self.sizes[each] for each in given)
        at, behind = written or (over, given)
        self.bind(f"{letter}({at}{'|' if behind else ''}{','.join(behind)})", family, over, inputs)
        if sampled:
            self.drawn.add(family)
        return self.source.write.density(letter, at, behind)

    def bind(self, key: str, family: str, over: str, inputs: int) -> None:
        self.bindings[key] = families.bound(self.source, family, self.sizes[over], inputs)

    def network(self, name: str, inputs: int, outputs: int | None, kind: str = "value") -> str:
        """Binds a network of one output: a number for each example (None), or so many entries."""
        shape = (1,) if outputs is None else (outputs,)
        self.bindings[name] = Net({"value": shape}, inputs, self.source.torch, {"value": kind}, "tensor")
        return name

    def weights(self, text: str) -> str:
        """Binds what ``Source.scaled`` may have put in front of a term of the text."""
        if self.source.write.name("beta") in text:
            self.bindings["beta"] = self.source.number(0.1, 3)
        return text

    def data(self, *names: str) -> dict[str, int]:
        """The sizes of what is data."""
        return {each: self.sizes[each] for each in names}

    @property
    def slope(self) -> float:
        """How far gradients may be from the reference's."""
        return families.slope(self.drawn)
