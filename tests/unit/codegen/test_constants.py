"""A network that is held constant and reads noise alone is called without autograd; any other is only held."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d

SIZES = {"x": 3, "z": 2}
GAN = r"\min_G \max_D E_{x \sim p_{data}}[\log D(x)] + E_{z \sim p(z)}[\log(1 - D(G(z)))]"
FACTORS = [
    r"\min_\theta -E_{q_\theta(z|x)}[\log p_\theta(x|z)]",
    r"\max_D E_{q_\theta(z|x)}[\log D(z)]",
]


def compiled(*texts: str) -> f2d.Objective:
    return f2d.compile(list(texts), scaffold=True, dims=SIZES)


def test_a_generator_of_noise_is_called_without_autograd() -> None:
    source = compiled(GAN).source
    assert "with torch.no_grad():\n            G_z = self.G(z)\n" in source
    assert "frozen(self.D)(G_z)" in source  # the generator's step wants the gradient through D
    assert f2d.verify(GAN, seeds=1, dims=SIZES).agrees


def test_a_network_of_data_is_held_and_passes_gradients_to_the_data() -> None:
    objective = compiled(*FACTORS)
    assert "frozen(self.q_theta_z_given_x)(x)" in objective.source
    x = torch.rand(4, 3, requires_grad=True)
    (found,) = torch.autograd.grad(objective(x=x, player="D").loss, x)
    assert found.abs().sum() > 0


@pytest.mark.parametrize("penalty", [r"\|\nabla_z D(G(z))\|^2", r"(\|\nabla_z D(G(z))\| - 1)^2"])
def test_a_derivative_by_the_noise_passes_through_it(penalty: str) -> None:
    text = rf"\min_G \max_D E_{{x \sim p_{{data}}}}[D(x)] - E_{{z \sim p(z)}}[D(G(z)) + {penalty}]"
    assert "with torch.no_grad():\n            G_z" not in compiled(text).source
    assert f2d.verify(text, seeds=1, dims=SIZES).agrees
