"""Defaults for what nobody bound: listed one by one, never in place of what follows from other densities."""

from __future__ import annotations

from tests.support.small import assumed, codes, program

ELBO = r"\max E_{q(z|x)}[\log p(x|z)] - \beta KL[q(z|x)||p(z)]"


def test_everything_chosen_is_listed() -> None:
    text = assumed(ELBO, {}, scaffold=True)
    for choice in ("p(z) is the standard Normal", "q(z|x) is a Normal", "p(x|z) is a Normal", "z has 16", "beta is 1"):
        assert choice in text, choice


def test_nothing_is_made_up_without_being_asked() -> None:
    assert set(codes(ELBO, {})) >= {"F2D-0302"}


def test_spaces_choose_families_and_sizes() -> None:
    statements = [r"x \in \{0,1\}^{64}", r"z \in \mathbb{R}^{8}", r"y \in \{1,\dots,10\}"]
    found = program(
        [*statements, r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)] + \log p(y|z=f(x))"], {}, scaffold=True
    )
    heads = {each.label: each.scaffold.heads for each in found.networks if each.scaffold}
    assert [shape for _, _, shape in heads["q(z|x)"]] == [(8,), (8,)]
    assert [(name, shape) for name, _, shape in heads["p(x|z)"]] == [("logits", (64,))]
    assert [shape for _, _, shape in heads["p(y|z)"]] == [(10,)]


def test_a_joint_is_its_conditionals() -> None:
    found = program(r"\max E_{q(z|x)}[\log p(x,z) - \log q(z|x)]", {}, scaffold=True)
    assert sorted(each.label for each in found.networks) == ["p(x|z)", "q(z|x)"]


def test_a_posterior_of_what_is_bound_is_not_made_up() -> None:
    """p(z|x) beside p(x|z) and p(z) follows from them."""
    assert codes(r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z|x)] + E_{q(z|x)}[\log p(z)]", {}, scaffold=True) != []


def test_an_unbound_prior_under_an_expectation_is_drawn() -> None:
    found = program(r"\max E_{p(z)}[f(z)]", {}, scaffold=True)
    assert [each.name for each in found.inputs] == []
    assert [each.name for each in found.sites] == ["z"]


def test_the_marginal_of_data_is_not_made_up() -> None:
    """log p(x) beside p(x|z) is no density of its own: the chain's bound is compiled, and either side may be first."""
    bound = r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]"
    for formula in (rf"{bound} \le \log p(x)", rf"\log p(x) = KL[q(z|x)||p(z|x)] + {bound} \ge {bound}"):
        found = program(formula, {}, scaffold=True)
        assert [each.name for each in found.objectives[0].terms] == ["log p(x|z)", "KL[q(z|x) || p(z)]"]
        assert found.objectives[0].maximize


def test_what_a_statement_draws_is_a_latent() -> None:
    """z ~ q(z|x) has a default size, and a posterior of two heads."""
    found = program([r"z \sim q(z|x)", r"\max \log p(x|z) - KL[q(z|x)||p(z)]"], {}, scaffold=True)
    heads = {each.label: [name for name, _, _ in each.scaffold.heads] for each in found.networks if each.scaffold}
    assert heads["q(z|x)"] == ["loc", "scale"]


def test_a_space_may_be_written_with_a_named_size() -> None:
    """z in R^d with d = 8 has 8 dimensions; y in {1, ..., K} with K = 3 has three classes."""
    text = [
        r"\max E_{q(z|x, y)}[\log p(x|z)] - KL[q(z|x, y) || p(z)]",
        r"z \in \mathbb{R}^{d_z}; d_z = 8; x \in \{0,1\}^{3 \times n}; n = 5; y \in \{1, \dots, K\}; K = 3",
    ]
    found = program(text, {}, scaffold=True)
    assert [(each.name, each.shape, each.classes) for each in found.inputs] == [("x", (3, 5), None), ("y", (), 3)]
    assert dict(found.generative)["z"].law.shape == (8,)
