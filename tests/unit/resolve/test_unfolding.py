"""Objectives and functions that the text defines with arguments, and calls of them."""

from __future__ import annotations

import pytest
import torch

from tests.support.small import Model, assumed, codes, program

ELBO = r"\mathbb{E}_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]"


@pytest.mark.parametrize(
    "formula",
    [
        rf"\log p(x) \geq \mathcal{{L}}(\theta, \phi; x); \mathcal{{L}}(\theta, \phi; x) = {ELBO}",
        rf"\max_{{\theta, \phi}} \mathcal{{L}}(\theta, \phi; x); \mathcal{{L}}(\theta, \phi; x) = {ELBO}",
        rf"\max \mathcal{{L}}; \mathcal{{L}}(\theta) = {ELBO}",
        rf"\max {ELBO}; w(t) = \begin{{cases}} 1 & t > 0 \\ 0 & \text{{otherwise}} \end{{cases}}",
        r"\max \mathbb{E}_{q(z|x)}[g(x, z)] - KL[q(z|x)||p(z)]; g(a, b) = \log p(a|b)",
    ],
)
def test_the_value_is_that_of_the_definition(formula: str) -> None:
    m = Model()
    meant = (m.log_p(m.z()) - m.kl()).mean()
    assert torch.allclose(m.value(formula), meant)


def test_a_call_at_another_example_is_an_assumption() -> None:
    text = assumed(
        [r"\max \frac1N \sum_{n=1}^N \mathcal{L}(\theta; x_n)", rf"\mathcal{{L}}(\theta; x) = {ELBO}"],
        {},
        scaffold=True,
    )
    assert "calL(theta; x_n) is what the text defines as calL(theta; x)" in text


def test_a_value_function_has_two_players() -> None:
    text = [
        r"\min_G \max_D V(D, G)",
        r"V(D, G) = \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p(z)}[\log(1 - D(G(z)))]",
    ]
    found = program(text, {}, scaffold=True)
    assert [(each.player, each.maximize) for each in found.objectives] == [("D", True), ("G", False)]


def test_what_nothing_uses_is_listed() -> None:
    assert "w(t) is left out: nothing uses what defines it" in assumed(
        [rf"\max {ELBO}", "w(t) = 1 + t"], {}, scaffold=True
    )


def test_what_says_a_value_is_no_definition() -> None:
    """D(x) = 1 for what is real says nothing of D at other values."""
    text = [r"\max \mathbb{E}_{q(z|x)}[\log p(x|z) + \log D(z)] - KL[q(z|x)||p(z)]", "D(x) = 1"]
    assert codes(text, {}, scaffold=True) != []


def test_a_bound_name_is_not_captured() -> None:
    """f(i) under a sum over i of its own would sum i, too: it stays a call."""
    text = [r"\max \mathbb{E}_{q(z|x)}[\sum_{i=1}^2 f(i) \log p(x|z)]", r"f(a) = \sum_{i=1}^3 a i"]
    assert codes(text, Model().bindings) != []


def test_a_function_of_itself_is_left_as_it_is() -> None:
    assert codes([rf"\max {ELBO}", r"V(s) = \max_a r(s, a) + V(a)"], Model().bindings) != []


def test_definitions_that_grow_without_end_are_no_trap() -> None:
    doubling = [f"f_{{{i}}}(x) = f_{{{i - 1}}}(x) + f_{{{i - 1}}}(x)" for i in range(1, 40)]
    assert codes([*doubling, r"\min \|f_{39}(x)\|^2"], {}) != []


BOUND = r"\mathcal{L}(x, y) = E_{q_\phi(z|x, y)}[\log p(x|z) + \log p(y|z)] - KL[q_\phi(z|x, y) || p(z)]"


def _networks(text: list[str], **dims: int) -> list[str]:
    found = program(text, {}, scaffold=True, dims=dims)
    return [each.label for each in found.networks]


def test_a_call_at_other_arguments_keeps_the_densities_of_the_definition() -> None:
    """Labelled and unlabelled data have one set of weights, whatever their names are."""
    text = [BOUND, r"\max E_{p_l(x_l, y_l)}[\mathcal{L}(x_l, y_l)] + E_{p_u(x_u, y_u)}[\mathcal{L}(x_u, y_u)]"]
    assert _networks(text) == ["q_phi(z|x, y)", "p(x|z)", "p(y|z)"]
    assert _networks([BOUND, r"\max \mathcal{L}(a, b) + \mathcal{L}(c, d)"]) == ["q_phi(z|x, y)", "p(x|z)", "p(y|z)"]


def test_a_density_of_the_definition_is_the_same_outside_of_it() -> None:
    """M2: the classifier that the unlabelled bound sums over is the one that labels train, wherever it stands."""
    text = [
        r"\mathcal{U}(x) = \sum_y q_\phi(y|x) \log p(x|y) + H(q_\phi(y|x))",
        r"\max E_{p_l(x_l, y_l)}[\log q_\phi(y_l|x_l)] + E_{p_u(x_u)}[\mathcal{U}(x_u)]",
        r"y \in \{1, \dots, 3\}; y_l \in \{1, \dots, 3\}; x_l \in \mathbb{R}^4; x_u \in \mathbb{R}^4",
    ]
    assert _networks(text) == ["q_phi(y|x)", "p(x|y)"]


def test_exchanged_arguments_are_exchanged_in_the_density() -> None:
    text = [BOUND, r"\max \mathcal{L}(x, y) + \mathcal{L}(y, x)"]
    said = assumed(text, {}, scaffold=True, dims={"x": 4, "y": 4})
    assert "q_phi(z|y, x) is q_phi(z|x, y) at the values of a call, with the same weights" in said
    assert _networks(text, x=4, y=4) == ["q_phi(z|x, y)", "p(x|z)", "p(y|z)"]


def test_arguments_of_two_spaces_have_densities_of_their_own() -> None:
    text = [
        r"\mathcal{L}(x) = E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) || p(z)]",
        r"\max \mathcal{L}(x_a) + \mathcal{L}(x_b)",
        r"x_a \in \mathbb{R}^4; x_b \in \mathbb{R}^3",
    ]
    assert _networks(text) == ["q(z|x_a)", "p(x_a|z)", "q(z|x_b)", "p(x_b|z)"]


RECONSTRUCTION = r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]"


@pytest.mark.parametrize(
    "definition",
    [
        rf"-\mathcal{{L}}(x) = {RECONSTRUCTION}",
        rf"\mathcal{{L}}(x) = -({RECONSTRUCTION})",
        rf"\log p(x) \ge {RECONSTRUCTION} = -\mathcal{{L}}(x)",
    ],
)
def test_a_sign_before_the_name_of_a_definition(definition: str) -> None:
    """Kingma et al. 2014, equations 6 to 8: the bound of one image is called -L(x)."""
    m = Model()
    meant = -(m.log_p(m.z()) - m.kl()).mean()
    assert torch.allclose(m.value([definition, r"\mathcal{J} = E_{p_{data}(x)}[\mathcal{L}(x)]"]), meant)


def test_a_sign_begins_a_line() -> None:
    text = f"-\\mathcal{{L}}(x) = {RECONSTRUCTION}\n-\\mathcal{{U}}(x) = -2 \\mathcal{{L}}(x)\n\\min \\mathcal{{U}}(x)"
    found = program(text, Model().bindings)
    assert [(each.maximize, len(each.terms)) for each in found.objectives] == [(False, 2)]


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (r"\max \sum_{x \sim \tilde p_l} \mathcal{L}(x)", True),
        (r"\max \sum_{x \sim \mathcal{D}} \mathcal{L}(x) - \sum_{x \sim \mathcal{D}} \|x\|^2", True),
        (r"\max \frac1N \sum_{x \sim \tilde p_l} \mathcal{L}(x) - E_{z \sim p(z)}[\|z\|^2]", False),
        (r"\max \frac{1}{|\mathcal{D}|} \sum_{x \sim \mathcal{D}} \mathcal{L}(x) - E_{z \sim p(z)}[\|z\|^2]", False),
    ],
)
def test_a_sum_over_draws_of_the_data_is_their_mean(objective: str, said: bool) -> None:
    text = [rf"\mathcal{{L}}(x) = {RECONSTRUCTION}", objective]
    found = program(text, Model().bindings)
    assert any("is read as the mean over it" in each.text for each in found.assumptions) == said


@pytest.mark.parametrize("share", ["", r"\frac1N ", r"\frac{1}{|\tilde p_l|} "])
def test_the_value_of_a_sum_over_draws(share: str) -> None:
    """1/N times a sum over N examples is their mean, and no N-th of it."""
    m = Model()
    objective = rf"\max {share}\sum_{{x \sim \tilde p_l}} \mathcal{{L}}(x)"
    meant = (m.log_p(m.z()) - m.kl()).mean()
    assert torch.allclose(m.value([rf"\mathcal{{L}}(x) = {RECONSTRUCTION}", objective]), meant)


@pytest.mark.parametrize(
    "objective",
    [
        r"\max \sum_{x \sim \tilde p_l} \mathcal{L}(x) + \sum_{x \sim \tilde p_u} \mathcal{L}(x)",
        r"\max \sum_{x \in \mathcal{D}_l} \mathcal{L}(x) + \sum_{x \in \mathcal{D}_u} \mathcal{L}(x)",
        r"\max \sum_{x \sim \mathcal{D}} \mathcal{L}(x) - E_{z \sim p(z)}[\|z\|^2]",
    ],
)
def test_sums_whose_numbers_weigh_them_are_refused(objective: str) -> None:
    assert codes([rf"\mathcal{{L}}(x) = {RECONSTRUCTION}", objective], Model().bindings) == ["F2D-0415"]
