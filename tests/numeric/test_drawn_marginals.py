r"""Draws of a written marginal, ``p(x) = \int p(x|z) p(z) dz``; densities of one value, ``\delta(x - G(z))``; what is
held constant, and what is a probability, by default."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

import formula2dgm as f2d

GAME = r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p_g(x)}[\log(1 - D(x))]"
SPACES = r"x \in \mathbb{R}^6; z \in \mathbb{R}^3"


@pytest.mark.parametrize(
    "said",
    [
        r"p_g(x) = \int p(x|z) p(z) dz; p(x|z) = \delta(x - G(z))",
        r"p_g(x) = \int p(x|z) p(z) dz; p(x|z) = \delta(G(z) - x)",
        r"p_g(x) = \int p(x|z) p(z) dz; p(x|z) = \delta_{G(z)}(x)",
        r"p_g(x) = \int p(z) p(x|z) dz; p(x|z) = \delta(x; G(z))",
    ],
)
def test_a_generator(said: str) -> None:
    """The draw is G(z), and nothing else."""
    torch.manual_seed(0)
    game = f2d.compile([GAME, said, SPACES], scaffold=True)
    x, z = torch.randn(5, 6), torch.randn(5, 3)
    noise = {**game.example_noise(x=x), "z": z}
    loss = game(x=x, noise=noise, player="G").loss
    assert_close(loss, torch.log(1 - torch.sigmoid(game.D(game.G(z)))).mean())


def test_a_chain_of_normals_is_drawn_parents_first() -> None:
    torch.manual_seed(0)
    o = f2d.compile(
        [
            r"\max E_{q(z)}[\log \tilde p(z)]; \log \tilde p(z) = -\|z - 1\|^2",
            r"q(z) = \int q(z|w) q(w) dw; q(z|w) = N(z; f(w), 0.25 I); q(w) = N(w; 0, I)",
            r"z \in \mathbb{R}^2; w \in \mathbb{R}^2",
        ],
        scaffold=True,
    )
    w, eps = torch.randn(4, 2), torch.randn(4, 2)
    value = o(batch_size=4, noise={"w": w, "z": eps}).value
    assert_close(value, -((o.f(w) + 0.5 * eps - 1) ** 2).sum(1).mean())


def test_a_latent_of_its_own_is_no_part_of_the_integral() -> None:
    text = [r"\max E_{p(z)} E_{p_g(x)}[-\|x - z\|^2]; p_g(x) = \int p(x|z) p(z) dz", r"x, z \in \mathbb{R}^2"]
    with pytest.raises(f2d.FormulaError, match="F2D-0321"):
        f2d.compile(text, scaffold=True)


def test_delta_may_be_a_name() -> None:
    """A function that the text defines is that."""
    text = [r"\min \delta(f(x) - 1); \delta(u) = \|u\|^2; x \in \mathbb{R}^3"]
    x, f = torch.randn(4, 3), torch.nn.Linear(3, 3)
    assert_close(f2d.compile(text, {"f": f}, scaffold=True)(x=x).value, ((f(x) - 1) ** 2).sum(1).mean())


def test_a_reference_with_a_default_network_is_frozen() -> None:
    """pi_ref beside pi_theta is held constant, bound or not."""
    o = f2d.compile(
        [
            r"\max_\theta E_{(s,a) \sim D}[\log \pi_\theta(a|s) - \log \pi_{ref}(a|s)]",
            r"s \in \mathbb{R}^3; a \in \{1, \dots, 4\}",
        ],
        scaffold=True,
    )
    o(**o.example_batch(4)).loss.backward()
    assert o.pi_theta_a_given_s.body[0].weight.grad.any()
    assert o.pi_ref_a_given_s.body[0].weight.grad is None


def test_a_network_inside_a_networks_argument_is_no_probability() -> None:
    """Of Bernoulli(x; g(f(z))) the result of g is a probability, and that of f what it is."""
    torch.manual_seed(0)
    o = f2d.compile(
        [
            r"\max E_{q(z|x)}[\log p(x|z)]",
            r"p(x|z) = \mathrm{Bernoulli}(x; g(f(z)))",
            r"x \in \{0,1\}^6; z \in \mathbb{R}^3",
        ],
        scaffold=True,
    )
    x, eps = torch.rand(4, 6).round(), torch.randn(4, 3)
    loc, scale = o.q_z_given_x(x).values()
    logits = o.g(o.f(loc + scale * eps))
    bits = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1).mean()
    assert_close(o(x=x, noise={"z": eps}).loss, bits)
