"""Parameters of conditional laws that are written without what they depend on: they are functions of what is given."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d

BOUND = r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]; x \in \mathbb{R}^3; z \in \mathbb{R}^2; "
X = torch.randn(5, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
ENCODERS = [
    r"q(z|x) = \mathcal{N}(z; \mu, \sigma^2 I)",
    r"q(z|x) = N(\mu, \operatorname{diag}(\sigma^2))",
    "q(z|x) = N(z|μ, σ² I)",
    r"q(z|x) = \mathcal{N}(z; \mu_\phi, \sigma_\phi^2 I)",
    r"q(z|x) = N(z; \mu, \Sigma)",
    r"z|x \sim \mathcal{N}(\mu, \sigma^2 I)",
]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_code_depends_on_the_data(encoder: str) -> None:
    """It is the objective of the encoder that is written with its arguments: same draws, same value, same gradients."""
    torch.manual_seed(0)
    found = f2d.compile(BOUND + encoder, scaffold=True)
    torch.manual_seed(0)
    written = f2d.compile(BOUND + r"q(z|x) = \mathcal{N}(z; \mu(x), \sigma(x)^2 I)", scaffold=True)
    states = [list(each.parameters()) for each in (found, written)]
    if "Sigma" in encoder:  # a variance instead of a width
        assert any("Sigma is Sigma(x)" in each for each in found.assumptions)
        return
    assert [each.shape for each in states[0]] == [each.shape for each in states[1]]
    for one, other in zip(*states, strict=True):
        one.data.copy_(other.data)
    noise = {"z": torch.randn(5, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)}
    losses = [each.double()(x=X, noise=noise).loss for each in (found, written)]
    torch.testing.assert_close(*losses)
    gradients = [torch.autograd.grad(loss, each) for loss, each in zip(losses, states, strict=True)]
    torch.testing.assert_close(*gradients)
    assert sum(float(each.abs().sum()) for each in gradients[0][:2]) > 0


def test_an_index_of_the_example_is_no_name() -> None:
    text = r"""\max E_{q_\phi(z|x^{(i)})}[\log p(x^{(i)}|z)] - KL[q_\phi(z|x^{(i)}) \| p(z)]
q_\phi(z|x^{(i)}) = \mathcal{N}(z; \mu^{(i)}, \sigma^{2(i)} I)"""
    said = f2d.compile(text, scaffold=True, dims={"x_i": 3}).assumptions
    assert any("mu^{(i)} is mu(x^{(i)})" in each for each in said)
    assert not any("is 1.0" in each for each in said)


def test_the_probability_of_a_likelihood_is_no_circle_number() -> None:
    text = BOUND.replace(r"\mathbb{R}^3", r"\{0,1\}^3") + r"p(x|z) = \mathrm{Bernoulli}(x; \pi)"
    said = f2d.compile(text, scaffold=True).assumptions
    assert any("pi is pi(z)" in each for each in said) and not any("3.14" in each for each in said)


@pytest.mark.parametrize(
    ("law", "kept"),
    [
        (r"q(z|x) = \mathcal{N}(z; \mu, \sigma^2 I); \mu = f(x)", "sigma is 1.0"),  # a width beside a mean that is said
        (r"q(z|x) = \mathcal{N}(z; f(x), \sigma^2 I)", "sigma is 1.0"),  # a law that reads x
    ],
)
def test_a_law_that_reads_what_it_is_given_keeps_its_numbers(law: str, kept: str) -> None:
    assert kept in f2d.compile(BOUND + law, scaffold=True).assumptions


def test_a_bound_number_stays_one() -> None:
    objective = f2d.compile(
        BOUND + r"q(z|x) = \mathcal{N}(z; \mu, \sigma^2 I)", {r"\mu": 0.5, r"\sigma": 2.0}, scaffold=True
    )
    assert not any("reads nothing else" in each for each in objective.assumptions)


@pytest.mark.parametrize(
    "sign", [r"\ominus", r"\cup", r"\cap", r"\wedge", r"\vee", r"\setminus", "∪", "∩", "⊖", r"\otimes", r"\star"]
)
def test_signs_of_sets_multiply_nothing(sign: str) -> None:
    for text in (
        rf"\min \|f(x) {sign} y\|^2",
        rf"\min \|f(x {sign} y)\|^2",
        rf"\max E_{{p_{{data}}}}[g(x) {sign} f(y)]",
    ):
        with pytest.raises(f2d.FormulaError, match="F2D-0642"):
            f2d.compile(text, scaffold=True, dims={"x": 3, "y": 3})
