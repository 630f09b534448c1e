r"""Functions without a counterpart for plain numbers: ``\mathrm{silu}(\beta)`` of a hyperparameter."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

import formula2dgm as f2d

X = torch.tensor([[0.5], [-1.0]], dtype=torch.float64)


class Twice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def test_they_are_taken_of_hyperparameters() -> None:
    body = r"\mathrm{silu}(\beta) f(x) + \tanh(\mathrm{gelu}(\beta)) f(x)^2 + \mathrm{elu}(-\beta) f(x)"
    objective = f2d.compile(rf"\max E_{{p_{{data}}(x)}}[{body}]", {"f": Twice(), "beta": 1.3}, dims={"x": 1}).double()
    silu = 1.3 / (1 + math.exp(-1.3))
    gelu = 1.3 * (1 + math.erf(1.3 / math.sqrt(2))) / 2
    made = 2 * X
    expected = (silu * made + math.tanh(gelu) * made**2 + (math.exp(-1.3) - 1) * made).mean()
    torch.testing.assert_close(objective(x=X).value, expected)
