"""Functions that a statement defines as one number or one name: ``w(x) = 1``, ``w(x) = c``, ``w(y) = y``."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d

X = torch.tensor([[0.0, 1.0], [2.0, -1.0], [0.5, 0.25]], dtype=torch.float64)


@pytest.mark.parametrize(("written", "weight"), [("w(x) = 1", 1.0), ("w(x) = 2.5", 2.5), ("w(x) = c; c = 3", 3.0)])
def test_a_weight_that_is_constant(written: str, weight: float) -> None:
    net = nn.Linear(2, 2, dtype=torch.float64)
    objective = f2d.compile(rf"\min_f \mathbb{{E}}_{{x \sim p_{{data}}}}[w(x) \|f(x)\|^2]; {written}", {"f": net})
    torch.testing.assert_close(objective(x=X).loss, weight * (net(X) ** 2).sum(1).mean())


def test_the_identity() -> None:
    net = nn.Linear(2, 2, dtype=torch.float64)
    objective = f2d.compile(r"\min_f \mathbb{E}_{x \sim p_{data}}[w(\|f(x)\|^2)]; w(y) = y", {"f": net})
    torch.testing.assert_close(objective(x=X).loss, (net(X) ** 2).sum(1).mean())
