"""Numbers by hand for rows of docs/pitfalls.md: weights, stopped gradients, clipping, names of several letters."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.pitfalls.small import BATCH, ELBO, D, Z, bits, linear, tensor, vae


def test_terms_are_without_their_weights_and_contributions_with_them() -> None:
    bound = vae() | {"beta": 4.0}
    x, noise = bits(BATCH, D), {"z": tensor(BATCH, Z, seed=5)}
    out = f2d.compile("E_q(z|x)[log p(x|z)] - beta KL[q(z|x) || p(z)]", bound)(x=x, noise=noise)
    loc = linear(D, Z)(x)
    divergence = 0.5 * (loc**2 + 0.25 - 1 - torch.tensor(0.25).log()).sum(-1).mean().detach()
    torch.testing.assert_close(out.terms["KL[q(z|x) || p(z)]"], divergence)
    torch.testing.assert_close(out.contributions["KL[q(z|x) || p(z)]"], -4 * divergence)
    torch.testing.assert_close(sum(out.contributions.values()), out.value.detach())


def test_an_objective_of_ones_own_is_its_formula() -> None:
    x, noise = bits(BATCH, D), {"z": tensor(BATCH, Z, seed=5)}
    text = r"\max E_{q(z|x)}[\log p(x|z)] - 100 |KL[q(z|x) \| p(z)] - C|"
    each = {"reduction": "none"}
    plain = f2d.compile(ELBO, vae(), **each)(x=x, noise=noise)
    loc = linear(D, Z)(x)
    divergence = 0.5 * (loc**2 + 0.25 - 1 - torch.tensor(0.25).log()).sum(-1)
    found = f2d.compile(text, vae() | {"C": 5.0}, **each)(x=x, noise=noise).value
    torch.testing.assert_close(found, plain.value + divergence - 100 * (divergence - 5).abs())


@pytest.mark.parametrize(("text", "of_f", "of_g"), [("1|0.25", 0.25, 1.0), ("0.25|1", 1.0, 0.25)])
def test_a_weight_on_a_stopped_term_is_on_the_gradient_of_the_other_network(
    text: str, of_f: float, of_g: float
) -> None:
    """Both values are the same; the gradient of each network is that of the term which does not stop it."""
    first, second = text.split("|")
    formula = rf"\min {first} \|sg[f(x)] - g(x)\|^2 + {second} \|f(x) - sg[g(x)]\|^2"
    f, g, x = linear(D, Z), linear(D, Z, seed=4), tensor(BATCH, D)
    loss = f2d.compile(formula, {"f": f, "g": g})(x=x).loss
    distance = ((f(x) - g(x)) ** 2).sum(-1).mean()
    torch.testing.assert_close(loss, 1.25 * distance)
    for net, weight in ((f, of_f), (g, of_g)):
        parameters = list(net.parameters())
        found = torch.autograd.grad(loss, parameters, retain_graph=True)
        wanted = torch.autograd.grad(weight * distance, parameters, retain_graph=True)
        for one, other in zip(found, wanted, strict=True):
            torch.testing.assert_close(one, other)


def test_free_bits_are_clipped_where_they_are_written() -> None:
    """Inside the mean each example is clipped, outside it the mean is; the two differ."""
    bound = {"q(z|x)": f2d.Normal(loc="x", scale=1.0), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    x = torch.tensor([[0.0], [2.0]], dtype=torch.float64)  # the divergences are 0 and 2
    values = [
        f2d.compile(text, bound, dims={"x": 1, "z": 1})(x=x).value.item()
        for text in (
            r"\min E_{p_{data}(x)}[\max(0.5, KL[q(z|x) \| p(z)])]",
            r"\min \max(0.5, E_{p_{data}(x)}[KL[q(z|x) \| p(z)]])",
        )
    ]
    assert values == pytest.approx([(0.5 + 2.0) / 2, 1.0])


def test_several_letters_are_one_name() -> None:
    """The discrepancy of two samples of one number each, by hand: mean k(z, z') + mean k(w, w') - 2 mean k(z, w)."""
    bound = {"q(code|x)": f2d.Normal(loc="x", scale=1.0), "p(code)": f2d.Normal(loc=0.0, scale=1.0, event_shape=1)}
    objective = f2d.compile(
        ["min MMD(q(code), p(code))", r"k(a, b) = \exp(-\|a - b\|^2)"], bound, dims={"x": 1, "code": 1}
    )
    first, second = tensor(BATCH, 1), tensor(BATCH, 1, seed=5)
    names = [site.name for site in objective.sites]
    found = objective(x=0 * first, noise=dict(zip(names, (first, second), strict=True))).value
    kernel = {
        (a, b): torch.exp(-((one - other.T) ** 2))
        for a, one in enumerate((first, second))
        for b, other in enumerate((first, second))
    }
    others = ~torch.eye(BATCH, dtype=torch.bool)
    expected = kernel[0, 0][others].mean() + kernel[1, 1][others].mean() - 2 * kernel[0, 1].mean()
    torch.testing.assert_close(found, expected)


def test_a_likelihood_alone_needs_no_regulariser() -> None:
    decoder, x = linear(Z, D, seed=3), bits(BATCH, D)
    noise = tensor(BATCH, Z, seed=5)
    bound = {key: each for key, each in vae(decoder=decoder).items() if key != "p(z)"}
    found = f2d.compile("E_q(z|x)[log p(x|z)]", bound)(x=x, noise={"z": noise}).value
    law = torch.distributions.Bernoulli(logits=decoder(linear(D, Z)(x) + 0.5 * noise))
    torch.testing.assert_close(found, law.log_prob(x).sum(-1).mean())
