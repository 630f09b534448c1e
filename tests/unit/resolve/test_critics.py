"""A critic of data and of what another network makes, under one loss: who is trained by it, or a refusal."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from tests.support.small import assumed, codes, program

DATA, MADE = r"E_x[(D(x) - 1)^2]", r"E_{z \sim p(z)}[D(G(z))^2]"
OPTIONS: dict[str, object] = {"scaffold": True, "dims": {"x": 3, "z": 2}}


@pytest.mark.parametrize(
    "formula",
    [
        rf"L_{{LSGAN}} = {DATA} + {MADE}",
        rf"L_{{GAN}} = {DATA} + {MADE}",
        rf"L(D, G) = {DATA} + {MADE}",
        rf"V(D, G) = {DATA} + {MADE}",
        rf"L(\theta) = {DATA} + {MADE}",
        rf"\min_\theta {DATA} + {MADE}",
        r"L = E_x[D(x)] - E_{z \sim p(z)}[D(G(z))]",
        r"L = E_x[\max(0, 1 - D(x))] + E_{z \sim p(z)}[\max(0, 1 + D(G(z)))]",
        r"L(\theta) = E_x[\log D(x)] + E_{z \sim p(z)}[\log(1 - D(G(z)))]",
        r"L = E_x[(D(x, E(x)) - 1)^2] + E_{z \sim p(z)}[D(G(z), z)^2]",
        r"L = E_{q(z|x)}[\|x - G(z)\|^2 + D(z)^2] + E_{z \sim p(z)}[(D(z) - 1)^2]",
        r"L = E_{z \sim p(z)}[(D(G(z)) - 1)^2]; G(z) \in \mathbb{R}^3",
    ],
)
def test_nobody_plays(formula: str) -> None:
    assert codes(formula, {}, **OPTIONS) == ["F2D-0516"]


@pytest.mark.parametrize(
    ("formula", "trains"),
    [
        (rf"L_D = {DATA} + {MADE}", ("D",)),
        (rf"L_d = {DATA} + {MADE}", ("D",)),
        (rf"L_{{disc}} = {DATA} + {MADE}", ("D",)),
        (r"L_{gen} = E_{z \sim p(z)}[(D(G(z)) - 1)^2]; G(z) \in \mathbb{R}^3", ("G",)),
        (r"L_{gen} = -E_{z \sim p(z)}[\log D(G(z))]; G(z) \in \mathbb{R}^3", ("G",)),
        (rf"\min_D {DATA} + {MADE}", ("D",)),
        (r"L(\phi) = E_x[D_\phi(x)] - E_{z \sim p(z)}[D_\phi(G_\theta(z))]", ("D_phi",)),
        (r"L = E_x[D(x)] - E_{z \sim p(z)}[D(sg[G(z)])]", ("D",)),
    ],
)
def test_who_is_trained(formula: str, trains: tuple[str, ...]) -> None:
    (objective,) = program(formula, {}, **OPTIONS).objectives
    assert objective.trains == trains


@pytest.mark.parametrize(
    "formula",
    [
        rf"\min_{{D, G}} {DATA} + {MADE}",
        rf"\min {DATA} + {MADE}",
        r"L = \|x - G(E(x))\|^2",
        r"L = E_x[\|F(G(x)) - x\|_1] + E_y[\|G(F(y)) - y\|_1]",
        r"L = E_x[\|f(x) - x\|^2 + \|f(g(x)) - x\|^2]",  # vectors: nothing is judged
        r"\max E_x[T(x, E(x))] - \log E_{x, y}[e^{T(y, E(x))}]",  # all of it reads what E makes
    ],
)
def test_all_are_trained(formula: str) -> None:
    (objective,) = program(formula, {}, scaffold=True, dims={"x": 3, "y": 3, "z": 2}).objectives
    assert objective.trains is None


def test_a_bare_operator_is_an_assumption() -> None:
    assert "D and G, which makes what D judges, both want this" in assumed(rf"\min {DATA} + {MADE}", {}, **OPTIONS)


def test_a_label_that_says_no_player_is_none() -> None:
    """L_{enc} of an autoencoder, whose networks play no game, trains both."""
    (objective,) = program(r"L_{enc} = \|x - D(E(x))\|^2", {}, scaffold=True, dims={"x": 3}).objectives
    assert objective.trains is None


@pytest.mark.parametrize("fixed", ["D", "G"])
def test_what_is_not_trained_plays_no_game(fixed: str) -> None:
    """A judge that was trained elsewhere, a kernel, a function without parameters."""
    critic, maker = nn.Linear(3, 1), nn.Linear(2, 3)
    (critic if fixed == "D" else maker).requires_grad_(False)
    bindings = {"D": critic, "G": maker, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}
    assert codes(rf"L = {DATA} + {MADE}", bindings) == []
    assert codes(rf"L = {DATA} + {MADE}", {**bindings, "D": nn.Linear(3, 1), "G": nn.Linear(2, 3)}) == ["F2D-0516"]


def test_the_loss_of_the_critic_by_hand() -> None:
    torch.manual_seed(0)
    critic, maker = nn.Linear(3, 1), nn.Linear(2, 3)
    bindings = {"D": critic, "G": maker, "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)}
    objective = f2d.compile(rf"L_{{disc}} = {DATA} + {MADE}", bindings)
    x, z = torch.randn(5, 3), torch.randn(5, 2)
    loss = objective(x=x, noise={"z": z}).loss
    expected = ((critic(x) - 1) ** 2).mean() + (critic(maker(z).detach()) ** 2).mean()
    torch.testing.assert_close(loss, expected)
    (wanted,) = torch.autograd.grad(expected, [critic.weight])
    loss.backward()
    torch.testing.assert_close(critic.weight.grad, wanted)
    assert maker.weight.grad is None
