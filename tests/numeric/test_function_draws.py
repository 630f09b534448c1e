r"""Draws from what a function gives, ``x \sim G(z, c)``, and entropies of variables: against torch by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, logsigmoid
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.test_written_densities import linear, tensor
from tests.support.agreement import assert_agrees
from tests.support.small import codes

N = 6
X, Z = tensor(N, 3, seed=1), tensor(N, 2, seed=2)
CLASSES = torch.arange(4)


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.table = linear(2, 3), nn.Embedding(4, 3, dtype=torch.float64)

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        return torch.tanh(self.body(z) + self.table(c))


G, Q, D = Generator(), linear(3, 4), linear(3, 1)
SPACES = r"c \in \{1, \dots, 4\}; z \in \mathbb{R}^2; x \in \mathbb{R}^3"
BOUND = {
    "G": G,
    "Q(c|x)": f2d.Categorical(Q),
    "P(c)": f2d.Categorical(probs=torch.full((4,), 0.25, dtype=torch.float64)),
    "p(z)": f2d.Normal(loc=0.0, scale=1.0),
}
INFORMATION = r"E_{c \sim P(c), x \sim G(z, c)}[\log Q(c|x)] + H(c)"


def information() -> Tensor:
    """Chen et al. 2016, equation 5: over all codes, for each noise."""
    errors = [cross_entropy(Q(G(Z, c.expand(N))), c.expand(N)) for c in CLASSES]
    return math.log(4) - torch.stack(errors).mean()


@pytest.mark.parametrize(
    "formula",
    [
        f"I(c, G(z, c)) = {INFORMATION}",
        r"I(c, G(z, c)) = E_{c \sim P(c), x \sim G(z, c)}[\log Q(c|X)] + H(c)",
        rf"\max {INFORMATION}",
    ],
)
def test_the_bound_of_an_information_is_raised(formula: str) -> None:
    """x was drawn from a Normal that nobody wrote."""
    objective = f2d.compile([formula, SPACES], BOUND)
    assert_close(objective(noise={"z": Z}, batch_size=N).loss, -information())
    assert not objective.inputs


def test_a_game_with_an_information_that_is_defined_beside_it() -> None:
    """Chen et al. 2016, equation 6."""
    text = [
        r"\min_{G,Q} \max_D V(D, G) - \lambda I(c, G(z, c)); \lambda = 0.5",
        r"V(D, G) = E_{x \sim p_{data}}[\log D(x)] + E_{c \sim P(c), x \sim G(z, c)}[\log(1 - D(x))]",
        f"I(c, G(z, c)) = {INFORMATION}",
        SPACES,
    ]
    objective = f2d.compile(text, {**BOUND, "D": f2d.Sigmoid(D)})
    noise = dict.fromkeys(objective.example_noise(x=X, player="D"), Z)
    fake = torch.stack([logsigmoid(-D(G(Z, c.expand(N)))).mean() for c in CLASSES]).mean()
    game = logsigmoid(D(X)).mean() + fake
    assert_close(objective(x=X, player="D", noise=noise).loss, -game)


@pytest.mark.parametrize(
    "product",
    [
        r"\nabla_w (g(w)^\top y)\|_2 - a)^2",
        r"J_w^\top y\|_2 - a)^2; J_w = \frac{\partial g(w)}{\partial w}",
        r"\frac{\partial g(w)}{\partial w}^\top y\|_2 - a)^2",
    ],
)
def test_a_variable_that_functions_alone_give_is_defined(product: str) -> None:
    """Karras et al. 2020, equation 4: the length of a transposed derivative times a random picture."""
    mapping, picture = linear(2, 4), linear(4, 3)
    text = [
        rf"\min E_{{w \sim f(z), y \sim N(0, I)}} (\|{product}; z \sim N(0, I)",
        r"a = 1; z \in \mathbb{R}^2; w \in \mathbb{R}^4; y \in \mathbb{R}^3",
    ]
    objective = f2d.compile(text, {"f": mapping, "g": picture})
    found = objective(noise={"z": Z, "y": X}, batch_size=N).loss
    assert_close(found, ((X @ picture.weight).norm(dim=1) - 1).square().mean())
    assert "w is f(z), what a function gives" in objective.assumptions


def test_a_law_is_still_a_law() -> None:
    """What is bound as a density is one, whatever its letter."""
    law = {"f(z)": f2d.Normal(loc=0.0, scale=1.0)}
    assert codes([r"\max E_{z \sim f(z)}[\log p(x|z)]", SPACES], law, scaffold=True) == []


def test_a_vector_that_may_move_with_the_point_is_refused() -> None:
    """The gradient of g(w)^T y would be that of y, too."""
    text = [
        r"\min E_w \|\frac{\partial g(w)}{\partial w}^\top y\|^2; y = h(w)",
        r"w \in \mathbb{R}^4; y \in \mathbb{R}^3",
    ]
    assert codes(text, {}, scaffold=True) == ["F2D-0216"]


@pytest.mark.parametrize("formula", [r"\min_G \max_D V(D, G) - \lambda I(c, G(z, c))", r"\min_G \max_D V(D, G)"])
def test_values_of_players_that_nothing_defines_are_refused(formula: str) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0577"):
        f2d.compile(formula, scaffold=True)


def test_generated_code_is_the_reference() -> None:
    assert_agrees([rf"\max {INFORMATION} - 0.1 E_{{x \sim p_{{data}}}}\|x\|^2", SPACES], BOUND, {"x": X})
