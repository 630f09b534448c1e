r"""Score-function surrogates at one draw, and draws through which no gradient passes, against code written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.reference import reference
from tests.support.small import assumed, codes

SURROGATE = (
    r"\mathcal{S}(\theta, \lambda|x, y) = \log P(y|x,z,\theta)"
    r" + \text{detach}(\log P(y|x,z,\theta)) \log Q(z|x,\lambda)"
    r" - \sum_{i=1}^n KL(Q(z_i|x,\lambda) \| P(z_i|\phi))"
)


class Layer(nn.Module):
    """A layer over its inputs side by side."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, outputs).double()

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.layer(torch.cat(given, 1))


def networks() -> tuple[Layer, Layer, dict[str, object]]:
    torch.manual_seed(0)
    encoder, decoder = Layer(3, 2), Layer(5, 4)
    return (
        encoder,
        decoder,
        {
            "Q(z|x)": f2d.Normal(loc=encoder, scale=0.5),
            "P(y|x,z)": f2d.Normal(loc=decoder, scale=1.0),
            "P(z)": f2d.Normal(loc=0.0, scale=1.0),
        },
    )


def test_the_gradient_is_that_of_the_score_function() -> None:
    encoder, decoder, bound = networks()
    x, y, noise = torch.randn(6, 3).double(), torch.randn(6, 4).double(), torch.randn(6, 2).double()
    law = td.Normal(encoder(x), 0.5)
    z = (law.loc + 0.5 * noise).detach()  # a sample: no gradient passes through it
    reward = td.Normal(decoder(x, z), 1.0).log_prob(y).sum(1)
    divergence = td.kl_divergence(law, td.Normal(0.0, 1.0)).sum(1)
    expected = (reward + reward.detach() * law.log_prob(z).sum(1) - divergence).mean()
    objective = f2d.compile(SURROGATE, bound)
    value = objective(x=x, y=y, noise={"z": noise}).value
    judge = reference(SURROGATE, bound, {"x": x, "y": y}, {"z": noise}).run().value
    weights = [*encoder.parameters(), *decoder.parameters()]
    slope = torch.autograd.grad(expected, weights)
    for found in (value, judge):
        assert_close(found, expected)
        assert_close(torch.autograd.grad(found, weights), slope)
    assert_close(objective(x=x, y=y, noise={"z": noise}).loss, -value)  # a reward


def test_a_draw_of_a_stopped_density() -> None:
    encoder, decoder, bound = networks()
    x, y, noise = torch.randn(6, 3).double(), torch.randn(6, 4).double(), torch.randn(6, 2).double()
    text = r"\max E_{z \sim \mathrm{sg}[Q(z|x)]}[\log P(y|x,z)] - KL[Q(z|x) \| P(z)]"
    law = td.Normal(encoder(x), 0.5)
    score = td.Normal(decoder(x, (law.loc + 0.5 * noise).detach()), 1.0).log_prob(y).sum(1)
    expected = (score - td.kl_divergence(law, td.Normal(0.0, 1.0)).sum(1)).mean()
    weights = [*encoder.parameters(), *decoder.parameters()]
    value = f2d.compile(text, bound)(x=x, y=y, noise={"z": noise}).value
    judge = reference(text, bound, {"x": x, "y": y}, {"z": noise}).run().value
    slope = torch.autograd.grad(expected, weights)
    for found in (value, judge):
        assert_close(found, expected)
        assert_close(torch.autograd.grad(found, weights), slope)


@pytest.mark.parametrize(("source", "code"), [("N(0, I)", "F2D-0583"), ("q(z)", "F2D-0583"), ("x", "F2D-0401")])
def test_what_is_no_density_has_no_stopped_draws(source: str, code: str) -> None:
    text = rf"\max E_{{q(z|x)}}[\log p(x|z)] + E_{{z \sim \mathrm{{sg}}[{source}]}}[\log p(y|z)]"
    assert codes(text, {}, scaffold=True, dims={"x": 3, "y": 3}) == [code]


@pytest.mark.parametrize(
    "text",
    [
        r"\log p(x|z) - KL[q(z|x) \| p(z)]",  # no surrogate: nothing says that this is a sample of q
        r"\log p(x|z) + \log p(x|z) \log q(z|x) - KL[q(z|x) \| p(z)]",  # nothing is stopped
        r"\log p(x|z) + \mathrm{sg}[\log p(x)] \log q(z|x) - KL[q(z|x) \| p(z)]",  # what is stopped does not read z
    ],
)
def test_a_latent_that_no_surrogate_scores_is_refused(text: str) -> None:
    assert set(codes(rf"\max {text}", {}, scaffold=True, dims={"x": 3})) == {"F2D-0205"}


def test_a_surrogate_under_its_expectation_keeps_it() -> None:
    text = r"\max E_{q(z|x)}[\mathrm{sg}[\log p(x|z)] \log q(z|x)] - KL[q(z|x) \| p(z)]"
    assert "sg(q(z|x))" not in assumed(text, {}, scaffold=True, dims={"x": 3})
