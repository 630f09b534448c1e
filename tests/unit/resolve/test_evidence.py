r"""``\log p(x) - KL[q(z|x) \| p(z|x)]``: the evidence and the posterior of one model are no densities of their own."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from tests.support.small import codes

DIMS = {"x": 3, "y": 2, "z": 2}
GAP = r"\log p(x) - KL[q(z|x) \| p(z|x)]"


@pytest.mark.parametrize(
    "text",
    [
        f"L = {GAP}",
        rf"\max {GAP}",
        r"\max \log p_\theta(x) - KL[q_\phi(z|x) \| p_\theta(z|x)]",
        r"\max \log p(x|y) - KL[q(z|x,y) \| p(z|x,y)]",
        r"\max \log p(x) + E_{q(z|x)}[\log p(z|x) - \log q(z|x)]",
        "max log p(x) − KL[q(z|x) ‖ p(z|x)]",
        rf"\max {GAP}; p(x,z) = p(x|z) p(z)",
    ],
)
def test_the_evidence_and_the_posterior_are_refused(text: str) -> None:
    assert codes(text, {}, scaffold=True, dims=DIMS) == ["F2D-0526"]


@pytest.mark.parametrize(
    "text",
    [
        rf"{GAP} = E_{{q(z|x)}}[\log p(x,z) - \log q(z|x)]",  # the bound is written
        rf"\max {GAP} + E_{{q(z|x)}}[\log p(y|z)]",  # a model of y given x: p(z|x) is a prior
        r"\max E_{p_{data}(x)}[E_{q(z|x)}[\log p(y|z)] - KL[q(z|x) \| p(z|x)]]",
        r"\max \log p(x) + \log p(y|x)",  # both are data
    ],
)
def test_other_densities_given_data_are_read(text: str) -> None:
    assert f2d.compile(text, scaffold=True, dims=DIMS).source
