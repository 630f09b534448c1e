"""What a name is: labels and numbers are part of it, groups are parameters, indices read it."""

from __future__ import annotations

import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import Gaussian, Model, codes, program


def test_a_network_with_a_number_is_another_network() -> None:
    assert codes(r"\min f(x)", {"f_1": nn.Linear(2, 1)}) == ["F2D-0208"]


def test_one_grouped_network_is_meant_without_its_group() -> None:
    assert [each.name for each in program(r"\min f(x)", {r"f_\theta": nn.Linear(2, 1)}).networks] == ["f"]


def test_one_network_cannot_stand_for_two_groups() -> None:
    formula = r"\min \|f_\phi(x) - f_\theta(x)\|^2"
    assert codes(formula, {"f": nn.Linear(2, 2)}) == ["F2D-0221"]
    assert codes(formula, {r"f_\phi": nn.Linear(2, 2), r"f_\theta": nn.Linear(2, 2)}) == []


def test_a_number_is_not_bound_to_another_subscript() -> None:
    model = Model()
    assert codes(r"\min \lambda_\alpha KL[q(z|x)||p(z)]", {**model.bindings, "lambda": 1.0}) == ["F2D-0203"]


def test_parameters_are_never_data() -> None:
    """``||theta||^2`` is weight decay, no data variable called theta."""
    model = Model()
    formula = r"\max E_{q(z|x)}[\log p(x|z)] - \lambda \|\theta\|^2"
    assert codes(formula, {**model.bindings, "lambda": 1.0}) == ["F2D-0219"]


def test_a_parameter_after_the_bar_is_a_group() -> None:
    model = Model()
    given = model.value(r"\max E_{q(z|x,\phi)}[\log p(x|z,\theta)] - KL(q(z|x,\phi)||p(z))")
    assert_close(given, (model.log_p(model.z()) - model.kl()).mean())


def test_a_copy_of_a_drawn_variable_is_not_data() -> None:
    model = Model()
    assert codes(r"\max E_{q(z|x)}[\log p(x|z')]", model.bindings) == ["F2D-0205"]


def test_one_of_several_draws_is_not_data() -> None:
    """z_1 beside z_{1:K} is neither data nor another variable."""
    model = Model()
    formula = r"\max E_{z_{1:K} \sim q(z|x)}[f(z_1) + \frac1K \sum_{k=1}^K f(z_k)]"
    assert "F2D-0204" in codes(formula, {**model.bindings, "K": 5, "f": nn.Linear(2, 1)})


def test_literal_indices_are_names() -> None:
    """p(z_1|z_2) and p(z_2) are two densities."""
    first, second = Gaussian(2), Gaussian(2)
    z1, z2 = torch.randn(3, 2), torch.randn(3, 2)
    model = Model()
    value = model.value(
        r"\max \log p(z_1, z_2)",
        {},
        {"p(z_1|z_2)": f2d.Normal(first), "p(z_2|x)": f2d.Normal(second), "p(z_2)": f2d.Normal(loc=0.0, scale=2.0)},
        {"z_1": z1, "z_2": z2},
    )
    prior = torch.distributions.Normal(0.0, 2.0).log_prob(z2).sum(-1)
    assert_close(value, (first.at(z2).log_prob(z1) + prior).mean())


def test_the_subscript_of_an_objective_names_nothing_that_has_a_value() -> None:
    """Suzuki et al. 2016 call their objective L_{JM_kl(alpha)}: alpha stays a number."""
    text = r"\mathcal{L}_{\mathrm{JM}_{\mathrm{kl}}(\alpha)}(x) = E_{q(z|x)}[\log p(x|z)] - \alpha KL[q(z|x) || p(z)]"
    found = f2d.compile(text, scaffold=True, dims={"x": 4, "z": 2}).program
    assert [each.name for each in found.hyperparameters] == ["alpha"]
