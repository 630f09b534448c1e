"""Rényi, Wasserstein-2 and geometric Jensen-Shannon divergences in closed form: against integrals of the densities,
matrix square roots, and the identities between divergences, in float64."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import integrate, linalg, stats
from torch import Tensor

import formula2dgm.library
from formula2dgm.registry.definitions import CLOSED_FORMS_BESIDE_KL
from formula2dgm.registry.divergences import closed_form

MODULES = [
    importlib.import_module(f"formula2dgm.library.{path.stem}")
    for path in sorted(Path(formula2dgm.library.__file__).parent.glob("*.py"))
    if path.stem != "__init__" and not path.stem.startswith("flow_")
]
ORDERS = (0.3, 0.5, 0.9, 1.5, 2.0)


def form(name: str, left: str, right: str) -> Callable[..., Tensor]:
    found = closed_form(name, left, right)
    return next(vars(module)[found] for module in MODULES if found in vars(module))


def double(*numbers: float) -> tuple[Tensor, ...]:
    return tuple(torch.tensor(each, dtype=torch.float64) for each in numbers)


def integral(f: Callable[[float], float], low: float, high: float) -> float:
    middle = [low + (high - low) * each for each in (0.01, 0.1, 0.3, 0.5)] if math.isfinite(high - low) else []
    return integrate.quad(f, low, high, points=middle or None, limit=500, epsabs=1e-13, epsrel=1e-12)[0]


#: A family: SciPy's law at our parameters, the ends of its support (or where it is cut off), and two sets of parameters
#: at which every order above has an integral.
CONTINUOUS = {
    "Normal": (lambda loc, scale: stats.norm(loc, scale), (-40.0, 40.0), (0.3, 0.8), (-0.5, 1.2)),
    "LogNormal": (lambda loc, scale: stats.lognorm(scale, 0, math.exp(loc)), (0.0, 400.0), (0.1, 0.4), (0.3, 0.5)),
    "Gamma": (lambda k, rate: stats.gamma(k, scale=1 / rate), (0.0, 80.0), (2.5, 1.6), (1.8, 1.1)),
    "InverseGamma": (lambda k, rate: stats.invgamma(k, scale=rate), (0.01, np.inf), (4.5, 1.6), (3.0, 1.2)),
    "Exponential": (lambda rate: stats.expon(scale=1 / rate), (0.0, 80.0), (1.6,), (1.1,)),
    "Beta": (stats.beta, (0.0, 1.0), (2.5, 3.2), (1.8, 2.4)),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", CONTINUOUS)
def test_renyi_is_the_integral(family: str, order: float) -> None:
    law, (low, high), ours, theirs = CONTINUOUS[family]
    p, q = law(*ours), law(*theirs)
    mixed = integral(lambda x: math.exp(order * p.logpdf(x) + (1 - order) * q.logpdf(x)), low, high)
    wanted = math.log(mixed) / (order - 1)
    found = form("Renyi", family, family)(*double(*ours), *double(*theirs), order)
    assert found.item() == pytest.approx(wanted, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("order", ORDERS)
def test_renyi_of_continuous_bernoulli_is_the_integral(order: float) -> None:
    def density(logit: float) -> Callable[[float], float]:
        whole = (math.exp(logit) - 1) / logit
        return lambda x: math.exp(logit * x) / whole

    p, q = density(1.4), density(-2.2)
    wanted = math.log(integral(lambda x: p(x) ** order * q(x) ** (1 - order), 0.0, 1.0)) / (order - 1)
    found = form("Renyi", "ContinuousBernoulli", "ContinuousBernoulli")(*double(1.4, -2.2), order)
    assert found.item() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_renyi_of_finite_laws_and_counts_is_the_sum(order: float) -> None:
    def of(p: np.ndarray, q: np.ndarray) -> float:
        return math.log(np.sum(p**order * q ** (1 - order))) / (order - 1)

    logits, others = torch.tensor([0.3, -1.2, 2.0, 0.1]).double(), torch.tensor([1.3, 0.2, -0.4, 0.9]).double()
    found = form("Renyi", "Categorical", "Categorical")(logits, others, order)
    assert found.item() == pytest.approx(of(torch.softmax(logits, -1).numpy(), torch.softmax(others, -1).numpy()))
    bits = [np.array([1 - x, x]) for x in torch.sigmoid(torch.tensor([0.7, -1.1]).double()).numpy()]
    assert form("Renyi", "Bernoulli", "Bernoulli")(*double(0.7, -1.1), order).item() == pytest.approx(of(*bits))
    counts = np.arange(200)
    wanted = of(stats.poisson(2.5).pmf(counts), stats.poisson(4.0).pmf(counts))
    assert form("Renyi", "Poisson", "Poisson")(*double(2.5, 4.0), order).item() == pytest.approx(wanted)


@pytest.mark.parametrize("order", ORDERS)
def test_renyi_of_dirichlets_of_two_is_that_of_betas(order: float) -> None:
    p, q = torch.tensor([2.5, 3.2]).double(), torch.tensor([1.8, 2.4]).double()
    found = form("Renyi", "Dirichlet", "Dirichlet")(p, q, order)
    torch.testing.assert_close(found, form("Renyi", "Beta", "Beta")(*p, *q, order))


def covariances(seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    lower = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64).tril(-1) * 0.3
    scales = 0.7 + 0.6 * torch.rand(2, 3, generator=generator, dtype=torch.float64)
    return torch.randn(2, 3, generator=generator, dtype=torch.float64), lower + torch.diag_embed(scales)


@pytest.mark.parametrize("order", (0.3, 0.5, 0.9, 1.2))
def test_renyi_of_full_normals_is_the_gaussian_integral(order: float) -> None:
    """log of the integral of N(x; m, S)^a N(x; n, T)^(1 - a), from the quadratic forms."""
    (m, first), (n, second) = covariances(0), covariances(1)
    found = form("Renyi", "MultivariateNormal", "MultivariateNormal")(m, first, n, second, order)
    for i in range(2):
        s, t = (each[i] @ each[i].mT for each in (first, second))
        a, b = order * torch.linalg.inv(s), (1 - order) * torch.linalg.inv(t)
        whole, linear = a + b, a @ m[i] + b @ n[i]
        exponent = 0.5 * (linear @ torch.linalg.inv(whole) @ linear - m[i] @ a @ m[i] - n[i] @ b @ n[i])
        level = -0.5 * (torch.logdet(whole) + order * torch.logdet(s) + (1 - order) * torch.logdet(t))
        torch.testing.assert_close(found[i], (exponent + level) / (order - 1))


@pytest.mark.parametrize("name", ["Renyi", "W_2^2"])
def test_full_and_diagonal_normals_agree(name: str) -> None:
    (m, _), (n, _) = covariances(0), covariances(1)
    scales = torch.tensor([0.5, 1.0, 1.4]).double(), torch.tensor([0.9, 0.8, 1.1]).double()
    order = (0.6,) if name == "Renyi" else ()
    wanted = form(name, "Normal", "Normal")(m, scales[0], n, scales[1], *order).sum(-1)
    roots = tuple(map(torch.diag, scales))
    for left, right, first, second in (
        ("MultivariateNormal", "MultivariateNormal", roots[0], roots[1]),
        ("MultivariateNormal", "Normal", roots[0], scales[1]),
        ("Normal", "MultivariateNormal", scales[0], roots[1]),
    ):
        torch.testing.assert_close(form(name, left, right)(m, first, n, second, *order), wanted)


@pytest.mark.parametrize(("family", "ours", "theirs"), [(name, each[2], each[3]) for name, each in CONTINUOUS.items()])
def test_renyi_grows_with_the_order_through_kl(family: str, ours: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    renyi, kl = form("Renyi", family, family), form("KL", family, family)
    values = [
        renyi(*double(*ours), *double(*theirs), order).item() for order in (0.2, 0.6, 0.999999, 1.0, 1.000001, 1.6)
    ]
    limit = kl(*double(*ours), *double(*theirs)).item()
    assert values == sorted(values)
    assert values[3] == pytest.approx(limit, rel=1e-12)
    assert values[2] == pytest.approx(limit, rel=1e-4) and values[4] == pytest.approx(limit, rel=1e-4)


def test_renyi_is_infinite_where_it_diverges() -> None:
    wide, narrow = double(0.0, 2.0), double(0.0, 1.0)
    # of order 2, the integral of N(0, 4)^2 / N(0, 1) has the exponent -x^2 / 4 + x^2 / 2
    assert form("Renyi", "Normal", "Normal")(*wide, *narrow, 2.0).item() == math.inf
    assert form("Renyi", "Exponential", "Exponential")(*double(0.4, 1.0), 2.0).item() == math.inf
    assert form("Renyi", "Beta", "Beta")(*double(1.0, 1.0, 3.0, 3.0), 2.0).item() == math.inf
    full = form("Renyi", "MultivariateNormal", "MultivariateNormal")
    eye, zero = torch.eye(2).double(), torch.zeros(2).double()
    assert full(zero, 2 * eye, zero, eye, 2.0).item() == math.inf
    concentrations = torch.tensor([[1.0, 1.0], [3.0, 1.0]]).double()
    assert form("Renyi", "Dirichlet", "Dirichlet")(*concentrations, 2.0).item() == math.inf


@pytest.mark.parametrize(
    "family", [left for name, left, right in CLOSED_FORMS_BESIDE_KL if name == "Renyi" and left == right]
)
def test_renyi_of_a_law_and_itself_is_zero_with_a_finite_gradient(family: str) -> None:
    vectors = {"Categorical": ([0.2, 0.5, -1.0],), "Dirichlet": ([1.0, 2.0, 3.0],)}
    vectors["MultivariateNormal"] = ([0.2, 0.5], [[1.0, 0.0], [0.3, 2.0]])  # type: ignore[assignment]
    numbers = {"Poisson": (2.0,), "Bernoulli": (0.4,), "ContinuousBernoulli": (0.4,)}
    given = vectors.get(family) or numbers.get(family) or CONTINUOUS[family][2]
    for order in (0.5, 1.0, 1.7):
        p = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in given]
        q = [torch.tensor(each, dtype=torch.float64) for each in given]
        value = form("Renyi", family, family)(*p, *q, order)
        assert abs(value.item()) < 1e-12
        for slope in torch.autograd.grad(value, p):
            assert torch.isfinite(slope).all() and slope.abs().max() < 1e-10


def test_extreme_normals_stay_finite() -> None:
    for p, q in (((0.0, 1e-6), (5.0, 1e6)), ((1e8, 1.0), (-1e8, 1.0)), ((0.0, 1e6), (0.0, 1e7))):
        for order in (0.01, 0.5, 0.99):
            first = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in p]
            value = form("Renyi", "Normal", "Normal")(*first, *double(*q), order)
            slopes = torch.autograd.grad(value, first)
            assert math.isfinite(value.item()) and value.item() >= 0 and all(map(torch.isfinite, slopes))


# -- Wasserstein ---------------------------------------------------------------------------------------


def squared(m: Tensor, first: Tensor, n: Tensor, second: Tensor) -> Tensor:
    return form("W_2^2", "MultivariateNormal", "MultivariateNormal")(m, first, n, second)


def test_w2_is_the_distance_of_gelbrich() -> None:
    """With SciPy's matrix square roots."""
    (m, first), (n, second) = covariances(2), covariances(3)
    found = squared(m, first, n, second)
    for i in range(2):
        s, t = ((each[i] @ each[i].mT).numpy() for each in (first, second))
        root = linalg.sqrtm(t)
        wanted = ((m[i] - n[i]) ** 2).sum().item() + np.trace(s + t - 2 * linalg.sqrtm(root @ s @ root).real)
        assert found[i].item() == pytest.approx(wanted, rel=1e-10)


def test_w2_on_the_line_is_the_integral_over_quantiles() -> None:
    p, q = stats.norm(0.3, 0.8), stats.norm(-0.5, 1.9)
    wanted = integral(lambda u: (p.ppf(u) - q.ppf(u)) ** 2, 1e-15, 1 - 1e-15)
    found = form("W_2^2", "Normal", "Normal")(*double(0.3, 0.8, -0.5, 1.9))
    assert found.item() == pytest.approx(wanted, rel=1e-6)


def test_w2_is_a_metric() -> None:
    laws = [covariances(seed) for seed in range(4)]
    for p in laws:
        torch.testing.assert_close(squared(*p, *p), torch.zeros(2).double(), rtol=0, atol=1e-12)
        for q in laws:
            torch.testing.assert_close(squared(*p, *q), squared(*q, *p))
            for r in laws:
                assert (squared(*p, *r).sqrt() <= squared(*p, *q).sqrt() + squared(*q, *r).sqrt() + 1e-9).all()


def test_w2_has_a_gradient_where_singular_values_are_equal() -> None:
    loc, root = torch.zeros(3).double(), torch.eye(3).double().requires_grad_()
    value = squared(loc, root, loc + 1, 2 * torch.eye(3).double())
    (slope,) = torch.autograd.grad(value, root)
    torch.testing.assert_close(slope, -2 * torch.eye(3).double())  # of sum_i (l_i - 2)^2 at l_i = 1


# -- geometric Jensen-Shannon --------------------------------------------------------------------------


@pytest.mark.parametrize("weight", (0.2, 0.5, 0.8))
def test_geometric_js_is_its_definition(weight: float) -> None:
    p, q = stats.norm(0.3, 0.8), stats.norm(-0.5, 1.2)
    whole = integral(lambda x: p.pdf(x) ** (1 - weight) * q.pdf(x) ** weight, -30, 30)

    def log_mean(x: float) -> float:
        return (1 - weight) * p.logpdf(x) + weight * q.logpdf(x) - math.log(whole)

    first = integral(lambda x: p.pdf(x) * (p.logpdf(x) - log_mean(x)), -12, 12)
    second = integral(lambda x: q.pdf(x) * (q.logpdf(x) - log_mean(x)), -15, 15)
    found = form("GeometricJS", "Normal", "Normal")(*double(0.3, 0.8, -0.5, 1.2), weight)
    assert found.item() == pytest.approx((1 - weight) * first + weight * second, rel=1e-7)
