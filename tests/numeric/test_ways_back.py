r"""One bound of a diffusion in many spellings: parts of their own, steps counted forwards, other letters.

The expected value is Ho et al. 2020, equations 5 to 7, written here step by step.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

STEPS, N, D = 4, 3, 2
PROCESS = (
    r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1 - \beta_t} x_{t-1}, \beta_t I); \beta_t = 0.1 t; T = 4"
    r"; p(x_T) = \mathcal{N}(0, I); x_0 \in \mathbb{R}^2"
)
BACK = r"p_\theta(x_{t-1}|x_t) = \mathcal{N}(x_{t-1}; \mu_\theta(x_t, t), \beta_t I)"


class Mean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(D, D)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.body(x) + 0.3 * t.to(x)[:, None]  # type: ignore[no-any-return]


def expected(mean: Mean, x_0: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """L_T, the sum of the L_{t-1}, and L_0, each the mean of the batch."""
    beta = [0.0] + [0.1 * t for t in range(1, STEPS + 1)]
    bar = [1.0]
    x = [x_0]
    for t in range(1, STEPS + 1):
        bar.append(bar[-1] * (1 - beta[t]))
        x.append((1 - beta[t]) ** 0.5 * x[-1] + beta[t] ** 0.5 * noise[:, t - 1])
    kept, left = bar[STEPS], 1 - bar[STEPS]
    last = 0.5 * (kept * x_0.square().sum(-1) + D * (left - 1 - torch.tensor(left).log()))
    between = torch.zeros(N, dtype=torch.float64)
    for t in range(2, STEPS + 1):
        alpha = 1 - beta[t]
        center = (bar[t - 1] ** 0.5 * beta[t] * x_0 + alpha**0.5 * (1 - bar[t - 1]) * x[t]) / (1 - bar[t])
        tilde = (1 - bar[t - 1]) / (1 - bar[t]) * beta[t]
        away = (center - mean(x[t], torch.full((N,), t))).square().sum(-1)
        ratio = torch.tensor(tilde / beta[t], dtype=torch.float64)
        between = between + 0.5 * (D * (ratio - 1 - ratio.log()) + away / beta[t])
    away = (x_0 - mean(x[1], torch.full((N,), 1))).square().sum(-1)
    first = 0.5 * (away / beta[1] + D * torch.tensor(2 * torch.pi * beta[1], dtype=torch.float64).log())
    return {"L_T": last.mean(), "L_{t-1}": between.mean(), "L_0": first.mean()}


KL = r"KL(q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_t))"
PARTS = [rf"L_{{t-1}} = {KL}", r"L_0 = -\log p_\theta(x_0|x_1)", r"L_T = KL(q(x_T|x_0) \| p(x_T))"]
FORWARD = r"KL(q(x_t|x_{t+1}, x_0) \| p_\theta(x_t|x_{t+1}))"
OTHER = r"KL(q(x_{s-1}|x_s, x_0) \| p_\theta(x_{s-1}|x_s))"
SPELLINGS: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "as one": ([rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[\sum_{{t=2}}^T {KL}]"], ("L_{t-1}",)),
    "parts": (
        [r"\min_\theta L = E_{q(x_{1:T}|x_0)}[L_T + \sum_{t=2}^T L_{t-1} + L_0]", *PARTS],
        ("L_T", "L_{t-1}", "L_0"),
    ),
    "two parts": ([r"\min_\theta L = E_{q(x_{1:T}|x_0)}[\sum_{t=2}^T L_{t-1} + L_0]", *PARTS[:2]], ("L_{t-1}", "L_0")),
    "parts read at another step": (
        [r"\min_\theta L = E_{q(x_{1:T}|x_0)}[\sum_{t=1}^{T-1} L_t]", PARTS[0]],
        ("L_{t-1}",),
    ),
    "parts of another letter": (
        [r"\min_\theta L = E_{q(x_{1:T}|x_0)}[\sum_{s=2}^{T} L_{s-1}]", PARTS[0]],
        ("L_{t-1}",),
    ),
    "counted forwards": ([rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[\sum_{{t=1}}^{{T-1}} {FORWARD}]"], ("L_{t-1}",)),
    "parts counted forwards": (
        [r"\min_\theta L = E_{q(x_{1:T}|x_0)}[\sum_{t=1}^{T-1} L_t]", f"L_t = {FORWARD}"],
        ("L_{t-1}",),
    ),
    "another letter": ([rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[\sum_{{s=2}}^T {OTHER}]"], ("L_{t-1}",)),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_all_spellings_are_the_published_bound(name: str) -> None:
    text, parts = SPELLINGS[name]
    o: Any = f2d.compile([*text, PROCESS, BACK], {r"\mu_\theta": Mean()}).double()
    torch.manual_seed(0)
    x_0 = torch.randn(N, D, dtype=torch.float64)
    noise = torch.randn(N, STEPS, D, dtype=torch.float64)
    found = o(x_0=x_0, noise={"x": noise})
    known = expected(o.mu_theta, x_0, noise)
    wanted = torch.stack([known[each] for each in parts]).sum()
    assert_close(found.loss, wanted)
    learned = list(o.mu_theta.parameters())
    gradients = torch.autograd.grad(wanted, learned)
    assert_close(torch.autograd.grad(found.loss, learned), gradients)
    if len(parts) > 1:
        assert_close(dict(found.contributions), {each: known[each].detach() for each in parts})


def test_a_joint_of_all_steps_is_drawn_from_the_data_on() -> None:
    r"""``x_0 \sim q(x_{0:T})`` is data and ``q(x_{1:T}|x_0)``."""
    fraction = r"\left(\log \frac{p_\theta(x_{0:T})}{q(x_{1:T}|x_0)}\right)"
    values = []
    for drawn in (r"x_0 \sim q(x_{0:T})", r"x_{0:T} \sim q(x_{0:T})", "q(x_{0:T})"):
        text = rf"\max_\theta E_{{{drawn}}} {fraction}"
        o: Any = f2d.compile(text, {r"\mu_\theta": Mean()}, dims={"x_0": D}, scaffold=True)
        batch = {name: value.clone().fill_(0.5) for name, value in o.example_batch(2).items()}
        torch.manual_seed(0)
        with torch.no_grad():
            o.mu_theta.body.weight.fill_(0.1)
            o.mu_theta.body.bias.fill_(0.1)
        values.append(o(**batch, noise={"x": torch.ones(2, 1000, D)}).loss)
    assert_close(values[1:], values[:1] * 2)


@pytest.mark.parametrize("term", [rf"L_{{t-1}} = {KL}", rf"L_t = {FORWARD}"])
def test_a_term_alone_is_averaged_over_its_steps(term: str) -> None:
    """With the default process, t from 2 to T and x_t from q(x_t|x_0)."""
    o: Any = f2d.compile(term, scaffold=True, dims={"x_0": D})
    assert "t ~ Uniform{2, T}" in map(str, o.assumptions)
    assert any("is drawn from q(x_t|x_0)" in str(each) for each in o.assumptions)
    o(**o.example_batch(4)).loss.backward()
