r"""Densities that a text writes by a standard normal value, against the change of variables by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import Gaussian

BOUND = r"\log p(x) \ge E_q[\log p(x|z_T) + \log p(z_T) - \log q(z_T|x)]"
FLOW = r"\log q(z_T|x) = -\sum_{i=1}^D [\frac12 \epsilon_i^2 + \frac12 \log(2\pi) + \sum_{t=0}^T \log s_{t,i}]"
PRIOR = r"\log p(z_T) = -\sum_{i=1}^D [\frac12 z_{T,i}^2 + \frac12 \log(2\pi)]"


class Autoregressive(nn.Module):
    """Steps z_t = m_t + s_t z_{t-1}, m_t and s_t of the entries before and of x (Kingma et al. 2016, algorithm 1)."""

    def __init__(self, inputs: int, size: int, steps: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, 2 * size).double()
        self.steps = nn.ModuleList(nn.Linear(size + inputs, 2 * size).double() for _ in range(steps))
        self.size = size

    def scales(self, noise: Tensor, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last value, and the scale of each step."""
        m, log_s = self.first(x).chunk(2, -1)
        scales = [torch.exp(0.1 * log_s)]
        z = m + scales[0] * noise
        for step in self.steps:
            columns = []
            for i in range(self.size):  # entry i is made of the entries before it
                seen = torch.cat([z[:, :i], torch.zeros_like(z[:, i:]), x], -1)
                columns.append(step(seen)[:, [i, self.size + i]])
            made = torch.stack(columns, 1)
            scales.append(torch.sigmoid(made[..., 1] + 1))
            z = made[..., 0] + scales[-1] * z
        return z, scales

    def forward(self, noise: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        z, scales = self.scales(noise, x)
        return z, torch.stack([each.log().sum(-1) for each in scales]).sum(0)

    def inverse(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


@pytest.mark.parametrize("more", [[], [PRIOR], [PRIOR, r"\epsilon \sim N(0, I)"]], ids=["flow", "prior", "noise"])
def test_the_bound_of_an_autoregressive_flow(more: list[str]) -> None:
    torch.manual_seed(0)
    flow, decoder = Autoregressive(4, 3, 2), Gaussian(3, 4).double()
    bound = {"f": flow, "p(x|z)": f2d.Normal(decoder)}
    bound |= {} if more else {"p(z_T)": f2d.Normal(loc=0.0, scale=1.0)}
    objective = f2d.compile([BOUND, FLOW, *more], bound, dims={"z_T": 3, "epsilon": 3})
    x, noise = torch.randn(5, 4, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    z, scales = flow.scales(noise, x)
    log_q = -(noise**2 / 2 + math.log(2 * math.pi) / 2 + sum(each.log() for each in scales)).sum(-1)
    out = decoder(z)
    likelihood = torch.distributions.Normal(out["loc"], out["log_scale"].exp()).log_prob(x).sum(-1)
    prior = -(z**2 / 2 + math.log(2 * math.pi) / 2).sum(-1)
    expected = (likelihood + prior - log_q).mean()
    value = objective(x=x, noise={"epsilon": noise}).value
    assert_close(value, expected)
    weights = [*flow.parameters(), *decoder.parameters()]
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad(expected, weights))


@pytest.mark.parametrize(
    "written",
    [
        r"-\sum_{i=1}^D [\frac12 z_i^2 + \frac12 \log(2\pi)]",
        r"-\sum_{i=0}^D [\frac12 z^2 + \frac12 \log(2\pi)]",
        r"-\sum_i \frac12 (z_i^2 + \log 2\pi)",
        r"-\sum_{j=1}^d [\frac{z_j^2}{2} + \frac{\log(2\pi)}{2}]",
        "-sum_{i=1}^D (1/2 z_i^2 + 1/2 log(2 pi))",
    ],
)
def test_a_standard_normal_written_out(written: str) -> None:
    posterior = f2d.Normal(loc=0.3, scale=0.7, event_shape=3)
    log = "log" if written.startswith("-sum") else r"\log"
    text = [r"\max E_{q(z|x)}[\log p(z) - \|x - z\|^2]", f"{log} p(z) = {written}"]
    objective = f2d.compile(text, {"q(z|x)": posterior}, dims={"x": 3})
    x, noise = torch.randn(6, 3), torch.randn(6, 3)
    z = 0.3 + 0.7 * noise
    log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    assert_close(objective(x=x, noise={"z": noise}).value, (log_p - ((x - z) ** 2).sum(-1)).mean())


@pytest.mark.parametrize(
    "more",
    [
        [r"z_t = m_t + s_t \odot z_{t-1}"],
        [r"s_t = f(z_{t-1}, x)"],
        [r"\epsilon \sim N(0, 4 I)"],
        [r"z_T = g(\epsilon)"],
    ],
)
def test_what_else_is_said_of_it_is_refused(more: list[str]) -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile([BOUND, FLOW, *more], scaffold=True, dims={"x": 4, "z_T": 3})
    assert "F2D-0567" in [each.code for each in refused.value.diagnostics]


@pytest.mark.parametrize(
    "written",
    [
        r"-\sum_{i=1}^D [\frac12 z_i^2 + \log(2\pi)]",  # not half of it
        r"\sum_{i=1}^D [\frac12 z_i^2 + \frac12 \log(2\pi)]",  # the sign
        r"-\sum_{i=1}^D [\frac12 u_i^2 + \frac12 \log(2\pi)]",  # of another value
    ],
)
def test_what_is_no_standard_normal_is_not_taken_for_one(written: str) -> None:
    text = [r"\max E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", rf"\log p(z) = {written}"]
    try:
        objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    except f2d.FormulaError:
        return
    assert not any("is the standard Normal" in each for each in objective.assumptions)
