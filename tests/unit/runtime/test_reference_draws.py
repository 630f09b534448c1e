"""The derivative of a draw in the reference, where its distribution function stays: beside forty digits of mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import torch

from formula2dgm.runtime.reference_families_draws import value_at


def gamma(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    """1 - F(x), which in the tail has digits that F has not, and the density."""
    return mpmath.gammainc(a, b * x, mpmath.inf, regularized=True), b**a * x ** (a - 1) * mpmath.exp(
        -b * x
    ) / mpmath.gamma(a)


def beta(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    return mpmath.betainc(a, b, x, 1, regularized=True), x ** (a - 1) * (1 - x) ** (b - 1) / mpmath.beta(a, b)


@pytest.mark.parametrize(
    ("family", "law", "parameters", "x"),
    [
        ("Gamma", gamma, {"concentration": 0.64, "rate": 1.25}, 23.2),
        ("Gamma", gamma, {"concentration": 0.5, "rate": 2.0}, 0.01),
        ("Gamma", gamma, {"concentration": 100.0, "rate": 1.0}, 180.0),
        ("Gamma", gamma, {"concentration": 100.0, "rate": 1.0}, 101.0),
        ("Beta", beta, {"concentration1": 2.0, "concentration0": 30.0}, 0.8),
        ("Beta", beta, {"concentration1": 0.5, "concentration0": 0.5}, 0.999),
        ("Beta", beta, {"concentration1": 40.0, "concentration0": 0.5}, 0.3),
    ],
)
def test_slopes_in_the_body_and_in_the_tail(
    family: str, law: Callable[..., tuple[Any, Any]], parameters: dict[str, float], x: float
) -> None:
    leaves = {name: torch.tensor(each, dtype=torch.float64, requires_grad=True) for name, each in parameters.items()}
    value = value_at(family, leaves, torch.tensor(x, dtype=torch.float64))
    found = torch.autograd.grad(value, [*leaves.values()])
    with mpmath.workdps(40):
        given = [mpmath.mpf(each) for each in parameters.values()]
        for place, slope in enumerate(found):
            moved = mpmath.diff(lambda each: law(*given[:place], each, *given[place + 1 :], x)[0], given[place])  # noqa: B023
            expected = float(moved / law(*given, mpmath.mpf(x))[1])
            assert slope.item() == pytest.approx(expected, rel=1e-6)
