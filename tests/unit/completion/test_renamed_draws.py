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
