r"""The bound of a diffusion model by its joints over x_0, ..., x_T: the sum of its parts, written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import AtTime
from tests.support.agreement import assert_agrees

N, D = 3, 2
BETA = torch.linspace(0.1, 0.5, 4, dtype=torch.float64)
RATIO = r"[-\log \frac{p_\theta(x_{0:T})}{q(x_{1:T}|x_0)}]"
Q = r"q(x_{1:T}|x_0) = \prod_{t=1}^T q(x_t|x_{t-1})"
P = r"p_\theta(x_{0:T}) = p(x_T) \prod_{t=1}^T p_\theta(x_{t-1}|x_t)"
STEPS = [
    r"q(x_t|x_{t-1}) = \mathcal{N}(x_t; \sqrt{1-\beta_t} x_{t-1}, \beta_t I); p(x_T) = \mathcal{N}(0, I)",
    r"p_\theta(x_{t-1}|x_t) = \mathcal{N}(x_{t-1}; \mu_\theta(x_t, t), \beta_t I)",
]
PARTS = r"-\log p(x_T) - \sum_{t=1}^T \log \frac{p_\theta(x_{t-1}|x_t)}{q(x_t|x_{t-1})}"
TEXTS = {
    "a ratio of joints": [r"\min_\theta E_{q(x_{1:T}|x_0)}" + RATIO, Q, P],
    "data said": [r"\min_\theta E_{x_0 \sim p_{data}} E_{q(x_{1:T}|x_0)}" + RATIO, Q, P],
    "data of q": [r"\min_\theta E_{q(x_0) q(x_{1:T}|x_0)}" + RATIO, Q, P],
    "the joint of q": [r"\min_\theta E_{q(x_{0:T})}" + RATIO, Q, P],
    "step by step": [rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[{PARTS}]"],
    "step by step, data said": [rf"\min_\theta E_{{q(x_{{1:T}}|x_0)}}[{PARTS}]", r"x_0 \sim p_{data}"],
}


def by_hand(net: nn.Module, x_0: Tensor, noise: Tensor, beta: Tensor) -> Tensor:
    steps, value = [x_0], torch.zeros(N).double()
    for t, b in enumerate(beta):
        mean = (1 - b).sqrt() * steps[-1]
        steps.append(mean + b.sqrt() * noise[:, t])
        value = value + Normal(mean, b.sqrt()).log_prob(steps[-1]).sum(1)
        back = Normal(net(steps[-1], torch.full((N,), t + 1)), b.sqrt())
        value = value - back.log_prob(steps[-2]).sum(1)
    return (value - Normal(0.0, 1.0).log_prob(steps[-1]).sum(1)).mean()


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("count", [1, 4])
def test_the_value_is_the_sum_of_its_parts(name: str, count: int) -> None:
    net, beta = AtTime(D), BETA[:count]
    text, bound = [*TEXTS[name], *STEPS], {r"\mu_\theta": net, r"\beta_t": beta}
    torch.manual_seed(1)
    x_0, noise = torch.randn(N, D).double(), torch.randn(N, count, D).double()
    o = f2d.compile(text, bound)
    assert [each.name for each in o.inputs] == ["x_0"]
    assert_close(o(x_0=x_0, noise={"x": noise}).loss, by_hand(net, x_0, noise, beta))
    assert_agrees(text, bound, {"x_0": x_0})


def test_a_divergence_of_joints_that_are_factorised_otherwise_is_refused() -> None:
    with pytest.raises(f2d.FormulaError) as caught:
        f2d.compile([r"\min_\theta KL[q(x_{1:T}|x_0) \| p_\theta(x_{0:T})]", Q, P, *STEPS], {r"\mu_\theta": AtTime(D)})
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0313"]
