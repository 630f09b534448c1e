"""Random data and noise that fit a program: for a first try, and for tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from formula2dgm.codegen.data_ranges import data_in_range
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Input, Program, Site, Support
from formula2dgm.ir.rewrite import walk
from formula2dgm.registry import family
from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.errors import within_memory
from formula2dgm.runtime.example_ranges import Ranges

#: The number of steps of an example sequence, of the parts of an example, and of examples where nothing is asked for.
STEPS, PARTS, EXAMPLES = 5, 4, 4


@within_memory()
def batch(program: Program, keywords: dict[str, str], n: int | Mapping[str, int], like: Tensor) -> dict[str, Tensor]:
    """Random data of ``n`` examples in every batch, or of as many as ``n`` says of one of its variables."""
    sizes: dict[Axis, int] = {}
    for each in program.inputs:
        for axis in (axis for axis in each.axes if axis.kind == "batch"):
            given = n if isinstance(n, int) else n.get(keywords[each.name], n.get(each.name))
            if given is not None:
                sizes[axis] = given
    known = {each.name: each.default for each in program.hyperparameters}
    return {keywords[each.name]: _values(each, sizes, known, like) for each in data_in_range(program)}


def _values(each: Input, sizes: Mapping[Axis, int], known: Mapping[str, float | None], like: Tensor) -> Tensor:
    if each.shape is None and each.support != "category":
        hint = f"bind a shape: dims={{{each.name!r}: 64}}, or pass data of your own"
        raise refuse("F2D-0609", f"the formula does not say the shape of {each.name}", hint)
    lead = tuple(_size(axis, sizes, known) for axis in each.axes)
    return random_values(each.support, (*lead, *(each.shape or ())), like, each.classes)


def _size(axis: Axis, sizes: Mapping[Axis, int], known: Mapping[str, float | None]) -> int:
    said = known.get(axis.size) if isinstance(axis.size, str) else axis.size
    if isinstance(said, int | float):
        return int(said)
    return {"time": STEPS, "plate": PARTS}.get(axis.kind) or sizes.get(axis, EXAMPLES)


def random_values(support: Support, shape: tuple[int, ...], like: Tensor, classes: int | None = None) -> Tensor:
    """Random values of a support, in the dtype and on the device of ``like``."""
    empty = like.new_empty(shape)
    match support:
        case "binary":
            return empty.bernoulli_(0.5)
        case "unit":
            return empty.uniform_()
        case "category":
            return torch.randint(classes or 2, shape, device=like.device)
        case "positive":
            return empty.normal_().exp()
        case "count" | "integer":
            return empty.exponential_(0.3).floor()
        case "angle":
            return empty.uniform_(-math.pi, math.pi)
        case "grid":
            return empty.uniform_().mul(255).round().div(255)
        case "simplex":
            return torch.softmax(empty.normal_(), dim=-1)
        case "sphere":
            return torch.nn.functional.normalize(empty.normal_(), dim=-1)
    return empty.normal_()


def site_shape(site: Site) -> tuple[int, ...] | None:
    """The event shape of a site, where the formula says it."""
    if site.law is None:
        return None
    return () if site.law.scalar else site.law.shape


def has_gradient(program: Program) -> bool:
    """Is there a gradient inside the formula, so that evaluating it needs autograd?"""
    terms = [term.node for each in program.objectives for term in each.terms]
    return any(isinstance(node, ir.Grad | ir.LogDetJacobian | ir.JacobianTrace | ir.Jvp) for node in walk(*terms))


class RecordingNoise(Mapping[str, Tensor]):
    """Noise that is made when it is asked for, in the shape that is asked for; ``given`` keeps it.

    ``functions`` are those of the generated module, which make the noise of each family; ``ranges`` say which whole
    numbers a draw can be.
    """

    def __init__(self, program: Program, like: Tensor, functions: Mapping[str, Any], ranges: Ranges):
        self.ranges = ranges
        self.sites = {each.name: each for each in program.sites}
        self.like = like
        self.functions = functions
        self.given: dict[str, Tensor] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.sites

    def __getitem__(self, name: str) -> Tensor:
        return _Asked(self, self.sites[name])  # type: ignore[return-value]

    def __iter__(self) -> Iterator[str]:
        return iter(self.sites)

    def __len__(self) -> int:
        return len(self.sites)


class _Asked:
    """Noise of a site, before its shape is known."""

    def __init__(self, noise: RecordingNoise, site: Site):
        self.noise = noise
        self.site = site

    def expand(self, shape: tuple[int, ...] | int) -> Tensor:
        """Noise of this shape: the same at every request."""
        given = self.noise.given
        if self.site.name not in given:
            given[self.site.name] = self._fresh((shape,) if isinstance(shape, int) else tuple(shape))
        return given[self.site.name]

    def _fresh(self, shape: tuple[int, ...]) -> Tensor:
        if self.site.noise == "permutation":
            return torch.rand(shape, device=self.noise.like.device).argsort(-1)
        law = self.site.law
        assert law is not None, "only a permutation has no law"
        if self.site.noise == "standard":
            chosen = dict(law.options)
            settings = {name: chosen[name] for name, _ in family(law.family).settings if name in chosen}
            noise: Tensor = self.noise.functions[family(law.family).draw_noise](shape, self.noise.like, **settings)
            return noise
        fact = family(law.family).under(law.options)
        if fact.support == "category" and fact.value_rank:
            index = torch.randint(shape[-1], shape[:-1], device=self.noise.like.device)
            return torch.nn.functional.one_hot(index, shape[-1]).to(self.noise.like.dtype)
        if (ends := self.noise.ranges.of(law)) is not None:
            low, high = ends
            return torch.randint(low, high + 1, shape, device=self.noise.like.device).to(self.noise.like.dtype)
        return random_values(fact.support, shape, self.noise.like)
