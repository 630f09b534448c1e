"""What stands for the weights of classes: numbers, names, and networks, as papers write them."""

from __future__ import annotations

import math

import pytest
import torch

import formula2dgm as f2d
from tests.support.small import assumed, codes, program

BOUND = r"\max E_{q_\phi(y|x)}[\log p_\theta(x|y) + \log p(y) - \log q_\phi(y|x)]"
SPACES = r"y \in \{1, \dots, 4\}; x \in \{0,1\}^3"


def _model(prior: str, posterior: str = r"q_\phi(y|x) = \mathrm{Cat}(y; \pi_\phi(x))") -> list[str]:
    return [BOUND, posterior, prior, SPACES]


@pytest.mark.parametrize(
    "prior",
    [
        r"p(y) = \mathrm{Cat}(y; \tfrac{1}{4})",
        r"p(y) = \mathrm{Cat}(y; 0.25)",
        r"p(y) = \mathrm{Cat}(y; \pi); \pi_k = \tfrac{1}{4}",
        r"p(y) = \mathrm{Cat}(y; 1/K); K = 4",
        r"p(y) = \mathrm{Cat}(y; \pi)",
    ],
)
def test_every_class_starts_with_the_same_weight(prior: str) -> None:
    found = f2d.compile(_model(prior), scaffold=True)
    x = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    assert found(x=x).terms["log p(y)"].item() == pytest.approx(math.log(1 / 4))


def test_a_name_is_a_learned_vector() -> None:
    found = program(_model(r"p(y) = \mathrm{Cat}(y; \pi)"), {}, scaffold=True)
    (weights,) = [each for each in found.parameters if each.learned]
    assert weights.shape == (4,)
    said = [each.text for each in found.assumptions]
    assert "pi are 4 learned weights, positive and summing to 1" in said


def test_a_bound_name_is_what_is_bound() -> None:
    weights, network = torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.nn.Embedding(4, 3)
    text = [r"\max E_{p(y)}[\log p_\theta(x|y)]", r"p(y) = \mathrm{Cat}(y; \pi)", SPACES]
    found = f2d.compile(text, {"pi": weights, "p_theta(x|y)": f2d.Bernoulli(network)})
    x = torch.tensor([[0.0, 1.0, 1.0]])
    each = torch.distributions.Bernoulli(logits=network.weight).log_prob(x).sum(-1)
    assert torch.allclose(found(x=x).value, (weights * each).sum())


@pytest.mark.parametrize("prior", [r"p(y) = \mathrm{Cat}(y; \tfrac{1}{3})", r"p(y) = \mathrm{Cat}(y; 2)"])
def test_weights_that_do_not_sum_to_1_are_refused(prior: str) -> None:
    assert codes(_model(prior), {}, scaffold=True) == ["F2D-0301"]


def test_a_name_without_a_binding_is_refused() -> None:
    text = [r"\max \log p(y)", r"p(y) = \mathrm{Cat}(y; \pi)", r"y \in \{1, \dots, 4\}"]
    assert codes(text, {}) == ["F2D-0203"]


def test_what_is_applied_in_a_family_is_a_network() -> None:
    """pi is a letter of policies, and of the weights that a network gives."""
    text = _model(r"p(y) = \mathrm{Cat}(y; \pi)")
    assert "pi_phi is a small network" in assumed(text, {}, scaffold=True)
    found = program(
        [r"\max \log p(x|z)", r"p(x|z) = N(x; r(z), I); x \in \mathbb{R}^3"], {}, scaffold=True, dims={"z": 2}
    )
    assert [each.label for each in found.networks] == ["r"]


def test_an_entropy_of_declared_classes_needs_no_size() -> None:
    text = [
        r"\mathcal{U}(x) = \sum_y q_\phi(y|x) \log p_\theta(x|y) + H(q_\phi(y|x))",
        r"\max E_{p_u(x_u)}[\mathcal{U}(x_u)]",
        r"q_\phi(y|x) = \mathrm{Cat}(y; \pi_\phi(x)); y \in \{1, \dots, 4\}; x_u \in \{0,1\}^3",
    ]
    assert codes(text, {}, scaffold=True) == []
