r"""Draws under another name than the density's, ``E_{u \sim q(z|x)}``: one density, and no second one over u."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.completion.draws.renamed_draws import name_draws
from formula2dgm.syntax import parse, parse_one

PLAIN = r"\max E_{q(z|x)}[\log p(x|z)] - KL(q(z|x) \| p(z))"


def written(text: str, *keys: str) -> list[str]:
    statements, _ = name_draws(parse(text)[0], [parse_one(each) for each in keys])
    return [str(each.body) for each in statements]


def networks(text: str) -> list[str]:
    return [name for name, _ in f2d.compile(text, scaffold=True, dims={"x": 3, "z": 2}).named_children()]


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{u \sim q(z|x)}[\log p(x|u)] - KL(q(z|x) \| p(z))",
        r"\max E_{\hat Z \sim q(z|x)}[\log p(x|\hat Z)] - KL(q(z|x) \| p(z))",
        r"\max E[\log p(x|\hat Z)] - KL(q(z|x) \| p(z)); \hat Z \sim q(z|x)",
        "max E_{Z ~ q(z|x)}[log p(x|Z)] - KL[q(z|x) || p(z)]",
        "max 𝔼_{u ∼ q(z|x)}[log p(x|u)] − KL[q(z|x) ‖ p(z)]",
    ],
)
def test_the_encoder_of_the_divergence_is_that_of_the_draw(text: str) -> None:
    assert networks(text) == networks(PLAIN) == ["q_z_given_x", "p_x_given_z"]
    assert any("a value of q(z|x)" in str(each) for each in f2d.compile(text, scaffold=True, dims={"x": 3}).assumptions)


def test_the_bound_is_that_of_one_encoder() -> None:
    torch.manual_seed(0)
    x, noise = torch.randn(4, 2), torch.randn(4, 2)
    encoder, decoder = nn.Linear(2, 2), nn.Linear(2, 2)
    bindings = {
        "q(z|x)": f2d.Normal(loc=encoder, scale=0.5),
        "p(x|z)": f2d.Normal(loc=decoder, scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    out = f2d.compile(r"\max E_{u \sim q(z|x)}[\log p(x|u)] - KL(q(z|x) \| p(z))", bindings)(x=x, noise={"z": noise})
    q = torch.distributions.Normal(encoder(x), 0.5)
    score = torch.distributions.Normal(decoder(encoder(x) + 0.5 * noise), 1.0).log_prob(x).sum(-1)
    divergence = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    assert_close(out.value, (score - divergence).mean())


def test_what_the_bracket_reads_too_gets_a_prime() -> None:
    assert written(r"E_{u \sim q(z|x)}[k(z, u)]") == ["E_{z' ~ q(z|x)}[k(z, z')]"]


@pytest.mark.parametrize(
    "text",
    [
        r"E_{z' \sim q(z|x)}[f(z')]",  # a value of z by its own letter
        r"E_{z_k \sim q(z|x)}[f(z_k)]",
        r"E_{y \sim \pi(x)}[r(x, y)]",  # a policy at a state
        r"E_{x \sim p_{data}}[f(x)]",
        r"E_{x \sim D(z)}[f(x)]",
    ],
)
def test_other_draws_stay(text: str) -> None:
    assert written(text) == [str(parse_one(text))]


def test_a_density_that_is_known_over_the_name_is_another_one() -> None:
    assert written(r"E_{u \sim q(z|x)}[f(u)]", "q(u|x)") == ["E_{u ~ q(z|x)}[f(u)]"]
    assert written(r"E_{u \sim q(z|x)}[f(u)]; q(u|x) = N(u; x, I)")[0] == "E_{u ~ q(z|x)}[f(u)]"


def test_a_state_at_a_time_is_drawn_from_its_own_law() -> None:
    assert written(r"z(0) \sim p(z)") == ["z(0) ~ p(z(0))"]


# -- joints --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"E_{\tilde x, z \sim p(x, z)}[f(z, \tilde x)]", "E_{(x, z) ~ p(x, z)}[f(z, x)]"),
        (r"E_{(\tilde x, z) \sim p_\theta(x, z)}[f(z, \tilde x)]", "E_{(x, z) ~ p_theta(x, z)}[f(z, x)]"),
        (r"E_{z, \tilde x \sim p(x, z)}[f(z, \tilde x)]", "E_{(x, z) ~ p(x, z)}[f(z, x)]"),
        (r"E_{a, b \sim p(x, z)}[f(b, a)]", "E_{(x, z) ~ p(x, z)}[f(z, x)]"),
    ],
)
def test_draws_of_a_joint_are_its_variables(text: str, expected: str) -> None:
    assert written(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        r"E_{x, z \sim p(x, z)}[f(x, z)]",
        r"E_{(x, y') \sim p(x, y)}[f(x, y')]",  # a y of another example
        r"E_{(x', y') \sim p(x, y)}[f(x, x')]",
        r"E_{\mu, s \sim N(m, v)}[f(\mu, s)]",
        r"E_{z_1, z_2 \sim p(z, c)}[f(z_1, z_2)]",
        r"E_{x' \sim p(x'|x), u \sim p(u)}[f(x', u)]",
    ],
)
def test_other_draws_of_several_names_stay(text: str) -> None:
    assert written(text) == [str(parse_one(text))]


def test_a_joint_that_is_known_over_the_names_is_another_one() -> None:
    assert written(r"E_{u, z \sim p(x, z)}[f(u, z)]", "p(u, z)") == ["E_{u, z ~ p(x, z)}[f(u, z)]"]


def test_a_variable_of_a_joint_by_two_names_is_refused() -> None:
    with pytest.raises(f2d.FormulaError) as error:
        written(r"E_{\tilde x, z \sim p_\theta(x, z)}[f(x, \tilde x)]")
    (found,) = error.value.diagnostics
    assert found.code == "F2D-0525" and r"p_theta(x_tilde, z)" in (found.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        r"\max_\lambda E_{\tilde x, z \sim p(x, z|\theta)}[\log q(z|\tilde x, \lambda)]",
        r"\max_\lambda E_{\tilde x, z \sim p_\theta(x, z)}[\log q_\lambda(z|\tilde x)]",
        "max_λ E_{(u, z) ~ p_θ(x, z)}[log q_λ(z|u)]",
    ],
)
def test_the_sleep_phase_reads_what_the_model_makes(text: str) -> None:
    """z from N(0, I), x from N(W z, I): the score of z at that x, and no data."""
    torch.manual_seed(0)
    model, inference = nn.Linear(2, 3), nn.Linear(3, 2)
    greek = "θ" in text
    bindings = {
        "p_θ(x|z)" if greek else "p_theta(x|z)": f2d.Normal(loc=model, scale=1.0),
        "q_λ(z|x)" if greek else "q_lambda(z|x)": f2d.Normal(loc=inference, scale=1.0),
    }
    objective = f2d.compile(text, bindings, scaffold=True, dims={"x": 3, "z": 2})
    assert not objective.inputs
    noise = {"z": torch.randn(5, 2), "x": torch.randn(5, 3)}
    made = model(noise["z"]) + noise["x"]
    score = torch.distributions.Normal(inference(made.detach()), 1.0).log_prob(noise["z"]).sum(-1).mean()
    out = objective(batch_size=5, noise=noise)
    assert_close(out.value, score)
    out.loss.backward()
    assert_close(inference.weight.grad, torch.autograd.grad(-score, inference.weight)[0])
    assert model.weight.grad is None
