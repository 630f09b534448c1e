"""Filtering bounds from the formula alone: the joint over steps is the product of the density that the text scores."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from tests.support.default_agreement import assert_defaults_agree

BOUND = r"\max E_{q(z_{1:T}|x_{1:T})}[\sum_{t=1}^T \log \frac{p(x_t|z_t) p(z_t|z_{1:t-1})}{q(z_t|x_{1:t}, z_{1:t-1})}]"
WRITTEN = [
    BOUND,
    r"\log p(x_{1:T}) \geq E_{q(z_{1:T}|x_{1:T})}[\sum_{t=1}^T \log \frac{p(x_t|x_{1:t-1}, z_{1:t})"
    r" p(z_t|x_{1:t-1}, z_{1:t-1})}{q(z_t|x_{1:t}, z_{1:t-1})}]",
    r"\max E_{q(z_{1:T}|x_{1:T})}[\sum_{t=1}^T \log p(x_t|z_t) + \log p(z_t|z_{t-1}) - \log q(z_t|z_{t-1}, x_t)]",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_the_joint_is_the_product_of_what_is_scored(written: str) -> None:
    objective = assert_defaults_agree(written, {"x": 3, "z": 2})
    assert any("q(z_{1:T}|x_{1:T}) is the product over t of q(z_t|" in each for each in objective.assumptions)


def test_one_step_at_a_time() -> None:
    """At T = 2, by the objective's own networks, each given the steps that the formula writes and no other."""
    objective = assert_defaults_agree(BOUND, {"x": 3, "z": 2})
    x, noise = torch.randn(4, 2, 3).double(), torch.randn(4, 2, 2).double()
    expected, past = torch.zeros(4).double(), torch.zeros(4, 1, 2).double()
    for step in range(2):
        q = [each[:, -1] for each in objective.q_z_given_x_z(x[:, : step + 1], past).values()]
        z = q[0] + q[1] * noise[:, step]
        prior = [each[:, -1] for each in objective.p_z_given_z(past).values()]
        expected = expected + torch.distributions.Normal(objective.p_x_given_z(z), 1.0).log_prob(x[:, step]).sum(1)
        expected = expected + torch.distributions.Normal(*prior).log_prob(z).sum(1)
        expected = expected - torch.distributions.Normal(*q).log_prob(z).sum(1)
        past = torch.cat([past, z[:, None]], 1)
    assert_close(objective(x=x, noise={"z": noise}).value, expected.mean())
