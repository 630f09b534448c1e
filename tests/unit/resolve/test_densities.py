"""Which density a formula means: exact key, other values, products; never a wrong one silently."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes

NORMAL = f2d.Normal(Gaussian(2))
PRIOR = f2d.Normal(loc=0.0, scale=1.0)


@pytest.mark.parametrize(
    ("formula", "bound"),
    [
        (r"\min KL[q_\psi(z|x)||p(z)]", r"q_\phi(z|x)"),
        (r"\min KL[q(z|x,y)||p(z)]", "q(z|x)"),
        (r"\min KL[q(z|y)||p(z)]", "q(z|x)"),
        (r"\min KL[q(z|x)||p(z)]", "q(z|x,y)"),
        (r"\max \log p_\psi(x|z)", r"p_\theta(x|z)"),
        (r"\max \log p_\psi(x,z)", r"p_\theta(x|z)"),
        (r"\max \log p(x_b|z)", "p(x_a|z)"),
        (r"\max \log p(x_{text}|z)", "p(x_{image}|z)"),
        (r"\max \log p(x|\tilde x)", r"p(\tilde x|x)"),
        (r"\max \log p(z|x)", "p(x|z)"),
        (r"\max \log p(x|z_2)", "p(x|z_1)"),
    ],
)
def test_a_near_density_is_not_the_density(formula: str, bound: str) -> None:
    assert set(codes(formula, {bound: NORMAL, "p(z)": PRIOR})) == {"F2D-0302"}


def test_one_binding_cannot_stand_for_two_groups() -> None:
    assert codes(r"\min KL[q_\phi(z|x)||q_\psi(z|x)]", {"q(z|x)": NORMAL}) == ["F2D-0221"]


def test_the_group_may_be_left_out_of_the_binding() -> None:
    model = Model()
    assert_close(model.value(r"\min KL[q_\phi(z|x)||p(z)]"), model.kl().mean())


def test_without_its_group_one_of_two_is_an_error() -> None:
    bindings = {"q(z|x)": NORMAL, r"p_\theta(x|z)": NORMAL, r"p_\psi(x|z)": NORMAL}
    assert codes(r"\max E_{q(z|x)}[\log p(x|z)]", bindings) == ["F2D-0305"]


def test_two_joints_that_fit_are_an_error() -> None:
    bindings = {"p(x|z)": NORMAL, "p(x|y,z)": f2d.Normal(Gaussian(2, 2)), "p(y|z)": NORMAL, "p(z)": PRIOR}
    assert codes(r"\max \log p(x,y,z)", bindings) == ["F2D-0305"]


def test_one_variable_cannot_stand_for_two() -> None:
    """q(z_i, z_j|x) is no q(z|x)."""
    formula = r"\min KL[q(z_i,z_j|x)||p(z)] + \sum_{i=1}^M \sum_{j=1}^M 1"
    assert codes(formula, {"q(z|x)": NORMAL, "p(z)": PRIOR, "M": 2})[:1] == ["F2D-0302"]


def test_a_joint_of_labelled_factors_is_an_assumption() -> None:
    model = Model()
    bindings = {"q(z|x)": f2d.Normal(model.q), "p(x|z)": f2d.Normal(model.p), r"p_{prior}(z)": PRIOR}
    formula = r"\max E_{q(z|x)}[\log p(x,z)]"
    assert "p_{prior}(z)" in assumed(formula, bindings)
    value = model.value(formula, more={r"p_{prior}(z)": PRIOR})
    assert_close(value, (model.log_p(model.z()) + STANDARD.log_prob(model.z())).mean())


def test_the_order_of_a_networks_arguments_is_the_bindings() -> None:
    """q(z|y,x) is q(z|x,y): the network is still called with x, then y."""
    net = Gaussian(2, 2)
    model, y = Model(), torch.randn(3, 2)
    value = model.value(r"\min KL[q(z|y,x)||p(z)]", more={"q(z|x,y)": f2d.Normal(net)}, data={"y": y})
    assert_close(value, torch.distributions.kl_divergence(net.at(model.x, y), STANDARD).mean())


def test_a_conditional_joint() -> None:
    """log p(x,z|y) = log p(x|z,y) + log p(z|y)."""
    likelihood, prior = Gaussian(2, 2), Gaussian(2)
    model, y, z = Model(), torch.randn(3, 2), torch.randn(3, 2)
    model.bindings = {"p(x|z,y)": f2d.Normal(likelihood), "p(z|y)": f2d.Normal(prior)}
    value = model.value(r"\max \log p(x,z|y)", data={"y": y, "z": z})
    assert_close(value, (likelihood.at(z, y).log_prob(model.x) + prior.at(y).log_prob(z)).mean())


def test_at_another_value_is_an_assumption() -> None:
    model, other = Model(), torch.randn(3, 2)
    formula = r"\max E_{q(z|x)}[\log p(\hat x|z)]"
    assert "p(x_hat|z) is p(x|z)" in assumed(formula, model.bindings)
    value = model.value(formula, data={"x_hat": other})
    assert_close(value, model.p.at(model.z()).log_prob(other).mean())


def test_a_number_has_no_shape_for_a_network() -> None:
    assert codes(r"\max \log p(x|z=0)", {"p(x|z)": NORMAL}) == ["F2D-0317"]


def test_a_declared_family_must_be_over_its_variable() -> None:
    statements = ["p(x|z) = N(z; f(z), I)", r"\max E_{q(z|x)}[\log p(x|z)]"]
    assert codes(statements, {"q(z|x)": NORMAL, "f": torch.nn.Linear(2, 2)}) == ["F2D-0316"]
