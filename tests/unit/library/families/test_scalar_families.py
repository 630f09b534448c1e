"""Every family of numbers: densities, moments, samplers, pathwise derivatives and extremes, one row of a table each."""

from __future__ import annotations

import math

import numpy
import pytest
import torch
from scipy import stats

from tests.unit.library.families.cases import Case
from tests.unit.library.families.scalar_cases import CASES

ROWS = [pytest.param(case, id="-".join([case.family, *map(str, case.settings.values())])) for case in CASES]
PATHWISE = [row for row in ROWS if row.values[0].record.pathwise]
N = 100_000


def reference(case: Case, value: torch.Tensor) -> torch.Tensor:
    """SciPy's log-densities of values [points, settings]."""
    columns = []
    for law, column in zip(case.laws(), value.unbind(-1), strict=True):
        score = law.logpdf if hasattr(law, "logpdf") else law.logpmf
        columns.append(torch.as_tensor(numpy.asarray(score(column.numpy()), float)))
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize("case", ROWS)
def test_log_density(case: Case) -> None:
    value, columns = case.points(), case.columns()
    found = case.function("log_prob")(value, *columns)
    torch.testing.assert_close(found, reference(case, value), rtol=1e-8, atol=1e-9)
    shaped = case.function("log_prob")(value.unsqueeze(1), *(column.expand(3, -1) for column in columns))
    torch.testing.assert_close(shaped, found.unsqueeze(1).expand(-1, 3, -1))
    torch.testing.assert_close(
        case.function("log_prob")(value[:, 0], *case.parameters[0]), found[:, 0], rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("quantity", ["mean", "variance", "entropy"])
@pytest.mark.parametrize("case", ROWS)
def test_moments(case: Case, quantity: str) -> None:
    theirs = {"mean": "mean", "variance": "var", "entropy": "entropy"}[quantity]
    expected = torch.tensor([float(getattr(law, theirs)()) for law in case.laws()], dtype=torch.float64)
    if case.family == "Cauchy" and quantity == "variance":
        expected = torch.full_like(expected, math.inf)
    if case.family == "StudentT" and quantity != "entropy":
        expected[:2] = math.nan
    found = case.function(quantity)(*case.columns())
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9, equal_nan=True)
    assert case.function(quantity)(*(column.expand(5, 2, -1) for column in case.columns())).shape == (5, 2, len(found))


@pytest.mark.parametrize("case", ROWS)
def test_draws_follow_the_law(case: Case) -> None:
    follows_the_law(case, N, 0.999)


@pytest.mark.parametrize("case", ROWS)
def test_few_draws_follow_the_law(case: Case) -> None:
    """Quick, for what is far off (tests/mutation/suite.txt has this one of the two)."""
    follows_the_law(case, 2000, 0.95)


def follows_the_law(case: Case, n: int, seen_at_least: float) -> None:
    torch.manual_seed(0)
    value = case.draws(n)
    assert value.shape == (n, len(case.parameters)) and value.dtype == torch.float64 and not value.requires_grad
    for law, column in zip(case.laws(), value.unbind(-1), strict=True):
        column = column.numpy()
        if hasattr(law, "logpdf"):
            # P(sqrt(n) D > 2.6) < 3e-6 where the law is right
            assert stats.kstest(law.cdf(column), "uniform").statistic < 2.6 / math.sqrt(n)
        else:
            seen, counts = numpy.unique(column, return_counts=True)
            probs = law.pmf(seen)
            # 30 / n beyond the normal approximation: a category seen but a few times is far from normal
            assert (abs(counts / n - probs) <= 6 * numpy.sqrt(probs * (1 - probs) / n) + 30 / n).all()
            assert probs.sum() > seen_at_least
        if not case.family == "VonMises" and numpy.isfinite(law.var()) and law.var() < 1e4:
            assert abs(column.mean() - law.mean()) < 6 * math.sqrt(law.var() / n)


@pytest.mark.parametrize("case", PATHWISE)
def test_pathwise_derivative(case: Case) -> None:
    """dz / dtheta = -(dF / dtheta) / p(z), the distribution function's derivative by finite differences."""
    torch.manual_seed(1)
    columns = [column.requires_grad_() for column in case.columns()]
    shape = (50, len(case.parameters))
    noise_arguments = [columns[0].detach()] if case.record.noise == "standard" else columns
    noise = case.function("draw_noise")(shape, *noise_arguments)
    value = case.function("sample")(noise, *columns)
    if case.record.noise == "value":
        assert torch.equal(value, noise)
    for position in range(len(columns)):
        expanded = [each.detach().expand(shape).clone() for each in columns]
        expanded[position].requires_grad_()
        (found,) = torch.autograd.grad(case.function("sample")(noise, *expanded).sum(), expanded[position])
        for setting, row in enumerate(case.parameters):
            z = value[:, setting].detach().numpy()
            step = 1e-4 * max(abs(row[position]), 0.1) * (0.1 if row[position] < 2e-3 else 1)
            sides = []
            for sign in (1, -1):
                moved = [each + sign * step * (i == position) for i, each in enumerate(row)]
                sides.append(numpy.asarray(case.law(*moved).cdf(z)))
            density = numpy.asarray(case.law(*row).pdf(z))
            expected = torch.as_tensor(-(sides[0] - sides[1]) / (2 * step) / density)
            sure = torch.as_tensor(density * z.std() > 1e-3)
            size = expected[sure].abs().max().item()
            torch.testing.assert_close(
                found[:, setting][sure], expected[sure], rtol=case.slope, atol=1e-5 * max(size, 1e-6)
            )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("case", [row for row in ROWS if row.values[0].extreme])
def test_extremes_stay_finite(case: Case, dtype: torch.dtype) -> None:
    leaves = [torch.tensor(column, dtype=dtype) for column in zip(*case.extreme, strict=True)]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    score = case.function("log_prob")(*leaves)
    assert score.dtype == dtype and torch.isfinite(score).all(), score
    for leaf, gradient in zip(leaves, torch.autograd.grad(score.sum(), leaves), strict=True):
        assert torch.isfinite(gradient).all(), (leaf, gradient)
    double = case.function("log_prob")(*(leaf.detach().double() for leaf in leaves))
    scale = double.abs().clamp(min=1.0)
    if dtype == torch.float32 and case.family in ("Logistic", "Cauchy", "StudentT", "DiscretizedLogistic"):
        assert ((score - double).abs() <= 1e-4 * scale).all()
    entropy = case.function("entropy")(*(leaf.detach() for leaf in leaves[1:]))
    assert torch.isfinite(entropy).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("case", PATHWISE)
def test_draws_and_their_derivatives_stay_finite(case: Case, dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    rows = [row[1:] for row in case.extreme if case.family != "LogNormal" or row[2] < 10]
    columns = [torch.tensor(column, dtype=dtype).requires_grad_() for column in zip(*rows, strict=True)]
    shape = (500, len(columns[0]))
    arguments = [columns[0].detach()] if case.record.noise == "standard" else columns
    noise = case.function("draw_noise")(shape, *arguments)
    value = case.function("sample")(noise, *columns)
    assert value.dtype == dtype
    if case.family != "InverseGamma":  # whose draws no float holds at a concentration of 1e-3
        assert torch.isfinite(value).all()
        for gradient in torch.autograd.grad(value.sum(), columns):
            assert torch.isfinite(gradient).all()
