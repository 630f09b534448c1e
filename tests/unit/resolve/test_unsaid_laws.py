r"""Components of a latent, a bound in two forms, the sleep phase, samples of what is scored at them."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import assumed, codes

KL = r"\sum_{i=1}^n KL[q(z_i|x) \| p(z_i)]"
DIMS = {"x": 3, "y": 3}


def said(text: str | list[str], **dims: int) -> str:
    return assumed(text, {}, scaffold=True, dims={**DIMS, **dims})


def refused(text: str | list[str], **dims: int) -> list[str]:
    return codes(text, {}, scaffold=True, dims={**DIMS, **dims})


def test_a_sum_over_components_is_the_whole_divergence() -> None:
    torch.manual_seed(0)
    one = f2d.compile(rf"\max E_{{q(z|x)}}[\log p(y|x,z)] - {KL}", scaffold=True, dims=DIMS)
    other = f2d.compile(r"\max E_{q(z|x)}[\log p(y|x,z)] - KL[q(z|x) \| p(z)]", scaffold=True, dims=DIMS)
    other.load_state_dict(one.state_dict())
    batch = {**one.example_batch(4), "noise": {"z": torch.randn(4, 16)}}
    assert_close(one(**batch).value, other(**batch).value)
    assert "z_i are the components of z: n is how many it has" in " ".join(one.assumptions)


def test_components_are_as_many_as_the_text_says() -> None:
    text = rf"\max E_{{q(z|x)}}[\log p(y|x,z)] - {KL}"
    assert "z has 16 dimensions" in said(text) and "16 dimensions" not in said([text, "n = 5"])
    assert "q(z|x) is a Bernoulli" in said([text, "n = 5", r"z \in \{0,1\}^5"])
    assert refused([text, "n = 5", r"z \in \{0,1\}^4"]) == ["F2D-0584"]


@pytest.mark.parametrize(
    "text",
    [
        r"\max \sum_{i=1}^n (E_{q(z_i|x_i)}[\log p(x_i|z_i)] - KL[q(z_i|x_i) \| p(z_i)])",  # examples
        rf"\max \frac1n \sum_{{i=1}}^n E_{{q(z|x_i)}}[\log p(y_i|z)] - {KL}",  # n counts examples elsewhere
        rf"\max E_{{q(z|x)}}[\log p(y|x,z)] - {KL.replace('n', 'N', 1)}",
        r"\max \sum_{i=1}^n E_{q(z_i|x)}[\log p(x|z_i)]",
    ],
)
def test_sums_over_examples_are_over_no_components(text: str) -> None:
    try:
        assert "components" not in said(text)
    except f2d.FormulaError as error:
        assert "components" not in str(error)


def test_components_that_are_given_less_than_the_whole() -> None:
    text = rf"\max E_{{q(z|x,y)}}[\log p(y|x,z)] - {KL}"
    found = said(text)
    assert "q(z|x, y) is the product of its components' q(z_i|x)" in found and "q(z|x) is a Normal" in found
    assert refused([text, r"q(z|x,y) = N(z; m(x,y), I)"]) == ["F2D-0203"]


BOUND = r"\log p(y|x) \ge E_{q(z|x)}[\log p(y|x,z)] - KL[q(z|x) \| p(z)]"


def test_a_bound_and_its_name_are_one_objective() -> None:
    found = said([BOUND, rf"\mathrm{{ELBO}} = E_{{q(z|x)}}[\log p(y|x,z)] - {KL}"])
    assert "ELBO is the bound on log p(y|x), in another form" in found


@pytest.mark.parametrize(
    "second",
    [
        r"\mathcal{L} = E_{q(z|x)}[\log p(y|x,z)]",
        r"\mathrm{ELBO} = E_{q(z|x)}[\log p(y|x,z)]; \mathcal{J} = \mathrm{ELBO} + \|f(x)\|^2",
    ],
)
def test_other_objectives_beside_a_bound_stay_their_own(second: str) -> None:
    try:
        assert "in another form" not in said([BOUND, *second.split("; ")])
    except f2d.FormulaError as error:
        assert "in another form" not in str(error)


def test_parameters_behind_parameters() -> None:
    text = r"\max E_{q(z|x,\lambda)}[\log p(y|x,z,\theta,p_1)] - KL[q(z|x,\lambda) \| p(z|p_1)]"
    objective = f2d.compile(text, scaffold=True, dims=DIMS)
    assert [each.name for each in objective.inputs] == ["x", "y"]
    assert "p_1" in [
        each.name for each in f2d.compile(r"\max \log p(y|x,p_1)", scaffold=True, dims={**DIMS, "p_1": 2}).inputs
    ]


SLEEP = r"\max_\lambda E_{p(\tilde x, z|\theta)}[\log q(z|\tilde x, \lambda)]"
ENTROPY = r"E_{p(\tilde x)}[H(p(z|\tilde x, \theta))]"


def test_the_sleep_phase_is_ancestral() -> None:
    torch.manual_seed(0)
    dims = {"x_tilde": 3, "z": 2}
    one = f2d.compile(
        rf"{SLEEP} + {ENTROPY} \approx \max_\lambda \log q(z|\tilde x, \lambda)", scaffold=True, dims=dims
    )
    written = r"\max_\lambda E_{p_\theta(z) p_\theta(\tilde x|z)}[\log q_\lambda(z|\tilde x)]"
    other = f2d.compile(written, scaffold=True, dims=dims)
    other.load_state_dict(one.state_dict())
    noise = {"z": torch.randn(6, 2), "x_tilde": torch.randn(6, 3)}
    assert_close(one(batch_size=6, noise=noise).value, other(batch_size=6, noise=noise).value)
    assert "is left out: lambda is not in it" in " ".join(one.assumptions)


def test_who_infers_says_what_is_drawn_first() -> None:
    assert "z of p_theta(x, z) is drawn first: q_phi(z|x) infers it" in said(
        r"\max_\phi E_{p_\theta(x,z)}[\log q_\phi(z|x)]"
    )
    assert "x of p_theta(x, z) is drawn first" in said(r"\max_\phi E_{p_\theta(x,z)}[\log q_\phi(x|z)]", z=2)
    assert refused(r"\max_\phi E_{p_\theta(x,z)}[T_\phi(z,x)]") == ["F2D-0486"]


@pytest.mark.parametrize(
    "text",
    [
        r"\max_\lambda E_{q_\lambda(z|x)}[\log p_\theta(x|z)] + H(q_\lambda(z|x))",
        r"\max_\lambda E_{q_\lambda(z|x)} \log p_\theta(x|z) + H(p_\theta(y|z))",  # the expectation reaches to it
        r"\max_\lambda E_{q_\lambda(z|x)}[\log p_\theta(x|z)] + E_{q_\lambda(z|x)}[H(p_\theta(y|z))]",
        r"\max E_{q_\lambda(z|x)}[\log p_\theta(x|z)] + H(q_\lambda(z|x))",
    ],
)
def test_entropies_that_are_trained_stay(text: str) -> None:
    assert "left out" not in said(text)


def test_samples_of_what_is_scored_at_them() -> None:
    text = r"\max \frac1L \sum_{l=1}^L [\log p(x|z^{(l)}) + \log p(z^{(l)}) - \log q(z^{(l)}|x)]"
    torch.manual_seed(0)
    one = f2d.compile(text, scaffold=True, dims=DIMS)
    written = r"\max E_{z_{1:L} \sim q(z|x)}[\frac1L \sum_{l=1}^L (\log p(x|z_l) + \log p(z_l) - \log q(z_l|x))]"
    other = f2d.compile(written, scaffold=True, dims=DIMS)
    other.load_state_dict(one.state_dict())
    batch = {**one.example_batch(4), "noise": {"z": torch.randn(5, 4, 16)}}
    assert_close(one(**batch).value, other(**batch).value)


def test_a_density_beside_logarithms_is_a_value() -> None:
    text = r"\mathcal{L} = \frac1L \sum_{l=1}^L [q(z^{(l)}|x) - p(z^{(l)}) + \log p(x|z^{(l)})]"
    assert refused(text) == ["F2D-0587"]  # nothing says the law, and logarithms seem to be missing
    text = r"\mathcal{L} = E_{q(z|x)}[q(z|x) - p(z) + \log p(x|z)]"
    assert "p(z) is the value of the density, as it is written: no logarithm" in said(text)


@pytest.mark.parametrize(
    "body",
    [
        r"\log q(z^{(l)}|x)",  # a model, and data
        r"\log p(z^{(l)}) - \log q(z^{(l)}|x)",
        r"\log p(x^{(l)}|z^{(l)}) - \log q(z^{(l)}|x^{(l)})",  # examples
    ],
)
def test_samples_of_which_nothing_says_the_law(body: str) -> None:
    text = rf"\max \frac1L \sum_{{l=1}}^L [{body}]"
    try:
        assert "nothing else says what the samples are drawn from" not in said(text)
    except f2d.FormulaError as error:
        assert "samples are drawn from" not in str(error)


def test_a_divergence_at_data_of_the_model_draws_its_own_latent() -> None:
    r"""``E_{p(x,z)} KL[q(z|x) \| p(z)]``: z of the joint is not the one that the divergence is over."""
    torch.manual_seed(0)
    text = r"\max_\phi E_{p_\theta(x,z)}[\log q_\phi(z|x)] - KL[q_\phi(z|x) \| p(z)]"
    one = f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2})
    written = r"\max_\phi E_{p_\theta(x,z)}[\log q_\phi(z|x) - KL[q_\phi(z|x) \| p(z)]]"
    other = f2d.compile(written, scaffold=True, dims={"x": 3, "z": 2})
    other.load_state_dict(one.state_dict())
    noise = {"z": torch.randn(6, 2), "x": torch.randn(6, 3)}
    found, wanted = (each(batch_size=6, noise=noise) for each in (one, other))
    assert_close(found.value, wanted.value)
    assert found.terms["KL[q_phi(z|x) || p(z)]"] > 0
