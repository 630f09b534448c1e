"""The model's own draws: prior first, data last, only where nothing is missing."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.small import Gaussian, Model, program

ELBO = r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]"


def drawn(formula: str, bindings: dict[str, object]) -> list[str]:
    return [name for name, _ in program(formula, bindings).generative]


def sized(bindings: dict[str, object]) -> dict[str, object]:
    return {**bindings, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}


def test_prior_then_data() -> None:
    assert drawn(ELBO, sized(Model().bindings)) == ["z", "x"]


def test_an_unsized_prior_cannot_be_drawn() -> None:
    assert drawn(ELBO, Model().bindings) == []


def test_a_hierarchy_from_the_top() -> None:
    bindings = {
        "q(z_1|x)": f2d.Normal(Gaussian(2)),
        "q(z_2|z_1)": f2d.Normal(Gaussian(2)),
        "p(z_2)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        "p(z_1|z_2)": f2d.Normal(Gaussian(2)),
        "p(x|z_1)": f2d.Normal(Gaussian(2)),
    }
    formula = r"\max E_{q(z_1|x) q(z_2|z_1)}[\log p(x,z_1,z_2) - \log q(z_1,z_2|x)]"
    assert drawn(formula, bindings) == ["z_2", "z_1", "x"]


def test_a_conditional_model_needs_its_condition() -> None:
    """p(x|z,y) p(z|y) cannot be drawn without y."""
    bindings = {
        "q(z|x,y)": f2d.Normal(Gaussian(2, 2)),
        "p(x|z,y)": f2d.Normal(Gaussian(2, 2)),
        "p(z|y)": f2d.Normal(Gaussian(2)),
    }
    assert drawn(r"\max E_{q(z|x,y)}[\log p(x|z,y)] - KL[q(z|x,y)||p(z|y)]", bindings) == []


def test_posteriors_take_no_part() -> None:
    found = program(ELBO, sized(Model().bindings))
    assert [each.label for each in found.model] == ["p(z)", "p(x|z)"]


GAME = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]"


def test_a_game_samples_what_stands_where_the_data_stand() -> None:
    generator, critic = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    game = f2d.compile(GAME, {"G": generator, "D": critic, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)})
    z = torch.randn(5, 2)
    assert_close(game.sample(5, noise={"z": z})["x"], generator(z))
    assert any("it stands where the data do" in each.text for each in game.program.assumptions)
    assert "def sample(" in game.source


def test_a_mixture_with_the_data_is_no_sample() -> None:
    """Along the lines of a gradient penalty the data take part: only G(z) is made of draws alone."""
    text = [
        r"\min_G \max_D E_{p_{data}(x)}[D(x)] - E_{p(z)}[D(\tilde x)]"
        r" - E_{\hat x}[(\|\nabla_{\hat x} D(\hat x)\|_2 - 1)^2]",
        r"\tilde x = G(z); \hat x = \epsilon x + (1 - \epsilon) \tilde x; \epsilon \sim U[0, 1]",
        r"p(z) = N(z; 0, I); z \in \mathbb{R}^2; x \in \mathbb{R}^3",
    ]
    found = f2d.compile(text, scaffold=True)
    assert {name: tuple(each.shape) for name, each in found.sample(4).items()} == {"x": (4, 3)}


def test_a_deterministic_decoder_generates_from_the_prior_and_reconstructs_the_data() -> None:
    decoder, encoder = nn.Linear(2, 3), Gaussian(3)
    text = r"\min E_{q(z|x)}[\|x - G(z)\|_2^2] + KL[q(z|x) || p(z)]"
    prior = f2d.Normal(loc=1.0, scale=2.0, event_shape=2)
    found = f2d.compile(text, {"G": decoder, "q(z|x)": f2d.Normal(encoder), "p(z)": prior})
    x, noise = torch.randn(4, 3), torch.randn(4, 2)
    loc, scale = encoder(x)
    assert_close(found.reconstruct(x=x, noise={"z": noise})["x"], decoder(loc + scale * noise))
    assert_close(found.sample(4, noise={"z": noise})["x"], decoder(1 + 2 * noise))


def test_without_a_prior_nothing_is_generated() -> None:
    text = r"\min E_{q(z|x)}[\|x - G(z)\|_2^2]"
    found = f2d.compile(text, {"G": nn.Linear(2, 2), "q(z|x)": f2d.Normal(Gaussian(2))})
    with pytest.raises(f2d.FormulaError) as caught:
        found.sample(3)
    assert caught.value.diagnostics[0].code == "F2D-0611"


def test_a_code_reconstructs_the_data_that_choose_it() -> None:
    text = [
        r"z_q(x) = e_k; k = \arg\min_{j \in \{1, \dots, 4\}} \|f(x) - e_j\|_2",
        r"L = -\log p_\theta(x|z_q(x)) + \|\mathrm{sg}[f(x)] - e\|_2^2",
        r"x \in \{0,1\}^3; e_j \in \mathbb{R}^2",
    ]
    found = f2d.compile(text, scaffold=True)
    again = found.reconstruct(**found.example_batch(5))["x"]
    assert again.shape == (5, 3) and bool(((again >= 0) & (again <= 1)).all())


def test_the_model_of_labelled_and_unlabelled_data_is_drawn() -> None:
    """p(y) p(z) p(x|y, z) is the model of the data x_l, y_l and x_u."""
    text = [
        r"\mathcal{L}(x, y) = -E_{q(z|x, y)}[\log p(x|y, z) + \log p(y) + \log p(z) - \log q(z|x, y)]",
        r"\mathcal{U}(x) = \sum_y q(y|x) \mathcal{L}(x, y) - H(q(y|x))",
        r"J = E_{p_l(x_l, y_l)}[\mathcal{L}(x_l, y_l)] + E_{p_u(x_u)}[\mathcal{U}(x_u)]",
        r"x_l \in \{0,1\}^5; x_u \in \{0,1\}^5; y \in \{1, \dots, 3\}; y_l \in \{1, \dots, 3\}; z \in \mathbb{R}^2",
    ]
    drawn = f2d.compile(text, scaffold=True).sample(4)
    assert {name: tuple(each.shape) for name, each in drawn.items()} == {"y": (4,), "z": (4, 2), "x": (4, 5)}
