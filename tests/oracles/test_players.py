"""Formulas of several players: what each minimises, and its gradient, against published implementations."""

from __future__ import annotations

import pytest
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import gradients_of, oracle

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@pytest.mark.parametrize("player", ["D", "G"])
def test_minimax_gan(player: str) -> None:
    known = oracle("torchgan_minimax")
    nets = known.networks()
    bound = {"D": f2d.Sigmoid(nets["D"]), "G": nets["G"], "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3)}
    objective = f2d.compile(known.formula, bound)
    assert objective.players == ("D", "G")
    out = objective(x=known.tensor("input/x"), noise={"z": known.tensor("noise/z")}, player=player)
    assert_close(out.loss.item(), known.number(f"value/{player}"), **EXACT)
    out.loss.backward()
    expected = known.gradients(player)
    assert_close({k: v for k, v in gradients_of(nets).items() if k in expected}, expected, **EXACT)


@pytest.mark.parametrize(("player", "network"), [("phi", "enc"), ("theta", "dec")])
def test_piwae(player: str, network: str) -> None:
    """The encoder's bound is a mean of M bounds, the decoder's one of M K draws; both read the same draws."""
    known = oracle("pythae_piwae")
    nets = known.networks()
    formula = [
        known.formula,
        r"w_{m,k} = \frac{p_\theta(x|z_{m,k})\,p(z_{m,k})}{q_\phi(z_{m,k}|x)}",
        r"z_{1:M,1:K} \sim q_\phi(z|x)",
    ]
    bound = {
        r"q_\phi(z|x)": f2d.Normal(nets["enc"]),
        r"p_\theta(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "M": int(known.number("input/M")),
        "K": int(known.number("input/K")),
    }
    objective = f2d.compile(formula, bound)
    eps = known.tensor("noise/eps").permute(1, 2, 0, 3)  # [batch, M, K, event] -> [M, K, batch, event]
    out = objective(x=known.tensor("input/x"), noise={"z": eps}, player=player)
    assert_close(out.loss.item(), known.number(f"value/{player}"), **EXACT)
    out.loss.backward()
    expected = known.gradients(network)
    assert_close({k: v for k, v in gradients_of(nets).items() if k in expected}, expected, **EXACT)
