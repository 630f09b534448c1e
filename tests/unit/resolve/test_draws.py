"""Which draws are one draw: linear positions share, others do not; statements always do."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes, program


def noises(model: Model) -> dict[str, Tensor]:
    """The noise of two separate draws of z."""
    return {"q(z|x)": model.eps, "q(z|x)#2": model.other}


def sites(
    formula: str | list[str], model: Model, more: dict[str, object] | None = None, **options: object
) -> list[str]:
    return [each.name for each in program(formula, {**model.bindings, **(more or {})}, **options).sites]


def test_a_sum_of_brackets_shares() -> None:
    model = Model()
    value = model.value(r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|x)}[\log p(z)]")
    assert_close(value, (model.log_p(model.z()) + STANDARD.log_prob(model.z())).mean())


def test_a_weighted_sum_of_brackets_shares() -> None:
    model = Model()
    formula = r"\max \beta (E_{q(z|x)}[\log p(x|z)] - 2 E_{q(z|x)}[\log p(z)])"
    assert sites(formula, model, {"beta": 3.0}) == ["z"]


def test_a_product_of_brackets_does_not() -> None:
    model = Model()
    value = model.value(r"\max E_{q(z|x)}[\log p(x|z)] * E_{q(z|x)}[\log p(z)]", noises(model))
    expected = model.log_p(model.z()) * STANDARD.log_prob(model.z(model.other))
    assert_close(value, expected.mean())


def test_a_product_of_defined_brackets_does_not() -> None:
    """A definition is no place to hide a bracket in."""
    model = Model()
    statements = [r"A = E_{q(z|x)}[\log p(x|z)]", r"\max A * A"]
    value = model.value(statements, noises(model))
    assert_close(value, (model.log_p(model.z()) * model.log_p(model.z(model.other))).mean())


def test_one_bracket_is_one_draw_also_when_squared() -> None:
    """(E f)^2 is estimated as written, the estimate squared; that this is biased is said."""
    model = Model()
    formula = r"(E_{q(z|x)}[\log p(x|z)])^2"
    assert_close(model.value(formula, {"z": model.eps}, maximize=True), model.log_p(model.z()).square().mean())
    assert "biased" in assumed(formula, model.bindings, maximize=True)


def test_the_square_of_a_closed_divergence_is_a_square() -> None:
    model = Model()
    formula = r"\min \gamma (KL[q(z|x)||p(z)] - C)^2"
    value = model.value(formula, {}, {"gamma": 10.0, "C": 5.0})
    assert_close(value, 10 * (model.kl() - 5).square().mean())


def test_logs_of_brackets_in_a_sum_share() -> None:
    """What lies below the meeting sum does not matter."""
    model = Model()
    assert sites(r"\max \log E_{q(z|x)}[p(x|z)] + E_{q(z|x)}[\log p(z)]", model) == ["z"]
    assert sites(r"\max \log E_{q(z|x)}[p(x|z)] + \log E_{q(z|x)}[p(z)]", model) == ["z"]


def test_a_sum_under_a_log_does_not() -> None:
    model = Model()
    assert len(sites(r"\max \log(E_{q(z|x)}[p(x|z)] + E_{q(z|x)}[p(z)])", model)) == 2


def test_a_nested_bracket_over_the_same_factor_draws_again() -> None:
    """E_q[f E_q[g]] = E_q[f] E_q[g]."""
    model = Model()
    value = model.value(
        r"\max E_{q(z|x)}[f(z) * E_{q(z|x)}[g(z)]]",
        noises(model),
        {"f": (f := nn.Linear(2, 1)), "g": (g := nn.Linear(2, 1))},
    )
    outer, inner = model.z(), model.z(model.other)
    both = (f(outer) * g(inner)).mean(), (f(inner) * g(outer)).mean()
    assert any(torch.isclose(value, each) for each in both)


def test_nothing_shares_if_told_not_to() -> None:
    model = Model()
    formula = r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|x)}[\log p(z)]"
    assert len(sites(formula, model, share_samples=False)) == 2
    assert len(sites([r"A = E_{q(z|x)}[\log p(x|z)]", r"\max A + A"], model, share_samples=False)) == 2


def test_a_statement_draw_is_one_draw_everywhere() -> None:
    model = Model()
    statements = [r"z \sim q(z|x)", r"\max \log p(x|z) * \log p(z) + \log p(z)"]
    assert sites(statements, model) == ["z"]
    assert sites(statements, model, share_samples=False) == ["z"]


def test_a_bracket_beside_a_statement_draw() -> None:
    """In a linear position it joins the statement's draw; times the drawn variable it may not."""
    model = Model()
    assert sites([r"z \sim q(z|x)", r"\max \log p(x|z) + E_{q(z|x)}[\log p(z)]"], model) == ["z"]
    assert len(sites([r"z \sim q(z|x)", r"\max \log p(x|z) * E_{q(z|x)}[\log p(z)]"], model)) == 2


def test_objectives_share_only_what_a_statement_draws() -> None:
    model = Model()
    bindings = {
        r"q_\phi(z|x)": f2d.Normal(model.q),
        r"p_\theta(x|z)": f2d.Normal(model.p),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    games = [r"\phi: \max E_{q_\phi(z|x)}[\log p_\theta(x|z)]", r"\theta: \max E_{q_\phi(z|x)}[\log p_\theta(x,z)]"]
    assert len(program(games, bindings).sites) == 2
    games = [r"z \sim q_\phi(z|x)", r"\phi: \max \log p_\theta(x|z)", r"\theta: \max \log p_\theta(x,z)"]
    assert len(program(games, bindings).sites) == 1


def test_brackets_over_different_posteriors_are_different_draws() -> None:
    model, other, y = Model(), Gaussian(2), torch.randn(3, 2)
    value = model.value(
        r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|y)}[\log p(z)]",
        {"q(z|x)": model.eps, "q(z|y)": model.other},
        {"q(z|y)": f2d.Normal(other)},
        {"y": y},
    )
    loc, scale = other(y)
    assert_close(value, (model.log_p(model.z()) + STANDARD.log_prob(loc + scale * model.other)).mean())


def test_a_discrete_statement_draw_would_lose_its_gradient() -> None:
    bindings = {"q(y|x)": f2d.Categorical(nn.Linear(2, 3)), "p(x|y)": f2d.Normal(Gaussian(2))}
    statements = [r"y \sim q(y|x)", r"\max \log p(x|y) - \log q(y|x)"]
    assert codes(statements, bindings) == ["F2D-0404"]


def test_what_is_drawn_outside_a_sum_over_examples_is_common_to_them() -> None:
    """A Bayesian network's weights: one draw for all examples."""
    likelihood, loc = Gaussian(2, 2), nn.Parameter(torch.randn(2))
    model, y, noise = Model(), torch.randn(3, 2), torch.randn(2)
    value = model.value(
        r"\max E_{q(w)}[\sum_{i=1}^N \log p(y_i|x_i,w)]",
        {"w": noise},
        {"q(w)": f2d.Normal(loc=loc, scale=0.5), "p(y|x,w)": f2d.Normal(likelihood), "N": 30},
        {"y": y},
    )
    w = (loc + 0.5 * noise).expand(3, 2)
    assert_close(value, 30 * likelihood.at(model.x, w).log_prob(y).mean())
