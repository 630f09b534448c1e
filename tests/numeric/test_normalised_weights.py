"""Self-normalised weights, ``w_k / sum_j w_j``: the formula's value, also where each weight is 0 in floating point."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d

WEIGHTS = [
    r"w_k = \frac{p(x, z_k)}{q(z_k|x)}",
    r"x \in \mathbb{R}^2",
    r"z \in \mathbb{R}^2",
    r"p(z) = N(z; 0, I)",
    "K = 5",
]
DRAWN = r"\max E_{z_{1:K} \sim q(z|x)}"
FORMULAS = {
    "a ratio": DRAWN + r"[\sum_{k=1}^K \mathrm{sg}[\frac{w_k}{\sum_{j=1}^K w_j}] \log w_k]",
    "a factor": DRAWN + r"[\sum_{k=1}^K \frac{w_k \log w_k}{\sum_{j=1}^K w_j}]",
    "a ratio of sums": DRAWN + r"[\frac{\sum_{k=1}^K w_k \log w_k}{\sum_{j=1}^K w_j}]",
}


class Shift(torch.nn.Module):
    """z + shift: far from the data, every weight underflows."""

    def __init__(self, shift: float):
        super().__init__()
        self.shift = shift

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z + self.shift


def bindings(shift: float) -> dict[str, object]:
    torch.manual_seed(0)
    encoder = torch.nn.Linear(2, 2).double()
    return {
        "q(z|x)": f2d.Normal(loc=encoder, scale=0.7),
        "p(x|z)": f2d.Normal(loc=Shift(shift), scale=0.05),
    }


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_the_weights_are_the_softmax_of_their_logarithms(name: str, shift: float) -> None:
    bound = bindings(shift)
    objective = f2d.compile([FORMULAS[name], *WEIGHTS], bound).double()
    x, eps = torch.randn(3, 2, dtype=torch.float64), torch.randn(5, 3, 2, dtype=torch.float64)
    normal = torch.distributions.Normal
    encoder = next(each for each in objective.modules() if isinstance(each, torch.nn.Linear))
    z = encoder(x) + 0.7 * eps
    logs = normal(z + shift, 0.05).log_prob(x).sum(-1) + normal(0.0, 1.0).log_prob(z).sum(-1)
    logs = logs - normal(encoder(x), 0.7).log_prob(z).sum(-1)
    weights = torch.softmax(logs, 0)
    expected = ((weights.detach() if name == "a ratio" else weights) * logs).sum(0).mean()
    found = objective(x=x, noise={"z": eps}).value
    assert torch.allclose(found, expected, rtol=1e-9)
    own = torch.autograd.grad(found, encoder.weight)[0]
    assert torch.allclose(own, torch.autograd.grad(expected, encoder.weight)[0], rtol=1e-8)
