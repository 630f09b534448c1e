"""p(z|x) of ``KL[q(z|x) || p(z|x)]``: what follows from a model is no default network."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.support.small import Model, codes, program

OPTIONS: dict[str, object] = {"scaffold": True, "dims": {"x": 3, "z": 2}}
RATE = r"KL[q(z|x) \| p(z|x)]"


@pytest.mark.parametrize(
    "formula",
    [
        rf"\min {RATE}",
        r"\min_\phi KL[q_\phi(z|x) \| p(z|x)]",
        r"\min_\theta KL[q(z|x) \| p_\theta(z|x)]",
        r"\min KL[p(z|x) \| q(z|x)]",
        rf"L = \log p(x) - {RATE}",
        rf"\log p(x) \ge \log p(x) - {RATE}",
    ],
)
def test_nothing_says_what_it_follows_from(formula: str) -> None:
    assert codes(formula, {}, **OPTIONS) == ["F2D-0631"]


def test_a_chain_does_not_fall_back_to_it() -> None:
    chain = rf"{RATE} = E_q[\log q(z|x)] - E_q[\log p(x, z)] + \log p(x)"
    assert codes(chain, {}, **OPTIONS)


@pytest.mark.parametrize(
    "formula",
    [
        r"\min_\phi KL[q_\phi(z|x) \| p(z|x)]; p(x, z) = p(x|z) p(z)",  # a model
        r"\min_\phi KL[q_\phi(z|x) \| p(z|x)]; p(x, z) = p(x) p(z|x)",  # a factor of one
        r"\max E_{q(z|x, y)}[\log p(y|x, z)] - KL[q(z|x, y) \| p(z|x)]",  # a conditional prior
        r"\min E_x[KL[q(y|x) \| p(y|x)]]",  # labels are data
    ],
)
def test_what_a_text_says_or_learns(formula: str) -> None:
    assert codes(formula, {}, scaffold=True, dims={"x": 3, "y": 3, "z": 2}) == []


def test_a_bound_posterior_is_a_target() -> None:
    """The divergence of two Normals, by hand."""
    model = Model()
    bindings = {"q(z|x)": model.bindings["q(z|x)"], "p(z|x)": f2d.Normal(loc=1.0, scale=2.0, event_shape=2)}
    objective = f2d.compile(rf"\min {RATE}", bindings)
    loc, scale = model.q(model.x)
    expected = (torch.log(2.0 / scale) + (scale**2 + (loc - 1.0) ** 2) / 8.0 - 0.5).sum(-1).mean()
    torch.testing.assert_close(objective(x=model.x).loss, expected)
    assert program(rf"\min {RATE}", bindings).objectives[0].maximize is False
