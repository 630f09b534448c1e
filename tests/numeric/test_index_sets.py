"""Sets of examples that a text declares by their indices: positives of one class, all others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor

N, TAU = 6, 0.5
X = tensor(N, 4, seed=1)
PAIRED = torch.tensor([0, 1, 0, 1, 2, 2])
ALONE = torch.tensor([0, 1, 2, 1, 3, 1])
F = linear(4, 3)
DIAGONAL = torch.eye(N, dtype=torch.bool)


def supervised_contrast(y: Tensor, tau: float = TAU) -> Tensor:
    """Khosla et al. 2020, equation 2, as in the published code; there an example without positives adds nothing."""
    z = F(X).detach()
    scores = z @ z.T / tau
    logs = scores - scores.masked_fill(DIAGONAL, -torch.inf).logsumexp(1, keepdim=True)
    positive = ((y[:, None] == y[None]) & ~DIAGONAL).double()
    return -((positive * logs).sum(1) / positive.sum(1).clamp(min=1)).sum()


LOSS = (
    r"\mathcal{L} = \sum_{i\in I} \frac{-1}{|P(i)|}\sum_{p\in P(i)} "
    r"\log \frac{\exp(z_i\cdot z_p/\tau)}{\sum_{a\in A(i)} \exp(z_i\cdot z_a/\tau)}"
)
OTHERS, POSITIVE = r"A(i) = I\setminus\{i\}", r"P(i) = \{p \in A(i): y_p = y_i\}"
CODES = r"z_i = f(x_i); \tau = 0.5"
SETS = {
    "as published": [
        LOSS,
        OTHERS.replace("=", r"\equiv"),
        POSITIVE.replace("=", r"\equiv", 1),
        r"I = \{1, \dots, 2N\}",
        CODES,
    ],
    "a bar": [LOSS, OTHERS, POSITIVE.replace(":", r"\mid"), CODES],
    "below": [
        LOSS.replace("P(i)", "P_i").replace("A(i)", "A_i"),
        r"A_i = I \setminus \{i\}; P_i = \{p \in I : y_p = y_i, p \ne i\}",
        CODES,
    ],
    "another letter": [LOSS, OTHERS.replace("(i)", "(k)").replace("{i", "{k"), POSITIVE, CODES],
    "where it is read": [
        LOSS.replace("A(i)", r"I \setminus \{i\}"),
        POSITIVE.replace("A(i)", r"I \setminus \{i\}"),
        CODES,
    ],
    "codes without an index": [LOSS, OTHERS, POSITIVE, r"z = f(x); \tau = 0.5"],
    "a loss of one example": [
        r"\mathcal{L} = \sum_{i\in I} \mathcal{L}_i",
        LOSS.replace(r"\mathcal{L} = \sum_{i\in I}", r"\mathcal{L}_i ="),
        OTHERS,
        POSITIVE,
        CODES,
    ],
    "unicode": [
        "L = ∑_{i∈I} (-1)/|P(i)| ∑_{p∈P(i)} log exp(z_i·z_p/τ) / (∑_{a∈A(i)} exp(z_i·z_a/τ))",
        r"A(i) = I ∖ {i}; P(i) = {p ∈ A(i) : y_p = y_i}; z_i = f(x_i); τ = 0.5",
    ],
}


@pytest.mark.parametrize("text", SETS.values(), ids=SETS)
def test_supervised_contrast(text: list[str]) -> None:
    """It is a sum over the batch, as it is written."""
    torch.testing.assert_close(checked(text, {"f": F}, x=X, y=PAIRED), supervised_contrast(PAIRED))


def test_an_example_without_positives_adds_nothing() -> None:
    text = SETS["a bar"]
    torch.testing.assert_close(checked(text, {"f": F}, x=X, y=ALONE), supervised_contrast(ALONE))
    assert any("has no element" in each for each in f2d.compile(text, {"f": F}).assumptions)


def test_small_temperatures() -> None:
    text = [*SETS["a bar"][:-1], r"z_i = f(x_i); \tau = 0.001"]
    found = f2d.compile(text, {"f": F})(x=X, y=PAIRED).loss
    torch.testing.assert_close(found.detach(), supervised_contrast(PAIRED, 0.001))


def test_the_mean_over_positives_inside_the_logarithm() -> None:
    """Khosla et al. 2020, equation 3."""
    text = [
        r"\min -\sum_{i\in I} \log \left(\frac{1}{|P(i)|}\sum_{p\in P(i)} "
        r"\frac{\exp(z_i\cdot z_p/\tau)}{\sum_{a\in A(i)} \exp(z_i\cdot z_a/\tau)}\right)",
        OTHERS,
        POSITIVE,
        CODES,
    ]
    z = F(X).detach()
    shares = torch.softmax((z @ z.T / TAU).masked_fill(DIAGONAL, -torch.inf), 1)
    positive = ((PAIRED[:, None] == PAIRED[None]) & ~DIAGONAL).double()
    expected = -((shares * positive).sum(1) / positive.sum(1)).log().sum()
    torch.testing.assert_close(checked(text, {"f": F}, x=X, y=PAIRED), expected)


def test_conditions_below_a_sum() -> None:
    """Of pairs of one class, with and without the example itself."""
    z = F(X).detach()
    same, products = (PAIRED[:, None] == PAIRED[None]).double(), z @ z.T
    found = checked([r"\min -\sum_{i\in I} \sum_{p : y_p = y_i} z_i^\top z_p", "z_i = f(x_i)"], {"f": F}, x=X, y=PAIRED)
    torch.testing.assert_close(found, -(same * products).sum())
    text = [r"\min -\frac1B \sum_{i=1}^B \sum_{p : y_p = y_i, p \ne i} z_i^\top z_p", "z_i = f(x_i)"]
    expected = -(same * products).masked_fill(DIAGONAL, 0).sum() / N
    torch.testing.assert_close(checked(text, {"f": F}, x=X, y=PAIRED), expected)


@pytest.mark.parametrize("text", [[LOSS, OTHERS, CODES], [LOSS, POSITIVE, CODES]])
def test_a_set_that_nothing_declares_is_refused(text: list[str]) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0562"):
        f2d.compile(text, {"f": F})
