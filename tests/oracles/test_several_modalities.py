"""Several modalities: JMVAE, MVTCAE, TELBO, MoPoE and the doubly reparameterised MMVAE, from their papers' formulas.

Value and every gradient, one call of every encoder.
"""

from __future__ import annotations

import pytest
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import Oracle, counted, gradients_of, oracle

STANDARD = f2d.Normal(loc=0.0, scale=1.0)


def bindings_of(known: Oracle, nets: dict[str, nn.Module], phi: str = "", theta: str = "") -> dict[str, object]:
    """The densities of two modalities a and b, with or without parameter groups."""
    bound: dict[str, object] = {"p(z)": STANDARD}
    for each in "ab":
        bound[f"q{phi}(z|{each})"] = f2d.Normal(nets[f"enc_{each}"])
        bound[f"p{theta}({each}|z)"] = f2d.Normal(loc=nets[f"dec_{each}"], scale=1.0)
    for each in ("alpha", "beta", "K"):
        if f"input/{each}" in known.arrays:
            bound[each] = known.number(f"input/{each}")
    return bound


def data_of(known: Oracle) -> dict[str, Tensor]:
    return {each: known.tensor(f"input/{each}") for each in "ab"}


def check(known: Oracle, nets: dict[str, nn.Module], value: Tensor, networks: str = "") -> None:
    assert_close(value.item(), known.number("value"), rtol=1e-10, atol=1e-10)
    check_gradients(known, nets, networks)


def check_gradients(known: Oracle, nets: dict[str, nn.Module], networks: str = "") -> None:
    expected = known.gradients(networks)
    found = gradients_of(nets)
    assert_close({name: found[name] for name in expected}, expected, rtol=1e-10, atol=1e-10)


def test_jmvae() -> None:
    known = oracle("multivae_jmvae")
    nets = known.networks()
    calls = counted(nets)
    bound = {**bindings_of(known, nets), "q(z|a,b)": f2d.Normal(nets["joint"])}
    out = f2d.compile(known.formula, bound)(**data_of(known), noise={"z": known.tensor("noise/eps")})
    assert {name: each.calls for name, each in calls.items()} == dict.fromkeys(calls, 1)
    out.loss.backward()
    check(known, nets, out.loss)


def test_mvtcae() -> None:
    """q(z|X) is the product of the experts without the prior, as in the paper."""
    known = oracle("multivae_mvtcae")
    nets = known.networks()
    calls = counted(nets)
    formula = [
        r"q(z|a,b) \propto q(z|a)\,q(z|b)",
        r"\mathcal{L} = -\tfrac{M-\alpha}{M}\,\mathbb{E}_{q(z|a,b)}[\log p(a|z) + \log p(b|z)]"
        r" + \beta\Big[(1-\alpha)D_{KL}[q(z|a,b)\|p(z)]"
        r" + \tfrac{\alpha}{M}(D_{KL}[q(z|a,b)\|q(z|a)] + D_{KL}[q(z|a,b)\|q(z|b)])\Big]",
    ]
    objective = f2d.compile(formula, {**bindings_of(known, nets), "M": 2})
    out = objective(**data_of(known), noise={"z": known.tensor("noise/eps")})
    assert {name: each.calls for name, each in calls.items()} == dict.fromkeys(calls, 1)
    out.loss.backward()
    check(known, nets, out.loss)


def test_telbo() -> None:
    """The second stage: only the encoders of one modality are trained; the decoders' gradient is zero."""
    known = oracle("multivae_telbo")
    nets = known.networks()
    term = r"(\mathbb{{E}}_{{q_\phi(z|{0})}}[\gamma \log p_\theta({0}|z)]-D_{{KL}}[q_\phi(z|{0})\|p(z)])"
    formula = rf"\min_\phi -{term.format('a')} - {term.format('b')}"
    objective = f2d.compile(formula, {**bindings_of(known, nets, r"_\phi", r"_\theta"), "gamma": 1.0})
    noise = {rf"q_\phi(z|{each})": known.tensor(f"noise/eps_{each}") for each in "ab"}
    out = objective(**data_of(known), noise=noise)
    out.loss.backward()
    check(known, nets, out.loss)


@pytest.mark.parametrize("written", [r"q(z|a,b)", r"q(z|b,a)"])
def test_mopoe(written: str) -> None:
    """The mixture over all subsets of products of experts; that of both modalities holds the prior, too."""
    known = oracle("multivae_mopoe")
    nets = known.networks()
    calls = counted(nets)
    formula = [
        r"q_S(z|a,b) \propto p(z)\,q(z|a)\,q(z|b)",
        r"q(z|a,b) = \frac13 \left(q(z|a) + q(z|b) + q_S(z|a,b)\right)",
        rf"\mathcal{{L}} = -\mathbb{{E}}_{{{written}}}[\log p(a|z)+\log p(b|z)]"
        r" + \frac13 \left(D_{KL}[q(z|a)\|p(z)] + D_{KL}[q(z|b)\|p(z)] + D_{KL}[q_S(z|a,b)\|p(z)]\right)",
    ]
    eps = known.tensor("noise/eps")
    noise = dict.fromkeys(("q(z|a)", "q(z|b)", "q_S(z|a,b)"), eps)
    out = f2d.compile(formula, bindings_of(known, nets))(**data_of(known), noise=noise)
    assert calls["enc_a"].calls == calls["enc_b"].calls == 1
    out.loss.backward()
    check(known, nets, out.loss)


WEIGHT = (
    r"w(z) = \frac{p_\theta(a|z)\,p_\theta(b|z)\,p(z)}"
    r"{\frac12 (q_{\mathrm{sg}(\phi)}(z|a) + q_{\mathrm{sg}(\phi)}(z|b))}"
)


def each_posterior(body: str) -> str:
    return " + ".join(rf"\frac12 \mathbb{{E}}_{{z_{{1:K}} \sim q_\phi(z|{each})}}[{body}]" for each in "ab")


def test_the_bound_of_the_doubly_reparameterised_mmvae() -> None:
    """The value is the importance-weighted bound of each posterior, their mixture in the denominator."""
    known = oracle("multivae_mmvae_dreg")
    nets = known.networks()
    formula = [WEIGHT, r"\max " + each_posterior(r"\log \frac1K \sum_{k=1}^K w(z_k)")]
    objective = f2d.compile(formula, bindings_of(known, nets, r"_\phi", r"_\theta"))
    noise = {rf"q_\phi(z|{each})": known.tensor(f"noise/eps_{each}") for each in "ab"}
    value = objective(**data_of(known), noise=noise).loss
    assert_close(value.item(), known.number("value"), rtol=1e-10, atol=1e-10)


def test_the_gradient_of_the_doubly_reparameterised_mmvae() -> None:
    """phi: squared weights, the posterior's parameters constant in its own density; theta: the weights themselves."""
    known = oracle("multivae_mmvae_dreg")
    nets = known.networks()
    share = r"\mathrm{sg}\Big[\frac{w(z_k)}{\sum_{l=1}^K w(z_l)}\Big]"
    formula = [
        WEIGHT,
        r"\max_\phi " + each_posterior(rf"\sum_{{k=1}}^K {share}^2 \log w(z_k)"),
        r"\max_\theta " + each_posterior(rf"\sum_{{k=1}}^K {share} \log w(z_k)"),
    ]
    objective = f2d.compile(formula, bindings_of(known, nets, r"_\phi", r"_\theta"))
    noise = {
        f"{site.name}": known.tensor(f"noise/eps_{'a' if '|a)' in site.name else 'b'}") for site in objective.sites
    }
    for player, networks in (("phi", "enc_a enc_b"), ("theta", "dec_a dec_b")):
        for each in nets.values():
            each.zero_grad()
        objective(**data_of(known), noise=noise, player=player).loss.backward()
        check_gradients(known, nets, networks)
        others = [name for name in nets if name not in networks.split()]
        assert not any(each.grad is not None and each.grad.any() for name in others for each in nets[name].parameters())
