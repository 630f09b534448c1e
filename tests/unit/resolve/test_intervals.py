"""Uniform laws and integrals between two ends: an interval without a length is refused, and not an objective of 0."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.support.small import codes

SPEED = r"E_{p_{data}(x)}[\|v_\theta(x,t)\|^2]"


@pytest.mark.parametrize(
    "text",
    [
        rf"\min_\theta \int_{{t_{{min}}}}^{{t_{{max}}}} {SPEED} dt",
        rf"\min_\theta \int_a^b {SPEED} dt",
        rf"\min_\theta E_{{t \sim U(t_{{min}}, t_{{max}})}} {SPEED}",
        rf"\min_\theta E_{{t \sim U(\epsilon, 1)}} {SPEED}",
        rf"\min_\theta E_{{t \sim U(1, 0)}} {SPEED}",
        rf"\min_\theta E_{{t \sim U(a, b)}} {SPEED}; a = 2; b = 1",
    ],
)
def test_an_interval_without_a_length_is_refused(text: str) -> None:
    assert codes(text, {}, scaffold=True, dims={"x": 3}) == ["F2D-0527"]


@pytest.mark.parametrize("ends", [{"a": 0.5, "b": 2.0}, {"a": -1.0, "b": 1.0}])
def test_an_interval_with_two_ends_is_integrated_over(ends: dict[str, float]) -> None:
    """Of a constant speed 3, the integral of 9 over the interval."""
    objective = f2d.compile(
        rf"\min_\theta \int_a^b {SPEED} dt", {"v_theta": lambda x, t: 3 + 0 * x[:, 0] + 0 * t, **ends}
    )
    torch.testing.assert_close(objective(x=torch.randn(4, 3)).value, torch.tensor(9 * (ends["b"] - ends["a"])))


@pytest.mark.parametrize("law", ["U(0, T)", "U(0, 1)", r"U(-a, a)"])
def test_intervals_with_a_length_keep_their_defaults(law: str) -> None:
    assert f2d.compile(rf"\min_\theta E_{{t \sim {law}}} {SPEED}", scaffold=True, dims={"x": 3}).source
