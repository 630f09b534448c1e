r"""Planar steps by the determinant that a text writes, and draws from the conditional that it scores."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm import flows
from tests.numeric.networks import Gaussian

BOUND = (
    r"\mathcal{L} = E_{z_0 \sim q(z_0|x)}[\log p(x, z_K) - \log q(z_0|x)"
    r" + \sum_{k=1}^K \log|1 + u_k^\top h_k'(w_k^\top z_{k-1} + b_k) w_k|]"
)
STEP = r"z_k = z_{k-1} + u_k h_k(w_k^\top z_{k-1} + b_k)"


def _by_hand(steps: list[flows.Planar], encoder: Gaussian, decoder: Gaussian, x: Tensor, noise: Tensor) -> Tensor:
    """The bound with the determinant of each step's Jacobian, by automatic differentiation."""
    found = encoder(x)
    posterior = torch.distributions.Normal(found["loc"], found["log_scale"].exp())
    z = posterior.loc + posterior.scale * noise
    value = -posterior.log_prob(z).sum(-1)
    for step in steps:
        u, w, b = step.direction(), step.w, step.b

        def planar(z: Tensor, u: Tensor = u, w: Tensor = w, b: Tensor = b) -> Tensor:
            return z + u * torch.tanh(w @ z + b)

        value = value + torch.stack([torch.linalg.det(torch.func.jacrev(planar)(each)).abs().log() for each in z])
        z = torch.stack([planar(each) for each in z])
    out = decoder(z)
    likelihood = torch.distributions.Normal(out["loc"], out["log_scale"].exp()).log_prob(x).sum(-1)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
    return (value + likelihood + prior).mean()


@pytest.mark.parametrize(
    "text",
    [
        [BOUND],
        [BOUND, STEP],
        [BOUND, STEP, r"h_k(a) = \tanh(a)"],
        [BOUND, STEP.replace("h_k", r"\tanh")],
        [BOUND.replace(r"u_k^\top h_k'(w_k^\top z_{k-1} + b_k) w_k", r"w_k^T h_k'(w_k^T z_{k-1} + b_k) u_k")],
        [BOUND.replace(r"z_0 \sim q(z_0|x)", r"z_0 \sim q(z_0, x)")],
        [
            "max E_{z_0 ~ q(z_0|x)}[log p(x, z_K) - log q(z_0|x)"
            " + sum_{k=1}^K log |1 + u_k^T h'(w_k^T z_{k-1} + b_k) w_k|]"
        ],
    ],
)
def test_the_bound_is_that_of_planar_steps(text: list[str]) -> None:
    torch.manual_seed(0)
    encoder, decoder = Gaussian(4, 3).double(), Gaussian(3, 4).double()
    steps = [flows.Planar(3).double() for _ in range(2)]
    bound = {
        "q(z_0|x)": f2d.Normal(encoder),
        "p(x|z)": f2d.Normal(decoder),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "planar": steps,
    }
    objective = f2d.compile(text, bound)
    x, noise = torch.randn(5, 4, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
    value, expected = objective(x=x, noise={"z_0": noise}).value, _by_hand(steps, encoder, decoder, x, noise)
    assert_close(value, expected)
    weights = [each for module in (encoder, decoder, *steps) for each in module.parameters()]
    assert_close(torch.autograd.grad(value, weights), torch.autograd.grad(expected, weights))


def test_default_steps_are_invertible_whatever_they_learn() -> None:
    objective = f2d.compile([BOUND, r"z_0 \in \mathbb{R}^3", "K = 2"], scaffold=True, dims={"x": 4})
    names = [name for name, _ in objective.named_children() if name.startswith("planar")]
    assert names == ["planar_1", "planar_2"]
    step = dict(objective.named_children())["planar_1"]
    with torch.no_grad():
        step.u.copy_(-5 * step.w)  # w^T u is far below -1
    z = 3 * torch.randn(200, 3)
    assert bool(1 + step.direction() @ step.w > 0)
    assert_close(step.inverse(step(z)[0])[0], z, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("more", "bound"),
    [
        ([r"z_k = z_{k-1} - u_k h_k(w_k^\top z_{k-1} + b_k)"], {}),
        ([r"h_k(a) = \sin(a)"], {}),
        ([], {"u": torch.ones(3, 2)}),
        (["w_k = 1"], {}),
    ],
)
def test_other_steps_are_refused(more: list[str], bound: dict[str, Tensor]) -> None:
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile([BOUND, *more], bound, scaffold=True, dims={"x": 4})
    assert [each.code for each in refused.value.diagnostics] == ["F2D-0566"]


@pytest.mark.parametrize(
    "text", [r"E_{z \sim q(z, x)}[\log p(x|z) - \log q(z|x)]", r"E_{q(z|x)}[\log p(x, z) - \log q(z|x)]"]
)
def test_a_conditional_that_is_scored(text: str) -> None:
    objective = f2d.compile(rf"\max {text}", scaffold=True, dims={"x": 3})
    assert ("z is drawn from q(z|x): q(z, x) is a law of more than it" in objective.assumptions) == ("q(z, x)" in text)


def test_draws_of_a_whole_joint_stay() -> None:
    text = r"\max_\phi E_{x, z \sim p_{data}(x, z)}[\log q_\phi(z|x)]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    assert not any("is drawn from" in each for each in objective.assumptions)
