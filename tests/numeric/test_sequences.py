"""Formulas over time: generated code equals the literal reference in values and gradients."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

DIMS = {"x": 3, "z": 2, "h": 4, "b": 5, "s": 2, "o": 3, "a": 2, "c": 3, "d": 4, "u": 2, "r": 1}

ELBO = r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}, z_{1:T}) - \log q(z_{1:T}|x_{1:T})]"
STEPS = r"q(z_{1:T}|x_{1:T}) = \prod_{t=1}^T q(z_t|z_{t-1}, x_t)"

FORMULAS: dict[str, str | list[str]] = {
    "Markov, sampled": (
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},x_t)}[\log p(x_t|z_t) + \log p(z_t|z_{t-1}) - \log q(z_t|z_{t-1},x_t)]"
    ),
    "Markov, closed": (
        r"\min \sum_{t=1}^T (KL[q(z_t|h_t,z_{t-1})||p(z_t|z_{t-1})] - E_{q(z_t|h_t,z_{t-1})}[\log p(x_t|z_t)])"
    ),
    "state of draws": [
        r"\min \sum_{t=1}^T (KL[q(z_t|x_t,h_{t-1})||p(z_t|h_{t-1})] - E_{q(z_t|x_t,h_{t-1})}[\log p(x_t|z_t,h_{t-1})])",
        "h_t = f(x_t, z_t, h_{t-1})",
    ],
    "whole sequence": [
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},b_t)}[\log p(x_t|z_t)]"
        r" - \sum_{t=1}^T KL[q(z_t|z_{t-1},b_t) || p(z_t|z_{t-1})]",
        r"b_{1:T} = f(x_{1:T})",
    ],
    "next step": r"\max \sum_{t=1}^{T-1} \log p(x_{t+1}|x_t)",
    "step before": r"\max \sum_{t=2}^{T} \log p(x_t|x_{t-1})",
    "two steps before": r"\max \sum_{t=3}^{T} \log p(x_t|x_{t-1}, x_{t-2})",
    "all steps before": r"\max \sum_{t=1}^{T} \log p(x_t|x_{<t})",
    "filter": r"\max \sum_t (E_{q(z_t|x_{\le t})}[\log p(x_t|z_t)] - KL[q(z_t|x_{\le t})||p(z_t|z_{t-1})])",
    "global latent": [
        r"\max E_{q(z|x_{1:T})}[\sum_{t=1}^T \log p(x_t|z,h_{t-1})] - KL[q(z|x_{1:T})||p(z)]",
        "h_t = f(h_{t-1}, x_t)",
    ],
    "joint": [ELBO, STEPS, r"p(x_{1:T}, z_{1:T}) = \prod_{t=1}^T p(x_t|z_t) p(z_t|z_{t-1})"],
    "joint by default": r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}|z_{1:T})] - KL[q(z_{1:T}|x_{1:T}) || p(z_{1:T})]",
    "first step": [
        r"\max E_{q(z_{1:T}|x_{1:T})}[\log p(x_{1:T}|z_{1:T})] - KL[q(z_{1:T}|x_{1:T}) || p(z_{1:T})]",
        r"q(z_{1:T}|x_{1:T}) = q(z_1|x_{1:T}) \prod_{t=2}^T q(z_t|z_{t-1}, x_{1:T})",
        r"p(z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1})",
    ],
    "free nats, rewards and actions": [
        r"\max \sum_{t=1}^T E_{q(s_t|h_t,o_t)}[\log p(o_t|h_t,s_t) + \log p(r_t|h_t,s_t)]"
        r" - \sum_{t=1}^T \max(KL[q(s_t|h_t,o_t)||p(s_t|h_t)], 1)",
        "h_t = f(h_{t-1}, s_{t-1}, a_{t-1})",
    ],
    "balanced divergences": [
        r"\max \sum_{t=1}^T E_{q(s_t|h_t,o_t)}[\log p(o_t|h_t,s_t)]"
        r" - 0.8 \sum_{t=1}^T KL[sg[q(s_t|h_t,o_t)]||p(s_t|h_t)]"
        r" - 0.2 \sum_{t=1}^T KL[q(s_t|h_t,o_t)||sg[p(s_t|h_t)]]",
        "h_t = f(h_{t-1}, s_{t-1}, a_{t-1})",
    ],
    "canvas": [
        r"\max E_{q(z_{1:T}|x)}[\log p(x|c_T)] - \sum_{t=1}^T KL[q(z_t|h_t)||p(z_t)]",
        r"q(z_{1:T}|x) = \prod_{t=1}^T q(z_t|h_t)",
        "h_t = f(h_{t-1}, x, c_{t-1})",
        "c_t = c_{t-1} + w(d_t)",
        "d_t = g(d_{t-1}, z_t)",
    ],
    "backward": [
        r"\max \sum_{t=1}^T E_{q(z_t|z_{t-1},a_t)}[\log p(x_t|z_t,d_t)]"
        r" - \sum_{t=1}^T KL[q(z_t|z_{t-1},a_t)||p(z_t|z_{t-1},d_t)]",
        "d_t = f(d_{t-1}, u_t)",
        "a_t = g(a_{t+1}, d_t, x_t)",
    ],
    "pair of states": [r"\max \sum_{t=1}^T \log p(x_t|h_{t-1})", "(h_t, c_t) = f(x_t, (h_{t-1}, c_{t-1}))"],
    "mean over steps": r"\min \frac1T\sum_{t=1}^T \|x_t - f(x_{t-1})\|^2",
    "declared step": [
        r"\max E_{q(z_{1:T}|x_{1:T})}[\sum_{t=1}^T \log p(x_t|z_t)]",
        r"q(z_t|z_{t-1},x_t) = N(z_t; z_{t-1} + \mu(x_t), \sigma^2(x_t) I)",
        STEPS,
    ],
    "learned start": [
        r"\max \sum_{t=1}^T \log p(x_t|h_{t-1})",
        "h_t = f(h_{t-1}, x_t)",
        "h_0 = g(u)",
    ],
    "particles": [
        r"\max E_{z_{1:T}^{1:K} \sim q(z_{1:T}|x_{1:T})}"
        r"[\log \frac1K \sum_{k=1}^K \frac{p(x_{1:T}, z_{1:T}^k)}{q(z_{1:T}^k|x_{1:T})}]",
        STEPS,
        r"p(x_{1:T}, z_{1:T}) = \prod_{t=1}^T p(x_t|z_t) p(z_t|z_{t-1})",
        "K = 3",
    ],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_generated_code_is_the_reference(name: str) -> None:
    assert_defaults_agree(FORMULAS[name], DIMS)


@pytest.mark.parametrize("name", ["Markov, closed", "state of draws", "free nats, rewards and actions", "joint"])
def test_several_samples(name: str) -> None:
    """``samples`` draws whole sequences several times."""
    assert_defaults_agree(FORMULAS[name], DIMS, samples=2)


class Joined(nn.Module):
    """A linear network of all its arguments."""

    def __init__(self, size: int, outputs: int):
        super().__init__()
        self.linear = nn.Linear(size, outputs, dtype=torch.float64)

    def forward(self, *values: Tensor) -> Tensor:
        return self.linear(torch.cat(values, -1))


DISCRETE = [
    r"\max \sum_{t=1}^T E_{q(s_t|h_t,x_t)}[\log p(x_t|h_t,s_t)] - \sum_{t=1}^T KL[q(s_t|h_t,x_t)||p(s_t|h_t)]",
    "h_t = f(h_{t-1}, s_{t-1})",
    r"h_t \in \mathbb{R}^4",
]


#: The same where the state is made of the draw of its own step, and later steps read the state alone.
CARRIED = [
    r"\max \sum_{t=1}^T E_{q(s_t|h_{t-1},x_t)}[\log p(x_t|h_{t-1},s_t)]"
    r" - \sum_{t=1}^T KL[q(s_t|h_{t-1},x_t)||p(s_t|h_{t-1})]",
    "h_t = f(h_{t-1}, s_t)",
    r"h_t \in \mathbb{R}^4",
]


def discrete_networks() -> dict[str, Joined]:
    torch.manual_seed(3)
    return {"q": Joined(4 + 2, 3), "p": Joined(4, 3), "x": Joined(4 + 3, 2), "f": Joined(4 + 3, 4)}


def discrete_bindings(networks: dict[str, Joined], model: list[str] = DISCRETE) -> dict[str, object]:
    h = "h_t" if model is DISCRETE else "h_{t-1}"
    return {
        f"q(s_t|{h},x_t)": f2d.Categorical(networks["q"], one_hot=True),
        f"p(s_t|{h})": f2d.Categorical(networks["p"], one_hot=True),
        f"p(x_t|{h},s_t)": f2d.Normal(loc=networks["x"], scale=1.0),
        "f": networks["f"],
    }


@pytest.mark.parametrize("estimator", ["straight-through", "relaxed", "score", f2d.Score("batch"), f2d.Score(0.7)])
def test_estimators_of_recurrent_draws(estimator: object) -> None:
    x = torch.randn(3, 4, 2, dtype=torch.float64)
    for samples in (1, 2):
        chosen = {"estimators": {"s": estimator}, "dims": {"s": 3}, "samples": samples}
        assert_agrees(DISCRETE, discrete_bindings(discrete_networks()), {"x": x}, **chosen)


@pytest.mark.parametrize("baseline", [None, 0.7])
@pytest.mark.parametrize("model", [DISCRETE, CARRIED], ids=["a draw read later", "a state made of it read later"])
def test_the_score_of_recurrent_draws_is_unbiased(model: list[str], baseline: float | None) -> None:
    """The mean over all paths of the gradient at each is the gradient of the mean."""
    networks = discrete_networks()
    estimator = f2d.Score(baseline)
    objective = f2d.compile(model, discrete_bindings(networks, model), estimators={"s": estimator}, dims={"s": 3})
    parameters = [each for name in networks for each in networks[name].parameters()]
    x = torch.randn(1, 3, 2, dtype=torch.float64)
    mean: Tensor = torch.zeros((), dtype=torch.float64)
    estimated = [torch.zeros_like(each) for each in parameters]
    for path in itertools.product(range(3), repeat=3):
        draws = nn.functional.one_hot(torch.tensor([path]), 3).double()
        log_q, value, h, before = torch.zeros(1, dtype=torch.float64), 0.0, torch.zeros(1, 4), torch.zeros(1, 3)
        for t in range(3):
            if model is DISCRETE or t > 0:
                h = networks["f"](h.double(), before.double())
            q, p = (torch.log_softmax(each, -1) for each in (networks["q"](h, x[:, t]), networks["p"](h)))
            before = draws[:, t]
            likelihood = torch.distributions.Normal(networks["x"](h, before), 1.0).log_prob(x[:, t]).sum(-1)
            value = value + likelihood - (q.exp() * (q - p)).sum(-1)
            log_q = log_q + (q * before).sum(-1)
        mean = mean - (log_q.exp() * value).sum()
        loss = objective(x=x, noise={"s": draws}).loss
        assert_close(loss, -value.sum(), rtol=1e-10, atol=1e-10)
        slopes = torch.autograd.grad(loss, parameters)
        estimated = [one + log_q.exp().detach() * other for one, other in zip(estimated, slopes, strict=True)]
    for one, other in zip(estimated, torch.autograd.grad(mean, parameters), strict=True):
        assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", [DISCRETE, CARRIED])
def test_a_finite_draw_that_later_steps_depend_on_needs_an_estimator(model: list[str]) -> None:
    with pytest.raises(FormulaError) as caught:
        f2d.compile(model, discrete_bindings(discrete_networks(), model), dims={"s": 3})
    assert {each.code for each in caught.value.diagnostics} == {"F2D-0404"}
    assert "other steps" in str(caught.value)
