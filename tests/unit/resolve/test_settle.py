"""What syntax leaves open: scalar products, the reach of a log, the reach of an open sum or expectation."""

from __future__ import annotations

import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import STANDARD, Gaussian, Model, codes


def test_a_hyperparameter_before_a_bracket_multiplies() -> None:
    model = Model()
    value = model.value(r"\min \beta(KL[q(z|x)||p(z)] - C)", {}, {"beta": 4.0, "C": 3.0})
    assert_close(value, 4 * (model.kl() - 3).mean())


def test_a_power_after_a_bracket_belongs_to_it() -> None:
    model = Model()
    value = model.value(r"\min \beta(KL[q(z|x)||p(z)] - C)^2", {}, {"beta": 4.0, "C": 3.0})
    assert_close(value, 4 * (model.kl() - 3).square().mean())


def test_a_network_before_a_bracket_is_applied() -> None:
    model, net = Model(), nn.Linear(2, 1)
    assert_close(model.value(r"\min \beta(x)", {}, {"beta": net}), net(model.x).mean())


def test_a_mean_without_brackets_is_of_all_that_follows() -> None:
    """It removes the batch where it stands, and is no hyperparameter unless it is bound."""
    model, net = Model(), nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    expected = net(model.x).log().squeeze(-1).mean()
    for text in (r"\max \mathrm{mean}\log d(x)", r"\max \operatorname{mean} \log d(x)", r"\max mean(\log d(x))"):
        assert_close(model.value(text, more={"d": net}), expected)
    squared = model.value(r"\min (2 \, \mathrm{mean} \log d(x))^2", more={"d": net})
    assert_close(squared, (2 * expected) ** 2)
    assert_close(model.value(r"\max \mathrm{mean} \log d(x)", {}, {"d": net, "mean": 3.0}), 3 * expected)


def test_log_reaches_over_densities() -> None:
    model = Model()
    value = model.value(r"\max E_{q(z|x)}[\log p(x|z) p(z)]")
    assert_close(value, (model.log_p(model.z()) + STANDARD.log_prob(model.z())).mean())


def test_log_stops_at_a_weight() -> None:
    model, weight = Model(), nn.Linear(2, 1)
    value = model.value(r"\max E_{q(z|x)}[\log p(x|z) w(x)]", more={"w": weight})
    assert_close(value, (model.log_p(model.z()) * weight(model.x).squeeze(-1)).mean())


def test_a_divisor_after_a_log_of_a_density_stays_outside() -> None:
    model = Model()
    value = model.value(r"\max E_{q(z|x)}[\log p(x|z) \frac1C]", more={"C": 5.0})
    assert_close(value, model.log_p(model.z()).mean() / 5)


def test_an_open_expectation_covers_the_later_terms_that_need_it() -> None:
    model = Model()
    value = model.value(r"\max E_{q(z|x)} \log p(x|z) + \log p(z) - \log q(z|x)")
    z = model.z()
    assert_close(value, (model.log_p(z) + STANDARD.log_prob(z) - model.q.at(model.x).log_prob(z)).mean())


def test_an_open_expectation_stops_before_a_divergence_of_its_own() -> None:
    """Also where the variable has a number: z_1 is bound by the divergence itself."""
    model = Model()
    net, decoder = Gaussian(2), Gaussian(2)
    bindings = {"q(z_1|x)": f2d.Normal(net), "p(x|z_1)": f2d.Normal(decoder), "p(z_1)": f2d.Normal(loc=0.0, scale=1.0)}
    model.bindings = bindings
    formula = r"\max E_{q(z_1|x)} \log p(x|z_1) - KL(q(z_1|x)||p(z_1))"
    loc, scale = net(model.x)
    expected = decoder.at(loc + scale * model.eps).log_prob(model.x) - torch.distributions.kl_divergence(
        net.at(model.x), STANDARD
    )
    assert_close(model.value(formula, {"z_1": model.eps}), expected.mean())


def test_a_minus_before_an_open_expectation_negates_the_terms_that_pull_the_same_way() -> None:
    model = Model()
    z = model.z()
    ratio = model.q.at(model.x).log_prob(z) - model.log_p(z)
    value = model.value(r"\min -E_{q(z|x)} \log p(x|z) + \log q(z|x)")
    assert_close(value, ratio.mean())


def test_where_the_terms_do_not_tell_what_a_minus_negates_both_ways_are_shown() -> None:
    (found,) = f2d.check(r"\min -E_{q(z|x)} f(z) + g(z)")
    assert found.code == "F2D-0127" and found.hint is not None
    assert found.hint.split("\nor ") == [
        "write E_q(z|x)[-f(z) + g(z)]",
        "-E_q(z|x)[f(z) + g(z)]",
    ]


def test_the_log_of_a_product_over_examples_is_a_sum_of_logs() -> None:
    model, loc = Model(), nn.Parameter(torch.zeros(2))
    more = {"p(x)": f2d.Normal(loc=loc, scale=1.0), "N": 50}
    value = model.value(r"\max \log \prod_{i=1}^N p(x_i)", {}, more)
    assert_close(value, 50 * STANDARD.log_prob(model.x).mean())


def test_a_product_over_examples_is_refused_elsewhere() -> None:
    more = {"p(x)": f2d.Normal(loc=nn.Parameter(torch.zeros(2)), scale=1.0), "N": 50}
    assert codes(r"\max \prod_{i=1}^N p(x_i)", more) == ["F2D-0412"]


def test_e_to_a_power_is_the_exponential() -> None:
    model, net = Model(), nn.Linear(2, 1)
    assert_close(model.value(r"\min e^{f(x)}", {}, {"f": net}), net(model.x).exp().mean())
