"""Expectations that do not say over what, and divergences that are given what nothing around them draws."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import STANDARD, Gaussian, Model, assumed, codes

ELBO = r"\max E[\log p(x|z)] - KL[q(z|x) \| p(z)]"


def test_over_the_left_side_of_a_divergence() -> None:
    model = Model()
    expected = (model.log_p(model.z()) - model.kl()).mean()
    assert_close(model.value(ELBO), expected)
    assert_close(model.value([ELBO, r"z \in \mathbb{R}^2"]), expected)
    assert "E[log p(x|z)] is over q(z|x)" in assumed(ELBO, model.bindings)
    assert_agrees(ELBO, model.bindings, {"x": model.x})


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E[\log p(x, z) - \log q(z|x)]",
        r"\max E[\log p(x, z)] + H(q(z|x))",
        [r"L = -A - B", r"A = E[\log p(x|z)]", r"B = -KL[q(z|x) \| p(z)]"],
        r"\max E_{p_{data}(x)}[E[\log p(x|z)] - E[KL[q(z|x) \| p(z)]]]",
    ],
)
def test_the_same_bound(formula: str | list[str]) -> None:
    model = Model()
    z = model.z()
    entropy = model.q.at(model.x).entropy()
    analytic = model.log_p(z) - model.kl()
    expected = {
        r"\max E[\log p(x, z) - \log q(z|x)]": model.log_p(z) + STANDARD.log_prob(z) - model.q.at(model.x).log_prob(z),
        r"\max E[\log p(x, z)] + H(q(z|x))": model.log_p(z) + STANDARD.log_prob(z) + entropy,
    }.get(str(formula), analytic)
    sign = -1 if isinstance(formula, list) else 1
    assert_close(model.value(formula), sign * expected.mean())


def test_what_an_operator_optimises() -> None:
    text = r"\max_{q(z)} E[\log p(x, z)] + \mathbb{H}(q(z))"
    assert "E[log p(x, z)] is over q(z)" in assumed(text, {}, scaffold=True, dims={"x": 3})
    objective = f2d.compile(text, scaffold=True, dims={"x": 3})
    assert objective.reconstruct(torch.randn(5, 3))["x"].shape == (5, 3)


def hierarchy() -> tuple[dict[str, Gaussian], dict[str, object]]:
    nets = {name: Gaussian(2) for name in ("q(z_1|x)", "q(z_2|z_1)", "p(x|z_1)", "p(z_1|z_2)")}
    laws: dict[str, object] = {name: f2d.Normal(net) for name, net in nets.items()}
    return nets, laws | {"p(z_2)": f2d.Normal(loc=0.0, scale=1.0)}


def test_divergences_given_what_another_term_draws() -> None:
    """The bound of two levels: what the inner divergence is given depends on what it is over."""
    nets, laws = hierarchy()
    text = r"\max E_q[\log p(x|z_1)] - KL[q(z_1|x) \| p(z_1|z_2)] - KL[q(z_2|z_1) \| p(z_2)]"
    x, first, second = torch.randn(4, 2), torch.randn(4, 2), torch.randn(4, 2)
    loc, scale = nets["q(z_1|x)"](x)
    z1 = loc + scale * first
    loc, scale = nets["q(z_2|z_1)"](z1)
    z2 = loc + scale * second
    inner = nets["q(z_1|x)"].at(x).log_prob(z1) - nets["p(z_1|z_2)"].at(z2).log_prob(z1)
    outer = td.kl_divergence(nets["q(z_2|z_1)"].at(z1), STANDARD)
    expected = (nets["p(x|z_1)"].at(z1).log_prob(x) - inner - outer).mean()
    objective = assert_agrees(text, laws, {"x": x})
    assert_close(objective(x=x, noise={"z_1": first, "z_2": second}).value, expected)
    assert "KL[q(z_1|x) || p(z_1|z_2)]" in objective(x=x).terms


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E[\log p(x|z)] - KL[q(z|x) \| p(z)] - KL[q(z|y) \| p(z)]",  # two densities over z
        r"\max E[\log p(x|z)] - KL[p(z) \| q(z|x)]",  # the prior is no approximation
        r"\max \log E[p(x|z)] - KL[q(z|x) \| p(z)]",  # under a function: over the prior, or over q
        r"\max \log p(x|z) - KL[q(z|x) \| p(z)]",  # no expectation
        r"\max E_q[\log p(x|z_1)] - JS[q(z_1|x) \| p(z_1|z_2)] - KL[q(z_2|z_1) \| p(z_2)]",
        r"\max E[\log p(x, z) | x] - KL[q(z|x) \| p(z)]",  # a conditional expectation
    ],
)
def test_where_nothing_tells(formula: str) -> None:
    assert codes(formula, {}, scaffold=True, dims={"x": 2, "y": 2}) != []


def test_under_a_function_it_is_the_mean_over_the_data() -> None:
    net, x = torch.nn.Linear(2, 1), torch.randn(5, 2)
    text = r"\max E[T(x)] - \log E[\exp(T(x))]"
    objective = assert_agrees(text, {"T": net}, {"x": x})
    values = net(x).squeeze(-1)
    assert_close(objective(x=x).value, values.mean() - torch.logsumexp(values, 0) + torch.log(torch.tensor(5.0)))
    assert codes(r"\max E_{q(z|x)}[\log E[\exp(T(z))]]", {}, scaffold=True, dims={"x": 2}) == ["F2D-0417"]


def test_an_integral_wants_what_an_expectation_wants() -> None:
    text = r"\mathcal{L} = \int \log \frac{p(x, z)}{q(z|x)} q(z|x) dz"
    model = Model()
    z = model.z()
    expected = (model.log_p(z) + STANDARD.log_prob(z) - model.q.at(model.x).log_prob(z)).mean()
    assert_close(model.value(text), expected)
    assert f2d.compile(text, model.bindings).program.objectives[0].maximize


def test_the_evidence_and_the_posterior_of_a_model_are_not_learned_beside_it() -> None:
    """log p(x) - KL[q || p(z|x)] of a chain that holds p(x, z) is what the bound is, and not what is computed."""
    text = (
        r"\mathcal{L} = \mathbb{E}_{q_\phi(z|x)}[\log \frac{p_\theta(x, z)}{q_\phi(z|x)}]"
        r" = \log p_\theta(x) - KL[q_\phi(z|x) \| p_\theta(z|x)]"
    )
    found = assumed(text, {}, scaffold=True, dims={"x": 3})
    assert "p_theta(x|z) is a Normal with standard deviation 1" in found
    assert "p_theta(z|x) is" not in found and "p_theta(x) is" not in found


def test_a_member_that_is_given_up_leaves_no_density_behind() -> None:
    """log p(x) of the last member, which is not understood, is no factor of p(x, z) in the one before."""
    text = (
        r"\mathcal{L} = \int \log \frac{p_\theta(x, z)}{q_\phi(z|x)} q_\phi(z|x) dz"
        r" = \log p_\theta(x) - KL(q_\phi(\cdot|x) \| p_\theta(\cdot|x))"
    )
    found = assumed(text, {}, scaffold=True, dims={"x": 3})
    assert "p_theta(x|z) is a Normal with standard deviation 1" in found
    assert "p_theta(z) is the standard Normal" in found and "p_theta(x) is" not in found


def test_a_bare_name_is_over_the_posterior_and_not_over_the_prior() -> None:
    model = Model()
    text = r"\max E_z[\log p(x|z)] - KL[q(z|x) \| p(z)]"
    assert_close(model.value(text), (model.log_p(model.z()) - model.kl()).mean())
    assert "E_z[log p(x|z)] is over q(z|x), and not the prior of z" in assumed(text, model.bindings)
    drawn = [text, r"z \sim p(z)"]  # what the text says is drawn is drawn so
    assert "is over q(z|x)" not in assumed(drawn, model.bindings)
