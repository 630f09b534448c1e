r"""Densities made of energies: up to a constant that cancels in scores, or with one that noise-contrastive estimation
learns."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.networks import energy
from tests.support.agreement import assert_agrees

N, D = 6, 2
SPACE = rf"x \in \mathbb{{R}}^{D}"


def data() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64)


KNOWN_UP_TO_A_CONSTANT = [
    r"p_\theta(x) \propto \exp(-E_\theta(x))",
    r"p_\theta(x) = \exp(-E_\theta(x)) / Z_\theta",
    r"p_\theta(x) = \frac{1}{Z(\theta)} e^{-E_\theta(x)}",
    r"p_\theta(x) = Z_\theta^{-1} \exp(-E_\theta(x))",
    r"p_\theta(x) = \exp(-E_\theta(x)) / \mathcal{Z}",
    r"p_\theta(x) = \frac{\exp(-E_\theta(x))}{\int \exp(-E_\theta(x')) dx'}",
    r"p_\theta(x) = \exp(-E_\theta(x)) / Z_\theta; Z_\theta = \int \exp(-E_\theta(x)) dx",
    r"\log p_\theta(x) = -E_\theta(x) - \log Z_\theta",
    r"\log p_\theta(x) = -E_\theta(x) - \log Z(\theta)",
]


@pytest.mark.parametrize("declared", KNOWN_UP_TO_A_CONSTANT)
def test_scores_need_no_constant(declared: str) -> None:
    net, x = energy(D), data()
    text = [r"\min_\theta E_{p_{data}(x)}[\|\nabla_x \log p_\theta(x) + x\|^2]", declared]
    found = f2d.compile(text, {r"E_\theta": net})(x=x).loss
    slope = vmap(grad(lambda point: net(point).squeeze()))(x)
    assert_close(found, (x - slope).square().sum(1).mean())
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


@pytest.mark.parametrize("declared", KNOWN_UP_TO_A_CONSTANT)
def test_a_logarithm_needs_the_constant(declared: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0320"):
        f2d.compile([r"\max_\theta E_{p_{data}(x)}[\log p_\theta(x)]", declared], {r"E_\theta": energy(D)})


@pytest.mark.parametrize("declared", KNOWN_UP_TO_A_CONSTANT)
def test_a_draw_needs_a_chain(declared: str) -> None:
    text = [r"\min_\theta E_{p_{data}(x)}[E_\theta(x)] - E_{\tilde x \sim p_\theta}[E_\theta(\tilde x)]", declared]
    with pytest.raises(f2d.FormulaError, match="F2D-0482") as caught:
        f2d.compile(text, {r"E_\theta": energy(D)})
    chain = str(caught.value).split("in place of the draw: ")[1].replace("p_theta", r"p_\theta")
    drawn = text[0].replace(r"E_{\tilde x \sim p_\theta}[E_\theta(\tilde x)]", r"E[E_\theta(sg[\tilde x_K])]")
    f2d.compile([drawn, declared, chain], {r"E_\theta": energy(D)})


def test_a_constant_that_is_given_a_value() -> None:
    """Z is the user's where a binding or the text says what it is."""
    net, x = energy(D), data()
    objective = r"\max_\theta E_{p_{data}(x)}[\log p_\theta(x)]"
    declared = r"p_\theta(x) = \exp(-E_\theta(x)) / Z"
    expected = -net(x).mean() - math.log(3.0)
    assert_close(f2d.compile([objective, declared], {r"E_\theta": net, "Z": 3.0})(x=x).value, expected)
    assert_close(f2d.compile([objective, declared, "Z = 3"], {r"E_\theta": net})(x=x).value, expected)


def test_no_gradient_by_what_a_normaliser_depends_on() -> None:
    text = [
        r"\min_\theta E_{p_{data}(x,y)}[\|\nabla_x \log p_\theta(y|x)\|^2]",
        r"p_\theta(y|x) = \exp(-E_\theta(x,y)) / Z_\theta(x)",
    ]
    with pytest.raises(f2d.FormulaError, match="F2D-0320"):
        f2d.compile(text, {r"E_\theta": nn.Bilinear(D, D, 1)})


# -- noise-contrastive estimation ------------------------------------------------------------------------

ENERGY = r"p_\theta(x) = \exp(-E_\theta(x) - c); p_n(x) = N(0, 4 I)"
RATIO = r"\frac{p_\theta(x)}{p_\theta(x) + p_n(x)}"
NCE = [
    [
        rf"\max_\theta E_{{p_{{data}}(x)}}[\log {RATIO}] + E_{{p_n(x)}}[\log \frac{{p_n(x)}}{{p_\theta(x) + p_n(x)}}]",
        ENERGY,
    ],
    [
        r"\max_\theta E_{p_{data}}[\log \sigma(G(x))] + E_{p_n}[\log(1 - \sigma(G(x)))]",
        r"G(x) = \log p_\theta(x) - \log p_n(x)",
        r"\log p_\theta(x) = -E_\theta(x) - c; p_n(x) = N(0, 4 I)",
    ],
    [r"\max_\theta E_{p_{data}(x)}[\log h(x)] + E_{p_n(x)}[\log(1 - h(x))]", rf"h(x) = {RATIO}", ENERGY],
]  # fmt: skip


def by_hand(net: nn.Module, c: Tensor, x: Tensor, noise: Tensor) -> Tensor:
    """Gutmann and Hyvarinen, 2010: data told from as much noise, of standard deviation 2."""

    def logit(point: Tensor) -> Tensor:
        of_noise = -0.5 * (point / 2).square().sum(1) - D * math.log(2 * math.sqrt(2 * math.pi))
        return -net(point).squeeze(1) - c - of_noise

    softplus = nn.functional.softplus
    return (-softplus(-logit(x))).mean() + (-softplus(logit(2 * noise))).mean()


@pytest.mark.parametrize("text", NCE)
def test_noise_contrastive_estimation(text: list[str]) -> None:
    net, c, x = energy(D), nn.Parameter(torch.tensor(0.7, dtype=torch.float64)), data()
    bindings = {r"E_\theta": net, "c": c}
    objective = f2d.compile([*text, SPACE], bindings)
    torch.manual_seed(2)
    noise = torch.randn(N, D, dtype=torch.float64)
    found, expected = objective(x=x, noise={"x": noise}).value, by_hand(net, c, x, noise)
    assert_close(found, expected)
    ours, theirs = (torch.autograd.grad(each, [c, *net.parameters()]) for each in (found, expected))
    assert_close(ours, theirs)
    assert_agrees([*text, SPACE], bindings, {"x": x})


@pytest.mark.parametrize("text", NCE)
def test_far_from_the_data(text: list[str]) -> None:
    """Energies of a thousand are told from noise in single precision."""
    net = energy(D).float()
    nn.init.constant_(net[2].bias, 1000.0)
    objective = f2d.compile([*text, SPACE], {r"E_\theta": net, "c": nn.Parameter(torch.zeros(()))})
    value = objective(x=data().float()).value
    assert value.isfinite()
    value.backward()
    assert all(each.grad is not None and bool(each.grad.isfinite().all()) for each in net.parameters())


@pytest.mark.parametrize("text", NCE)
def test_the_constant_is_learned_by_default(text: list[str]) -> None:
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert dict(objective.named_parameters())["c"].item() == 0
    assert "c is learned, from 0" in objective.assumptions
    objective(x=data()).loss.backward()
    assert dict(objective.named_parameters())["c"].grad is not None
    assert "def sample" not in objective.source  # the noise is no model of the data


def test_what_an_optimiser_names_is_learned() -> None:
    text = [r"\min_{\theta, b} E_{p_{data}(x)}[(f_\theta(x) - b)^2]"]
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert "b" in dict(objective.named_parameters())


NORMALISED = [
    r"\nabla_x E(x) / \|\nabla_x E(x)\|",
    r"\frac{\nabla_x E(x)}{\|\nabla_x E(x)\|}",
    "∇_x E(x) / ‖∇_x E(x)‖",
    "grad_x E(x) / ||grad_x E(x)||",
]


@pytest.mark.parametrize("direction", NORMALISED)
def test_a_slash_divides_the_gradient(direction: str) -> None:
    """A derivative covers one factor: what divides it is no part of what is differentiated."""
    net, x = energy(D), data()
    text = [rf"\min E_{{x \sim p_{{data}}}} \|x - 0.1 {direction}\|^2", SPACE]
    slope = vmap(grad(lambda point: net(point).squeeze()))(x)
    expected = (x - 0.1 * slope / slope.norm(dim=1, keepdim=True)).square().sum(1).mean()
    assert_close(f2d.compile(text, {"E": net})(x=x).loss, expected)
    assert_agrees(text, {"E": net}, {"x": x})


@pytest.mark.parametrize("quotient", [r"\frac{E(x)}{1 + \|x\|^2}", r"(E(x) / (1 + \|x\|^2))"])
def test_a_fraction_is_differentiated_as_a_whole(quotient: str) -> None:
    net, x = energy(D), data()
    text = [rf"\min E_{{x \sim p_{{data}}}} \|\nabla_x {quotient}\|^2", SPACE]
    slope = vmap(grad(lambda point: net(point).squeeze() / (1 + point.square().sum())))(x)
    assert_close(f2d.compile(text, {"E": net})(x=x).loss, slope.square().sum(1).mean())
