"""The literal reference judges where densities are 0 in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.runtime.reference_values import REDUCTIONS
from tests.support.agreement import assert_agrees


def test_a_mean_of_tiny_weights() -> None:
    logs = torch.tensor([-900.0, -902.0], dtype=torch.float64)
    expected = -900 + math.log((1 + math.exp(-2)) / 2)
    assert REDUCTIONS["logmeanexp"](logs).item() == pytest.approx(expected, rel=1e-14)
    assert REDUCTIONS["logsumexp"](logs).item() == pytest.approx(expected + math.log(2), rel=1e-14)
    nothing = torch.full((2,), -math.inf, dtype=torch.float64)
    assert REDUCTIONS["logsumexp"](nothing).item() == -math.inf


def test_its_gradients_are_the_weights() -> None:
    logs = torch.tensor([-900.0, -902.0], dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(REDUCTIONS["logmeanexp"](logs), logs)
    torch.testing.assert_close(found, torch.softmax(logs.detach(), 0))


class Encoder(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, 4).double()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        loc, log_scale = self.layer(x).chunk(2, -1)
        return loc, log_scale.exp()


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K \frac{p(x, z_k)}{q(z_k|x)}]",
        r"\max \log E_{q(z|x)}[2 \frac{p(x|z) p(z)}{q(z|x)}]",
        r"\max \frac12 \log E_{q(z|x)}[(p(x|z) p(z) / q(z|x))^2]",
    ],
)
def test_importance_weights_of_many_dimensions(formula: str) -> None:
    """log p(x|z) of 900 entries of size 3 is below -4000."""
    torch.manual_seed(0)
    size = 900
    bindings: dict[str, object] = {
        "q(z|x)": f2d.Normal(Encoder(size)),
        "p(x|z)": f2d.Normal(loc=nn.Linear(2, size).double(), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
    }
    options = {} if "_{1:K}" in formula else {"samples": 3}
    bindings |= {"K": 3} if "_{1:K}" in formula else {}
    assert_agrees(formula, bindings, {"x": 3 * torch.randn(4, size, dtype=torch.float64)}, **options)
