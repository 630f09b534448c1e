r"""Samplers of codes decode: by what the text says makes data of a code, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

CODE, DATA = 2, 6
PATH = (
    r"z_t = (1 - t) z_0 + t \epsilon; t \sim U(0, 1); x \sim p_{data}; \epsilon \sim N(0, I)"
    r"; z_0 \in \mathbb{R}^2; x \in \mathbb{R}^6"
)
LOSS = r"\min_\theta E_{x,t,\epsilon}\|\epsilon - \epsilon_\theta(z_t, t)\|^2"
DRAWN = r"\min_\theta E_{x,t,\epsilon,q(z_0|x)}[\|\epsilon - \epsilon_\theta(z_t, t)\|^2"


class Noise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(CODE + 1, CODE)

    def forward(self, z: Tensor, t: Tensor) -> Tensor:
        return self.body(torch.cat([z, t[:, None]], 1))  # type: ignore[no-any-return]


def objective(*text: str, **more: Any) -> Any:
    torch.manual_seed(0)
    bindings = {r"\epsilon_\theta": Noise(), "D": nn.Linear(CODE, DATA), "E": nn.Linear(DATA, CODE), **more}
    used = {key: value for key, value in bindings.items() if any(f"{key}(" in each for each in text) or key in more}
    return f2d.compile([*text, PATH], used, scaffold=True).double()


CERTAIN = {
    "a definition": [LOSS, r"z_0 = sg[E(x)]; \hat x = D(z_0)"],
    "a definition with a tilde": [LOSS, r"z_0 = E(x); \tilde x = D(z_0)"],
    "a loss beside": [LOSS + r" + \|x - D(z_0)\|^2", "z_0 = E(x)"],
    "a loss beside, the other way": [LOSS + r" + 0.5 \|D(z_0) - x\|^2", "z_0 = E(x)"],
}


@pytest.mark.parametrize("name", CERTAIN)
def test_data_are_what_the_decoder_says(name: str) -> None:
    o = objective(*CERTAIN[name])
    made = o.sample(3, steps=4)
    assert list(made) == ["z_0", "x"]
    assert_close(made["x"], o.D(made["z_0"]).detach())
    assert_close(o.decode(made["z_0"]), o.D(made["z_0"]))
    assert "sample makes x of z_0" in map(str, o.assumptions)


LAWS = {
    "declared": [DRAWN + "]", r"p(x|z_0) = N(x; D(z_0), 0.25 I)"],
    "scored": [DRAWN + r" - \log p(x|z_0)]", r"p(x|z_0) = N(x; D(z_0), 0.25 I)"],
}


@pytest.mark.parametrize("name", LAWS)
def test_data_are_drawn_from_the_law(name: str) -> None:
    """Around what the network says, at given noise."""
    o = objective(*LAWS[name])
    noise = torch.randn(3, DATA, dtype=torch.float64)
    made = o.sample(3, steps=4, noise={"x": noise})
    assert_close(made["x"], o.D(made["z_0"]).detach() + 0.5 * noise)
    assert "sample makes x of z_0, by p(x|z_0)" in map(str, o.assumptions)


def test_a_bound_law_decodes() -> None:
    o = objective(DRAWN + "]", **{"p(x|z_0)": f2d.Normal(loc=nn.Linear(CODE, DATA), scale=0.5)})
    assert o.sample(3, steps=4)["x"].shape == (3, DATA)


@pytest.mark.parametrize(
    "text",
    [
        [LOSS, "z_0 = E(x)"],
        [LOSS, r"z_0 = E(x); \hat x = F(z_0)"],  # nothing trains F, and nothing is bound to it
        [LOSS, r"z_0 = E(x); \hat x = D(z_0) + x"],  # reads what is to be made
        [LOSS + r" + \|x - 2 D(x)\|^2", "z_0 = E(x)"],
    ],
)
def test_where_nothing_decodes_codes_are_drawn(text: list[str]) -> None:
    o = objective(*text, D=nn.Linear(DATA, DATA)) if "D(x)" in text[0] else objective(*text)
    assert list(o.sample(3, steps=4)) == ["z_0"]
