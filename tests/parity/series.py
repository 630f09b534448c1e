"""The predecessor's cases about steps of time, and about two samples: kernels, couplings, discriminators."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor

import formula2dgm as f2d
from tests.parity.asking import numbers, numbers_of, value
from tests.support import cases
from tests.support.cases import Layers, case


def batch_first(name: str, *names: str) -> dict[str, Tensor]:
    """The cases put time before the batch."""
    return {each: numbers(case(name)["data"][each]).transpose(0, 1) for each in names}


def markov_model() -> Tensor:
    name = "dmm_iterative"
    formula, start = case(name)["formula"].split(r",\ ")
    assert start == "z_0=0"  # a recurrent draw starts there
    drawn = numbers(case(name)["data"]["eps"]["z"]).transpose(0, 1)
    return value(
        formula, cases.bindings(name), batch_first(name, "x", "h"), {"z": drawn}, dims={"z": 2}, maximize=False
    )


def masked_markov_model() -> Tensor:
    """The mask is data of the formula; it stands for the lengths 3 and 1."""
    name = "dmm_iterative_masked"
    formula = [
        r"\sum_{t=1}^{T} m_t (KL[q(z_t|h_t,z_{t-1})||p(z_t|z_{t-1})]"
        r" - E_{q(z_t|h_t,z_{t-1})}[\log p(x_t|z_t)])",
        r"m_t \in [0, 1]",
    ]
    data = batch_first(name, "x", "h") | {"m": batch_first(name, "mask")["mask"]}
    drawn = numbers(case(name)["data"]["eps"]["z"]).transpose(0, 1)
    return value(formula, cases.bindings(name), data, {"z": drawn}, dims={"z": 2}, maximize=False)


def recurrent_vae() -> Tensor:
    name = "vrnn_iterative"
    formula = [
        r"\sum_t (KL[q(z_t|x_t,h_{t-1})||p(z_t|h_{t-1})]"
        r" - E_{q(z_t|x_t,h_{t-1})}[\log p(x_t|z_t,h_{t-1})])",
        "h_t = f(x_t, z_t, h_{t-1})",
    ]
    spec = case(name)["bindings"]
    bound = {key: _family(each) for key, each in spec.items() if "params" in each}
    (outputs,) = (each["outputs"] for each in spec.values() if "outputs" in each)
    bound["f"] = Layers(outputs["h"]["net"]["layers"])
    drawn = numbers(case(name)["data"]["eps"]["z"]).transpose(0, 1)
    found = value(formula, bound, batch_first(name, "x"), {"z": drawn}, dims={"z": 2, "h": 3}, maximize=False)
    return found.mean()


def temporal_difference() -> Tensor:
    """One belief density at two times: bound twice, its networks are shared."""
    name = "tdvae_step_nested_expectation"
    known = case(name)

    def timed(text: str) -> str:
        return re.sub(r"_\{?t(\d)\}?", r"_{t\1}", text)

    bound = {timed(key): _family(spec) for key, spec in known["bindings"].items() if isinstance(spec, dict)}
    bound[timed("p_b(z_t2|b_t2)")] = bound[timed("p_b(z_t1|b_t1)")]
    data = {timed(key): numbers(each) for key, each in known["data"].items() if key != "eps"}
    noise = {timed(key): numbers(each) for key, each in known["data"]["eps"].items()}
    return value(timed(known["formula"]), bound, data, noise, maximize=False)


def _family(spec: dict[str, Any]) -> object:
    nets = {parameter: Layers(each["net"]["layers"]) for parameter, each in spec["params"].items()}
    return getattr(f2d, spec["family"])(**nets)


def discrepancy(name: str, kernel: str) -> Tensor:
    """The diagonal is subtracted: k(a, a) = 1 for both kernels."""
    p, q = numbers_of(name, "p", "q")

    def within(letter: str) -> str:
        return rf"\frac{{1}}{{n(n-1)}} (\sum_{{i=1}}^n \sum_{{j=1}}^n k({letter}_i, {letter}_j) - n)"

    between = r"\frac{2}{n^2} \sum_{i=1}^n \sum_{j=1}^n k(p_i, q_j)"
    bound: dict[str, object] = {"p": p, "q": q, "n": 3}
    if r"\sigma" in kernel:
        bound["sigma"] = case(name)["data"]["sigma_sqr"] ** 0.5
    return value([f"{within('p')} + {within('q')} - {between}", f"k(a,b) = {kernel}"], bound, maximize=False)


def coupled_distance() -> Tensor:
    x, y = numbers_of("wasserstein_upper", "p", "q")
    return value(r"\lVert x - y + 10^{-6} \rVert_2", {}, {"x": x, "y": y}, maximize=False)


def discriminated(name: str, formula: str, critic: bool = False) -> Tensor:
    """x from p, y from q. A critic is the network without its sigmoid, as the case's number has it."""
    layers = case(name)["bindings"]["d(t|z)"]["outputs"]["t"]["net"]["layers"]
    if critic:
        layers = [*layers[:-1], layers[-1] | {"act": "identity"}]
    x, y = numbers_of(name, "p", "q")
    return value(formula, {"d": Layers(layers)}, {"x": x, "y": y}, reduction="mean", maximize=False)


def from_logits(name: str, formula: str) -> Tensor:
    """The same number from a network that returns logits."""
    layers = case(name)["bindings"]["d(t|z)"]["outputs"]["t"]["net"]["layers"]
    net = Layers([*layers[:-1], layers[-1] | {"act": "identity"}])
    x, y = numbers_of(name, "p", "q")
    return value(formula, {"d": f2d.Sigmoid(net)}, {"x": x, "y": y}, reduction="mean", maximize=False)


_CROSS_ENTROPY = r"-\mathrm{mean}(\log d(x)) - \mathrm{mean}(\log(1-d(y)))"

ANSWERS = {
    "dmm_iterative": markov_model,
    "dmm_iterative_masked": masked_markov_model,
    "vrnn_iterative": recurrent_vae,
    "tdvae_step_nested_expectation": temporal_difference,
    "mmd2_unbiased_rbf": lambda: discrepancy("mmd2_unbiased_rbf", r"e^{-\lVert a-b\rVert^2/2}"),
    "mmd2_unbiased_imq": lambda: discrepancy("mmd2_unbiased_imq", r"\sigma^2/(\lVert a-b\rVert^2+\sigma^2)"),
    "wasserstein_upper": coupled_distance,
    "adv_js_discriminator_loss": lambda: discriminated("adv_js_discriminator_loss", _CROSS_ENTROPY),
    "adv_kl_discriminator_loss": lambda: from_logits("adv_kl_discriminator_loss", _CROSS_ENTROPY),
    "adv_kl_generator_loss": lambda: discriminated("adv_kl_generator_loss", r"\mathrm{mean}(\log\frac{d(x)}{1-d(x)})"),
    "adv_wasserstein_generator_loss": lambda: discriminated(
        "adv_wasserstein_generator_loss", r"\mathrm{mean}(d(x)) - \mathrm{mean}(d(y))", critic=True
    ),
}
