"""States whose shape nothing says: what they are before the first step has the event of their first value."""

from __future__ import annotations

import torch

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree

VELOCITY = r"""
v_t = z_t - z_{t-1}
w_t = v_{t-1} + a_\theta(z_{t-1}, v_{t-1}, u_{t-1})
\max \sum_{t=1}^T E_{q(z_t|x_t)}[\log p(x_t|z_t) + \log N(z_t; w_t, I)]
"""


def test_a_velocity_before_the_first_step_is_a_vector() -> None:
    assert_defaults_agree(VELOCITY, {"x": 4, "z": 2, "u": 3})


def test_what_a_module_makes_itself_is_shared_with_another_formula() -> None:
    """``weights_of``: the learned weights of classes are those of the other objective, and not new ones."""
    classes = r"y \in \{1, \dots, 3\}; p(y) = Cat(y; \pi); z \in \mathbb{R}^2"
    joint = r"\max E_{q(z|x, y)}[\log p(x|y, z) + \log p(y) + \log p(z) - \log q(z|x, y)]"
    trained = f2d.compile(f"{joint}; {classes}", scaffold=True, dims={"x": 4})
    with torch.no_grad():
        trained.pi_logits.copy_(torch.tensor([1.0, 2.0, 3.0]))
    other = f2d.compile(rf"\max \log p(y); {classes}", weights_of=trained)
    assert other.pi_logits is trained.pi_logits
    value = other(y=torch.tensor([2, 2])).value
    torch.testing.assert_close(value, torch.log_softmax(torch.tensor([1.0, 2.0, 3.0]), 0)[2])
