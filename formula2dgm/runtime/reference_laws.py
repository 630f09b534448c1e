"""A law of the reference interpreter at one position of the axes: its parameters there, and what they give."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.records import dataclass
from formula2dgm.registry.family import Family
from formula2dgm.runtime import reference_families as families
from formula2dgm.runtime.reference_values import Value, with_rank


@dataclass(frozen=True, slots=True)
class LawAt:
    """A law and its parameters, each ``[(batch,) event..., what one draw has of it...]``."""

    law: ir.Law
    values_at: dict[str, Value]

    @property
    def params(self) -> dict[str, Tensor]:
        return {name: each.tensor for name, each in self.values_at.items()}

    @property
    def batched(self) -> bool:
        return any(each.batched for each in self.values_at.values())

    @property
    def facts(self) -> Family:
        return registry.family(self.law.family).under(self.law.options)

    @property
    def one_hot(self) -> bool:
        return self.law.family == "Categorical" and self.facts.value_rank == 1

    @property
    def settings(self) -> dict[str, float]:
        """The family's settings as the binding chose them; the dimension of a law without parameters."""
        chosen = dict(self.facts.settings) | dict(self.law.options)
        if "dim" in dict(self.facts.settings) and self.law.shape:
            chosen["dim"] = self.law.shape[-1]
        return {name: chosen[name] for name, _ in self.facts.settings}  # type: ignore[misc]

    @property
    def event_rank(self) -> int:
        """The dimensions of a value; 0 where only numbers say nothing of it."""
        ranks = [each.event_rank - self.facts.rank(name) for name, each in self.values_at.items()]
        outer = max(ranks, default=0)
        return outer + self.facts.value_rank if self.values_at else 0

    def distribution(self) -> torch.distributions.Distribution:
        return families.distribution(self.law.family, self.params, self.one_hot, self.settings)

    def log_prob(self, value: Tensor) -> Tensor:
        hard = dict(self.law.options).get("hard_density") is True
        return families.log_density(self.law.family, self.params, self.one_hot, value, hard, self.settings)

    def values(self) -> Tensor:
        """All values of a finite law, first axis."""
        return families.all_values(self.law.family, self.params, self.one_hot)

    def draw(self, noise: Value) -> Value:
        """The value that a noise gives."""
        rank = max(noise.event_rank, self.event_rank) - self.facts.value_rank
        aligned = {name: with_rank(each, rank + self.facts.rank(name)) for name, each in self.values_at.items()}
        value = families.value_at(self.law.family, aligned, noise.tensor, self.settings)
        return Value(value, noise.batched or self.batched)


def law_at(law: ir.Law, values: Mapping[str, Value]) -> LawAt:
    """A law whose parameters have these values: event dimensions aligned, numbers filled to the law's shape."""
    facts = registry.family(law.family).under(law.options)
    batched = any(each.batched for each in values.values())
    rank = max((max(each.event_rank - facts.rank(name), 0) for name, each in values.items()), default=0)
    out = {name: Value(with_rank(each, rank + facts.rank(name)), each.batched) for name, each in values.items()}
    for name, each in out.items():
        # N(0, 1) of three dimensions: its entropy and divergences count every one of them; so does Dirichlet(1)
        unsized = each.event_rank < facts.rank(name) or (facts.elementwise and rank == 0 and not batched)
        if unsized and law.shape:
            out[name] = Value(each.tensor.expand(law.shape), each.batched)
    return LawAt(law, out)
