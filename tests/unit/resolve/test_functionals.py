"""Divergences and entropies: closed where there is a closed form, else sampled; the chain rule; their sides."""

from __future__ import annotations

import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes


def test_closed_and_sampled() -> None:
    model = Model()
    formula, z = r"\min KL[q(z|x)||p(z)]", model.z()
    assert_close(model.value(formula, {}), model.kl().mean())
    estimate = model.q.at(model.x).log_prob(z) - STANDARD.log_prob(z)
    assert_close(model.value(formula, divergences="sampled"), estimate.mean())


def test_a_bracket_is_estimated_as_written() -> None:
    model, z = Model(), None
    z = model.z()
    value = model.value(r"\min E_{q(z|x)}[\log q(z|x) - \log p(z)]")
    assert_close(value, (model.q.at(model.x).log_prob(z) - STANDARD.log_prob(z)).mean())


def test_the_sides_are_not_exchanged() -> None:
    model = Model()
    value = model.value(r"\min KL[p(z)||q(z|x)]", {})
    assert_close(value, td.kl_divergence(STANDARD, model.q.at(model.x)).mean())


def test_different_variables_are_refused() -> None:
    bindings = {**Model().bindings, "p(w)": f2d.Normal(loc=0.0, scale=1.0)}
    assert codes(r"\min KL[q(z|x)||p(w)]", bindings) == ["F2D-0313"]


HIERARCHY = (
    r"\min KL[q(z_1|x) q(z_2|z_1)||p(z_1) p(z_2|z_1)]",
    r"\min KL[q(z_1|x) q(z_2|z_1)||p(z_2) p(z_1|z_2)]",
)


def test_the_chain_rule_where_both_sides_have_one_order() -> None:
    """KL(q1 q2 || p1 p2) = KL(q1||p1) + E_q1 KL(q2||p2)."""
    model, q2, p2 = Model(), Gaussian(2), Gaussian(2)
    model.bindings = {
        "q(z_1|x)": f2d.Normal(model.q),
        "q(z_2|z_1)": f2d.Normal(q2),
        "p(z_1)": f2d.Normal(loc=0.0, scale=1.0),
        "p(z_2|z_1)": f2d.Normal(p2),
    }
    z1 = model.z()
    expected = model.kl() + td.kl_divergence(q2.at(z1), p2.at(z1))
    assert_close(model.value(HIERARCHY[0], {"z_1": model.eps}), expected.mean())


def test_opposite_orders_are_sampled() -> None:
    """No chain rule joins q(z1|x) q(z2|z1) with p(z2) p(z1|z2): the estimate at draws, said as an assumption."""
    model, q2, p1 = Model(), Gaussian(2), Gaussian(2)
    model.bindings = {
        "q(z_1|x)": f2d.Normal(model.q),
        "q(z_2|z_1)": f2d.Normal(q2),
        "p(z_2)": f2d.Normal(loc=0.0, scale=1.0),
        "p(z_1|z_2)": f2d.Normal(p1),
    }
    z1 = model.z()
    loc, scale = q2(z1)
    z2 = loc + scale * model.other
    expected = (
        model.q.at(model.x).log_prob(z1) + q2.at(z1).log_prob(z2) - STANDARD.log_prob(z2) - p1.at(z2).log_prob(z1)
    )
    assert_close(model.value(HIERARCHY[1], {"z_1": model.eps, "z_2": model.other}), expected.mean())
    assert "estimated at draws" in assumed(HIERARCHY[1], model.bindings)
    assert codes(HIERARCHY[1], model.bindings, divergences="closed") == ["F2D-0311"]


def test_a_product_of_independent_factors_adds() -> None:
    model, other, y = Model(), Gaussian(2), torch.randn(3, 2)
    value = model.value(
        r"\min KL[q(z|x) q(w|y)||p(z) p(w)]",
        {},
        {"q(w|y)": f2d.Normal(other), "p(w)": f2d.Normal(loc=0.0, scale=1.0)},
        {"y": y},
    )
    assert_close(value, (model.kl() + td.kl_divergence(other.at(y), STANDARD)).mean())


def test_written_families_on_both_sides() -> None:
    loc, log_scale = nn.Linear(2, 2), nn.Linear(2, 2)
    model = Model()
    value = model.value(r"\min KL[N(\mu(x),s(x)^2)||N(0,I)]", {}, {"mu": loc, "s": Positive(log_scale)})
    q = td.Independent(td.Normal(loc(model.x), log_scale(model.x).exp()), 1)
    assert_close(value, td.kl_divergence(q, STANDARD).mean())


class Positive(nn.Module):
    """exp of a network: a standard deviation."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x).exp()


def test_the_divergence_of_constant_laws_counts_every_dimension() -> None:
    """KL of N(0, I) and N(0, 4 I) in three dimensions, and its entropy, by hand."""
    bindings = {
        "q(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3),
        "p(z)": f2d.Normal(loc=0.0, scale=2.0, event_shape=3),
        "f": nn.Linear(2, 1),
    }
    model = Model()
    model.bindings = bindings
    kl = 3 * td.kl_divergence(td.Normal(0.0, 1.0), td.Normal(0.0, 2.0))
    base = bindings["f"](model.x).mean()  # type: ignore[operator]
    assert_close(model.value(r"\min KL[q(z)||p(z)] + f(x)", {}), kl.double() + base)
    assert_close(model.value(r"\min f(x) - H[p(z)]", {}), base - 3 * td.Normal(0.0, 2.0).entropy().double())


def test_entropy_and_cross_entropy() -> None:
    model = Model()
    q = model.q.at(model.x)
    assert_close(model.value(r"\max H[q(z|x)]", {}), q.entropy().mean())
    assert_close(model.value(r"\min H(q(z|x), p(z))", {}), (q.entropy() + model.kl()).mean())


def test_a_divergence_inside_a_bracket_uses_its_draw() -> None:
    model, inner, prior = Model(), Gaussian(2), Gaussian(2)
    more = {"q(w|z)": f2d.Normal(inner), "p(w|z)": f2d.Normal(prior)}
    value = model.value(r"\min E_{q(z|x)}[KL[q(w|z)||p(w|z)]]", more=more)
    z = model.z()
    assert_close(value, td.kl_divergence(inner.at(z), prior.at(z)).mean())


def test_laws_of_numbers_need_a_shape() -> None:
    """Over how many dimensions would the entropy of N(0, 1) be summed?"""
    bindings = {"p(z)": f2d.Normal(loc=0.0, scale=2.0), "f": nn.Linear(2, 1)}
    assert codes(r"\min f(x) - H[p(z)]", bindings) == ["F2D-0318"]
