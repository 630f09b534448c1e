"""Functions that are defined given something, and are used without it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.completion.names.unwritten_givens import write_givens
from formula2dgm.syntax import parse


@pytest.mark.parametrize(
    "text",
    [
        "q(z|x) = N(z; f(x), 1); L = E_q(z)[log p(x|z)]",  # another density
        "m(z|x) = N(z; f(x), 1); L = E_{x ~ p_data} KL[m(z) || p(z)]",
        "u(x|y) = y - 2 x; L = ||u(x, y)||^2",  # of another number of arguments
        "u(x|y) = y - 2 x; u(x|z) = z - 3 x; L = ||u(x)||^2",  # two of the name
    ],
)
def test_what_is_left_alone(text: str) -> None:
    statements = parse(text)[0]
    assert [str(each) for each in write_givens(statements, ())[0]] == [str(each) for each in statements]


def test_the_path_of_flow_matching() -> None:
    """Lipman et al. 2023: psi_t(x|x_1) = (1 - (1 - s) t) x + t x_1, whose derivative by t is x_1 - (1 - s) x_0."""

    class Field(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.layer = nn.Linear(2, 2, dtype=torch.float64)

        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            return self.layer(x) * (1 + t)[:, None]

    text = r"""
    \min_\theta E_{t, x_1, x_0} \|v_\theta(\psi_t(x_0), t) - \frac{d}{dt} \psi_t(x_0)\|^2
    t \sim U(0, 1); x_1 \sim p_{data}; x_0 \sim N(0, I)
    \psi_t(x|x_1) = (1 - (1 - \sigma) t) x + t x_1; \sigma = 0.1; x_1 \in \mathbb{R}^2
    """
    net = Field()
    o: Any = f2d.compile(text, {r"v_\theta": net}).double()
    x_1, x_0, t = torch.randn(5, 2).double(), torch.randn(5, 2).double(), torch.rand(5).double()
    at = (1 - 0.9 * t)[:, None] * x_0 + t[:, None] * x_1
    expected = (net(at, t) - (x_1 - 0.9 * x_0)).square().sum(-1).mean()
    assert_close(o(x_1=x_1, noise={"t": t, "x_0": x_0}).loss, expected)
    assert any("psi_t(x_0) is psi_t(x_0|x_1)" in str(each) for each in o.assumptions)
