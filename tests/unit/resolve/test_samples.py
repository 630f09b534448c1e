"""K draws in every way that papers write them are one program, with the oracle's value."""

from __future__ import annotations

import pytest
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import oracle
from tests.support.reference import reference

RATIO = r"\log\frac1K\sum_{k=1}^K\frac{p(x,z_k)}{q(z_k|x)}"
SPELLINGS = [
    rf"\max E_{{z_{{1:K}} \sim q(z|x)}}[{RATIO}]",
    rf"\max E_{{z_1, \dots, z_K \sim q(z|x)}}[{RATIO}]",
    rf"\max E_{{z_1, z_2, \dots, z_K \sim q(z|x)}}[{RATIO}]",
    rf"\max E_{{z_k \sim q(z|x)}}[{RATIO}]",
    rf"\max E_{{z_{{1:K}} \sim q(z|x)}}[{RATIO.replace('_{k=1}^K', '_k')}]",
    rf"z_k \sim q(z|x); \max {RATIO}",
    rf"z_1, \dots, z_K \sim q(z|x); \max {RATIO}",
    rf"\max {RATIO}, \quad z_k \sim q(z|x)",
    r"\max E_{z^{(1)}, \dots, z^{(K)} \sim q(z|x)}[\log\frac1K\sum_{k=1}^K p(x|z^{(k)})\,p(z^{(k)})/q(z^{(k)}|x)]",
]


@pytest.mark.parametrize("formula", SPELLINGS)
def test_k_draws(formula: str) -> None:
    known = oracle("pythae_iwae")
    nets = known.networks()
    bindings = {
        "q(z|x)": f2d.Normal(nets["enc"]),
        "p(x|z)": f2d.Normal(loc=nets["dec"], scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "K": int(known.number("input/K")),
    }
    data, noise = {"x": known.tensor("input/x")}, {"z": known.tensor("noise/eps").transpose(0, 1)}
    judge = reference(formula, bindings, data, noise)
    assert_close(judge.run().loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    out = f2d.compile(formula, bindings)(**data, noise=noise)
    assert_close(out.loss.item(), known.number("value"), rtol=1e-10, atol=1e-10)
