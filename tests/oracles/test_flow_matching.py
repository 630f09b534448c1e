"""Flow matching with what static models have: a time that is drawn, a path that is a Normal or a definition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle

PATH = r"\mathcal{N}((1-t)x_0+tx_1,\sigma^2I)"
ICFM = {
    "the path as a draw": [
        r"\min_\theta \mathbb{E}_{t\sim U(0,1),x_0\sim\mathcal N(0,I),x_1\sim p_{data}}"
        rf"\mathbb{{E}}_{{x_t \sim {PATH}}}\|v_\theta(x_t,t)-(x_1-x_0)\|^2"
    ],
    "the path as a definition": [
        r"x_t = (1-t)x_0+tx_1 + \sigma\epsilon",
        r"\min_\theta \mathbb{E}_{t\sim U(0,1),x_0\sim\mathcal N(0,I),x_1\sim p_{data},\epsilon\sim\mathcal N(0,I)}"
        r"\|v_\theta(x_t,t)-(x_1-x_0)\|^2",
    ],
}
TARGET = [
    r"p(x|x_1,t)=\mathcal N(x; tx_1,(1-(1-\sigma)t)^2I)",
    r"\min_\theta \mathbb{E}_{t\sim U(0,1),x_1\sim p_{data}} \mathbb{E}_{x \sim p(x|x_1,t)}"
    r"\left\|v_\theta(x,t)-\frac{x_1-(1-\sigma)x}{1-(1-\sigma)t}\right\|^2",
]


class Field(nn.Module):
    """A network of a vector and of one number an example."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.net(x, t.unsqueeze(-1))


def check(name: str, text: list[str], noise: dict[str, str]) -> None:
    known = oracle(name)
    nets = known.networks()
    bound = {r"v_\theta": Field(nets["v"]), "sigma": known.number("input/sigma")}
    given = {site: known.tensor(f"noise/{key}") for site, key in noise.items()}
    out = f2d.compile(text, bound)({"x_1": known.tensor("input/x1")}, noise=given)
    out.loss.backward()
    assert out.loss.dtype == torch.float64
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    assert_close(gradients_of(nets), known.gradients(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("written", ICFM)
def test_a_straight_path(written: str) -> None:
    site = "x_t" if "draw" in written else r"\epsilon"
    check("torchcfm_icfm", ICFM[written], {"t": "t", "x_0": "x0", site: "eps"})


def test_a_path_to_one_point() -> None:
    check("torchcfm_target", TARGET, {"t": "t", "x": "eps"})
