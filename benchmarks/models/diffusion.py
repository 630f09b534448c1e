"""A step of denoising diffusion: a network of the noise, at a drawn step of a fixed schedule."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Loss, Model, Noise, Problem

FORMULA = (
    r"\min_\theta \mathbb{E}_{t, x_0, \epsilon}\left[\| \epsilon - \epsilon_\theta(x_t, t) \|^2\right]",
    r"x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon, \quad "
    r"\bar\alpha_t = \prod_{s=1}^t (1 - \beta_s)",
    r"\beta_t = 10^{-4} + (0.02 - 10^{-4}) \frac{t - 1}{T - 1}, \quad T = 1000, \quad t \sim \mathcal{U}\{1, T\}",
    r"x_0 \sim p_{data}, \quad \epsilon \sim \mathcal{N}(0, I)",
)
STEPS = 1000


class Network(nn.Module):
    """The noise in x_t, from x_t and t."""

    def __init__(self, x: int, h: int):
        super().__init__()
        self.first, self.time = nn.Linear(x, h), nn.Embedding(STEPS + 1, h)
        self.second, self.last = nn.Linear(h, h), nn.Linear(h, x)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        hidden = functional.silu(self.first(x) + self.time(t.long()))
        found: Tensor = self.last(functional.silu(self.second(hidden)))
        return found


def problem(dtype: torch.dtype, batch: int, x: int, h: int) -> Problem:
    """A network as torch initialises it, Normal data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        networks, data = Network(x, h).to(dtype), torch.randn(batch, x).to(dtype)
    noise = {"epsilon": draws.normal(batch, x, dtype=dtype), "t": draws.whole(1, STEPS, batch)}
    return Problem(networks, {"x_0": data}, noise, {"batch": batch, "x": x, "h": h})


def kept(given: Problem) -> Tensor:
    """How much of the data's variance is left at each step; 1 at step 0, which is never drawn."""
    like = given.data["x_0"]
    betas = torch.linspace(1e-4, 0.02, STEPS, dtype=torch.float64)
    return torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - betas, 0)]).to(like)


def people(given: Problem) -> Loss:
    """As people write it: a table of the schedule, square roots of what is looked up, a mean of squares."""
    network, x, batch = given.networks, given.data["x_0"], given.sizes["batch"]
    alphas = kept(given)

    def loss(noise: Noise | None) -> Tensor:
        t = torch.randint(1, STEPS + 1, (batch,), device=x.device) if noise is None else noise["t"]
        eps = torch.randn_like(x) if noise is None else noise["epsilon"]
        alpha = alphas[t].view(-1, 1)
        x_t = torch.sqrt(alpha) * x + torch.sqrt(1 - alpha) * eps
        return ((eps - network(x_t, t)) ** 2).sum(-1).mean()

    return loss


def expert(given: Problem) -> Loss:
    """Tables of the square roots, a fused square."""
    network, x, batch = given.networks, given.data["x_0"], given.sizes["batch"]
    alphas = kept(given)
    signal, spread = alphas.sqrt()[:, None], (1 - alphas).sqrt()[:, None]

    def loss(noise: Noise | None) -> Tensor:
        t = torch.randint(1, STEPS + 1, (batch,), device=x.device) if noise is None else noise["t"]
        eps = torch.randn_like(x) if noise is None else noise["epsilon"]
        x_t = torch.addcmul(signal[t] * x, spread[t], eps)
        return functional.mse_loss(network(x_t, t), eps, reduction="sum") / batch

    return loss


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    bindings: dict[str, Any] = {r"\epsilon_\theta": given.networks}
    return f2d.compile(list(FORMULA), bindings, dims={"x_0": given.sizes["x"]})


MODEL = Model(
    name="diffusion",
    title="Denoising diffusion",
    formula=FORMULA,
    settings=({"batch": 32, "x": 16, "h": 16}, {"batch": 128, "x": 784, "h": 400}),
    problem=problem,
    contenders=(
        Contender("people's", "a table of the schedule, square roots of what is looked up", people),
        Contender("expert's", "tables of the square roots, a fused square", expert),
        *ours.contenders(compiled),
        Contender("expert's, torch.compile", "the expert's, compiled", ours.through_torch(expert), compiled=True),
    ),
    ours=ours.WRITTEN,
)
