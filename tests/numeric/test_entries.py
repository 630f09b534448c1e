"""Entries of vectors at indices of their own: redundancy between entries, variances, covariances."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import formula2dgm as f2d
from tests.numeric.test_pairs import checked
from tests.numeric.test_written_densities import linear, tensor

N, D = 6, 3
X, Y = tensor(N, 4, seed=1), tensor(N, 4, seed=2)
F = linear(4, D)


def cross_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Zbontar et al. 2021, equation 2."""
    norms = first.norm(dim=0)[:, None] * second.norm(dim=0)[None]
    return first.T @ second / norms


def barlow_twins(first: Tensor, second: Tensor, weight: float = 0.005) -> Tensor:
    """The published loss: the diagonal, and what is off it."""
    c = cross_correlation(first, second)
    off = c.flatten()[:-1].view(D - 1, D + 1)[:, 1:].flatten()
    return (torch.diagonal(c) - 1).pow(2).sum() + weight * off.pow(2).sum()


LOSS = r"\mathcal{L}_{BT} = \sum_i (1 - C_{ii})^2 + \lambda \sum_i \sum_{j \ne i} C_{ij}^2"
CORRELATION = r"C_{ij} = \frac{\sum_b z^A_{b,i} z^B_{b,j}}{\sqrt{\sum_b (z^A_{b,i})^2}\sqrt{\sum_b (z^B_{b,j})^2}}"
VIEWS = r"z^A = f(x^A); z^B = f(x^B); \lambda = 0.005"
BARLOW_TWINS = {
    "as published": [LOSS, CORRELATION, VIEWS],
    "each example": [LOSS, CORRELATION, VIEWS.replace("^A", "^A_b").replace("^B", "^B_b")],
    "indices in one word": [LOSS, CORRELATION.replace("b,", "b"), VIEWS],
    "another style": [LOSS.replace("C_", r"\mathcal{C}_"), rf"\mathcal{{C}}{CORRELATION[1:]}", VIEWS],
    "with bounds": [LOSS, CORRELATION.replace(r"\sum_b", r"\sum_{b=1}^N"), VIEWS],
    "pairs at once": [LOSS.replace(r"\sum_i \sum_{j \ne i}", r"\sum_{i \ne j}"), CORRELATION, VIEWS],
    "plain text": [
        "L_BT = sum_i (1 - C_ii)^2 + lambda sum_i sum_{j != i} C_ij^2",
        "C_ij = (sum_b u_bi v_bj) / (sqrt(sum_b u_bi^2) sqrt(sum_b v_bj^2))",
        "u = f(x_A); v = f(x_B); lambda = 0.005",
    ],
}


@pytest.mark.parametrize("text", BARLOW_TWINS.values(), ids=BARLOW_TWINS)
def test_barlow_twins(text: list[str]) -> None:
    found = checked(text, {"f": F}, x_A=X, x_B=Y)
    torch.testing.assert_close(found, barlow_twins(F(X), F(Y)).detach())


def variance(z: Tensor) -> Tensor:
    """Bardes et al. 2022, equation 1, as in the published code: torch's variance, of which there are n - 1."""
    return torch.relu(1 - torch.sqrt(z.var(dim=0) + 1e-4)).mean()


def covariance(z: Tensor) -> Tensor:
    """Bardes et al. 2022, equations 3 and 4."""
    centred = z - z.mean(0)
    matrix = centred.T @ centred / (len(z) - 1)
    return (matrix.pow(2).sum() - torch.diagonal(matrix).pow(2).sum()) / z.shape[1]


VARIANCE = r"v(Z) = \frac1d\sum_{j=1}^d \max(0, \gamma - S(z^j, \epsilon)); S(x, \epsilon) = \sqrt{Var(x) + \epsilon}"
SPREAD = r"v(Z) = \frac1d\sum_{j=1}^d \max(0, \gamma - \sqrt{Var(z^j) + \epsilon})"
COVARIANCE = [
    r"c(Z) = \frac1d \sum_{i \neq j} [C(Z)]_{i,j}^2",
    r"C(Z) = \frac{1}{n-1}\sum_{i=1}^n (z_i - \bar z)(z_i - \bar z)^T",
]
INVARIANCE = r"s(Z, Z') = \frac1n \sum_{i=1}^n \|z_i - z'_i\|_2^2"
CODES = r"z = f(x); z' = f(x'); \gamma = 1; \epsilon = 10^{-4}"


@pytest.mark.parametrize("term", [VARIANCE, SPREAD, SPREAD.replace("z^j", "z_j")])
def test_the_variance_of_each_entry(term: str) -> None:
    found = checked([r"\min v(Z)", term, CODES], {"f": F}, x=X)
    torch.testing.assert_close(found, variance(F(X)).detach())


def test_the_covariances_of_entries() -> None:
    """The matrix is never made of its products: entries are."""
    found = checked([r"\min c(Z)", *COVARIANCE, CODES], {"f": F}, x=X)
    torch.testing.assert_close(found, covariance(F(X)).detach())
    written = [
        r"\min \frac1d \sum_i \sum_{j \ne i} C_{ij}^2",
        r"C = \frac{1}{n-1}\sum_{k=1}^n (z_k - \bar z)(z_k - \bar z)^\top; \bar z = \frac1n \sum_{k=1}^n z_k; z = f(x)",
    ]
    torch.testing.assert_close(checked(written, {"f": F}, x=X), covariance(F(X)).detach())


MEANS = {"": [], "defined": [r"\bar z = \frac1n \sum_{i=1}^n z_i; Z = [z_1, \dots, z_n]; Z' = [z'_1, \dots, z'_n]"]}


@pytest.mark.parametrize("said", MEANS.values(), ids=MEANS)
def test_vicreg(said: list[str]) -> None:
    """Bardes et al. 2022, equation 6: both views have terms of their own, each of its own values."""
    text = [
        r"\mathcal{L}(Z, Z') = \lambda s(Z, Z') + \mu [v(Z) + v(Z')] + \nu [c(Z) + c(Z')]",
        r"\lambda = 25; \mu = 25; \nu = 1",
        SPREAD,
        *COVARIANCE,
        INVARIANCE,
        CODES,
        *said,
    ]
    first, second = F(X), F(Y)
    expected = 25 * (first - second).pow(2).sum(1).mean()
    expected = expected + 25 * (variance(first) + variance(second)) + covariance(first) + covariance(second)
    torch.testing.assert_close(checked(text, {"f": F}, x=X, x_prime=Y), expected.detach())


def test_sums_of_products_are_products_of_matrices() -> None:
    """No tensor of all examples and all pairs of entries is made."""
    source = f2d.compile(BARLOW_TWINS["as published"], {"f": F}).source
    assert "f_x_A_i @ f_x_B_j.mT" in source


def test_how_many_entries_there_are_has_to_be_so() -> None:
    text = [r"\min \sum_{j=1}^5 \sqrt{\mathrm{Var}(z^j)}", "z = f(x)"]
    with pytest.raises(f2d.FormulaError, match="runs to 5, over vectors of 3 entries"):
        f2d.compile(text, {"f": F})(x=X)
    assert checked([text[0].replace("5", "3"), text[1]], {"f": F}, x=X) > 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ([r"\min \sum_i \sum_{j \ne i} ([s]_i [s]_j)^2", r"s = \|f(x)\|^2"], "F2D-0560"),
        ([r"\min \mathrm{Var}_{q(z|x)}(z)", r"q(z|x) = N(z; f(x), I)"], "F2D-0561"),
        ([r"\min E_{q(z|x)}[\mathrm{Var}(\|z\|^2)]", r"q(z|x) = N(z; f(x), I)"], "F2D-0561"),
    ],
)
def test_refused(text: list[str], code: str) -> None:
    with pytest.raises(f2d.FormulaError, match=code):
        f2d.compile(text, {"f": F})


def test_data_beside_what_is_computed() -> None:
    """A sum over the examples around one over entries is one over the data: N weighs it against the penalty."""
    g = linear(D, 4)
    text = [
        r"\min \sum_{i=1}^N \sum_{d=1}^D (x_{i,d} - \hat x_{i,d})^2 + \lambda \|v\|^2",
        r"\lambda = 2; \hat x_i = g(f(x_i))",
    ]
    bound = {"f": F, "g": g, "v": torch.nn.Parameter(tensor(3, seed=4)), "N": 100}
    expected = 100 * (X - g(F(X))).pow(2).sum(1).mean() + 2 * bound["v"].pow(2).sum()  # type: ignore[attr-defined]
    torch.testing.assert_close(checked(text, bound, x=X), expected.detach())


def test_whitening() -> None:
    text = [
        r"\min \sum_{i,j} (C_{ij} - \mathbb{1}[i = j])^2",
        r"C_{ij} = \frac1N \sum_{b=1}^N z_{b,i} z_{b,j}; z = f(x)",
    ]
    z = F(X).detach()
    expected = (z.T @ z / N - torch.eye(D, dtype=torch.float64)).pow(2).sum()
    torch.testing.assert_close(checked(text, {"f": F}, x=X), expected)
