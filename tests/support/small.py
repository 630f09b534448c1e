"""Two-dimensional models for tests of meaning: linear networks whose densities a test can write down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm.ir.program import Program
from tests.support.reference import reference, resolved


class Gaussian(nn.Module):
    """``(loc, scale)`` of a Normal in two dimensions, linear in what it is given."""

    def __init__(self, *sizes: int):
        super().__init__()
        self.loc, self.scale = nn.Linear(sum(sizes), 2), nn.Linear(sum(sizes), 2)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        joined = torch.cat(given, -1)
        return self.loc(joined), nn.functional.softplus(self.scale(joined)) + 0.1

    def at(self, *given: Tensor) -> td.Distribution:
        """The distribution itself."""
        return td.Independent(td.Normal(*self(*given)), 1)


STANDARD = td.Independent(td.Normal(torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)), 1)


class Model:
    """q(z|x), p(x|z), p(z) with networks that tests can call, three examples of data and their noise."""

    def __init__(self) -> None:
        self.q, self.p = Gaussian(2), Gaussian(2)
        self.x, self.eps, self.other = torch.randn(3, 2), torch.randn(3, 2), torch.randn(3, 2)
        self.bindings: dict[str, object] = {
            "q(z|x)": f2d.Normal(self.q),
            "p(x|z)": f2d.Normal(self.p),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        }

    def z(self, noise: Tensor | None = None) -> Tensor:
        """The draw of q(z|x) at this noise."""
        loc, scale = self.q(self.x)
        return loc + scale * (self.eps if noise is None else noise)

    def log_p(self, z: Tensor) -> Tensor:
        """log p(x|z), one number per example."""
        return self.p.at(z).log_prob(self.x)

    def kl(self) -> Tensor:
        """KL[q(z|x) || p(z)], one number per example."""
        return td.kl_divergence(self.q.at(self.x), STANDARD)

    def value(
        self,
        formula: str | Sequence[str],
        noise: Mapping[str, Tensor] | None = None,
        more: Mapping[str, object] | None = None,
        data: Mapping[str, Tensor] | None = None,
        **options: Any,
    ) -> Tensor:
        """The formula's value in the literal reference."""
        noise = {"z": self.eps} if noise is None else noise
        bindings = {**self.bindings, **(more or {})}
        return reference(formula, bindings, {"x": self.x, **(data or {})}, noise, **options).run().value


def codes(formula: str | Sequence[str], bindings: Mapping[str, object], **options: Any) -> list[str]:
    """The codes of the errors with which a formula is refused; none if it is accepted."""
    try:
        resolved(formula, bindings, **options)
    except f2d.FormulaError as error:
        return [each.code for each in error.diagnostics if each.severity == "error"]
    return []


def program(formula: str | Sequence[str], bindings: Mapping[str, object], **options: Any) -> Program:
    """The resolved program."""
    return resolved(formula, bindings, **options)[0]


def warnings_of(formula: str | Sequence[str], bindings: Mapping[str, object], **options: Any) -> list[str]:
    """The codes of the warnings, but for unused bindings."""
    return [each.code for each in program(formula, bindings, **options).diagnostics if each.code != "F2D-0706"]


def assumed(formula: str | Sequence[str], bindings: Mapping[str, object], **options: Any) -> str:
    """All assumptions, one a line."""
    return "\n".join(each.text for each in program(formula, bindings, **options).assumptions)
