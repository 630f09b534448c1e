"""FactorVAE: an autoencoder against the total correlation that a discriminator sees, and the discriminator's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle

#: Kim and Mnih 2018, equation 2 and algorithm 1; x_b is the second batch of the algorithm.
FORMULA = [
    r"\min_{\theta,\phi}\; -\mathbb{E}_{q(z|x)}[\log p(x|z)] + D_{KL}[q(z|x)\|p(z)]"
    r" + \gamma\,\mathbb{E}_{q(z|x)}\left[\log\tfrac{D(z)}{1-D(z)}\right]",
    r"\max_D\; \mathbb{E}_{q(z|x)}[\log D(z)] + \mathbb{E}_{\bar q(z|x_b)}[\log(1-D(z))]",
]


EXACT = {"rtol": 1e-10, "atol": 1e-10}


class FirstOfTwo(nn.Module):
    """The logit of the first of two classes, of a network with a logit for each."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, z: Tensor) -> Tensor:
        logits = self.network(z)
        return logits[:, 0] - logits[:, 1]


@pytest.mark.parametrize("player", ["theta,phi", "D"])
def test_each_player_of_factorvae(player: str) -> None:
    """Value and gradient to 1e-10; the streams take the halves of the oracle's batch."""
    known = oracle("pythae_factorvae")
    nets = known.networks()
    bound = {
        r"q_\phi(z|x)": f2d.Normal(nets["enc"]),
        r"p_\theta(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "D": f2d.Sigmoid(FirstOfTwo(nets["disc"])),
        "gamma": known.number("input/gamma"),
    }
    objective = f2d.compile(FORMULA, bound)
    x, rows = known.tensor("input/x"), known.tensor("noise/idx")
    first, second, orders = (known.tensor(f"noise/{name}") for name in ("eps1", "eps2", "perms"))
    site = r"q_\phi(z|x)"
    noise = {site: first, f"{site}#2": first, f"{site}#3": second, "z_bar": orders}
    out = objective(x=x[rows[4:]], x_b=x[rows[:4]], player=player, noise=noise)
    assert_close(out.loss.item(), known.number(f"value/{player}"), **EXACT)
    out.loss.backward()
    own = "disc" if player == "D" else "enc dec"
    expected = known.gradients(own)
    assert_close({k: v for k, v in gradients_of(nets).items() if k in expected}, expected, **EXACT)


def test_the_streams_have_batches_of_their_own() -> None:
    nets = oracle("pythae_factorvae").networks()
    bound = {
        "q(z|x)": f2d.Normal(nets["enc"]),
        "D": f2d.Sigmoid(FirstOfTwo(nets["disc"])),
    }
    objective = f2d.compile(FORMULA[1], bound)
    sizes = {"x": torch.zeros(3, 6, dtype=torch.float64), "x_b": torch.zeros(5, 6, dtype=torch.float64)}
    assert objective.example_noise(**sizes)["z_bar"].shape == (3, 5)
