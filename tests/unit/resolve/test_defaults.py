"""Default networks and densities: their sizes meet, and what they return fits where it stands."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d


def _objective(formula: str) -> f2d.Objective:
    return f2d.compile(formula, scaffold=True, dims={"x": 12, "y": 3})


def _assumptions(objective: f2d.Objective) -> list[str]:
    return [each.text for each in objective.program.assumptions]


@pytest.mark.parametrize(
    "formula",
    [
        r"\min_G \max_D V(D, G) = E_{x \sim p_{data}}[\log D(x)] + E_{z \sim p(z)}[\log(1 - D(G(z)))]",
        r"\max_w \mathbb{E}_{x \sim p_{data}}[f_w(x)] - \mathbb{E}_{z \sim p(z)}[f_w(g_\theta(z))]",
        r"\min \mathbb{E}_{x \sim p_{data}, \epsilon \sim N(0, I)}[\|\epsilon - \epsilon_\theta(a x + b \epsilon)\|^2]",
        r"\min \mathbb{E}_{q(z|x)}[\|x - f(z)\|^2]",
    ],
)
def test_what_meets_has_one_size(formula: str) -> None:
    objective = _objective(formula)
    x = torch.randn(5, 12)
    for player in {each.player for each in objective.program.objectives}:
        output = objective(x=x) if player is None else objective(x=x, player=player)
        assert torch.isfinite(output.loss)


def test_a_network_under_logs_only_is_a_probability() -> None:
    found = _objective(r"\max \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{z \sim p(z)}[\log(1 - D(G(z)))]")
    assert any(each.startswith("D is a small network with a sigmoid") for each in _assumptions(found))


def test_a_network_that_also_stands_alone_is_no_probability() -> None:
    found = _objective(r"\max \mathbb{E}_{x \sim p_{data}}[\log D(x)] + \mathbb{E}_{x \sim p_{data}}[D(x)]")
    assert "D is the exponential of a small network: it stands under a log" in _assumptions(found)
    assert torch.isfinite(found(x=torch.randn(64, 12)).loss)


def test_a_posterior_over_weights_is_learned() -> None:
    found = _objective(r"\min KL(q(w|\theta) \| p(w)) - \mathbb{E}_{q(w|\theta)}[\log p(y|x, w)]")
    learned = [each for each in found.program.parameters if each.learned]
    assert [(each.shape, each.group, each.fill) for each in learned] == [((16,), "theta", 0.0)] * 2


def test_a_prior_is_not_learned() -> None:
    found = _objective(r"\max \mathbb{E}_{q_\phi(z|x)}[\log p_\theta(x|z)] - KL(q_\phi(z|x) \| p_\theta(z))")
    assert found.program.parameters == ()


@pytest.mark.parametrize("draws", [r"z \sim Q", "Q", "q"])
def test_a_bare_letter_draws_from_its_only_density(draws: str) -> None:
    letter = draws[-1]
    found = _objective(rf"\max \mathbb{{E}}_{{{draws}}}[\log p(x|z)] - KL({letter}(z|x) \| p(z))")
    assert {each.label for each in found.program.networks} == {"p(x|z)", f"{letter}(z|x)"}


def test_a_letter_means_its_other_case_where_it_has_no_density() -> None:
    found = _objective(r"\max \mathbb{E}_{Q}[\log p(x|z)] - KL(q(z|x) \| p(z))")
    assert "Q is the distribution q(z|x)" in _assumptions(found)


def test_no_gradient_passes_through_a_stopped_density() -> None:
    found = f2d.compile(r"\min KL(sg[q(z|x)] \| r(z|y))", scaffold=True, dims={"x": 3, "y": 2})
    found(x=torch.randn(4, 3), y=torch.randn(4, 2)).loss.backward()
    reached = {name.split(".")[0] for name, each in found.named_parameters() if each.grad is not None}
    assert reached == {"r_z_given_y"}


def test_a_share_starts_at_one_half() -> None:
    found = _objective(r"\min \pi \mathbb{E}_{x \sim p_{data}}[f(x)^2] + (1 - \pi) \mathbb{E}_{z \sim p(z)}[f(z)^2]")
    assert "pi is 0.5" in _assumptions(found)
