"""Closed-form divergences: against torch.distributions, and against integrals computed by Gauss-Legendre quadrature."""

from __future__ import annotations

import math

import numpy
import pytest
import torch
from torch import Tensor, distributions
from torch.distributions import kl_divergence

from formula2dgm.library import divergences

LAWS = {"normal": distributions.Normal, "laplace": distributions.Laplace}
PAIRS = [(left, right) for left in LAWS for right in LAWS]


def tensor(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def values_and_gradients(function, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    result = function(*leaves)
    return result, *torch.autograd.grad((result * tensor(*result.shape, seed=9)).sum(), leaves)


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize("shapes", [((3, 4),) * 4, ((3, 4), (4,), (), (5, 1, 1))])
def test_against_torch(left: str, right: str, shapes) -> None:
    p_loc, p_scale, q_loc, q_scale = (tensor(*shape, seed=seed) for seed, shape in enumerate(shapes))
    leaves = [p_loc, p_scale.exp(), q_loc, q_scale.exp()]

    def theirs(p_loc, p_scale, q_loc, q_scale):
        return kl_divergence(LAWS[left](p_loc, p_scale), LAWS[right](q_loc, q_scale))

    ours = values_and_gradients(getattr(divergences, f"kl_{left}_{right}"), leaves)
    torch.testing.assert_close(ours, values_and_gradients(theirs, leaves), rtol=1e-11, atol=1e-12)


def integral(left, right, breaks: list[float]) -> float:
    """E_left[log left - log right], by 60-point Gauss-Legendre on short intervals between the breaks."""
    nodes, weights = (torch.from_numpy(each) for each in numpy.polynomial.legendre.leggauss(60))
    ends = sorted({*numpy.arange(-60.0, 60.5, 0.5).tolist(), *breaks})
    low, high = torch.tensor(ends[:-1]).double()[:, None], torch.tensor(ends[1:]).double()[:, None]
    x = (low + high) / 2 + (high - low) / 2 * nodes
    log_p = left.log_prob(x)
    return float(((high - low) / 2 * weights * log_p.exp() * (log_p - right.log_prob(x))).sum())


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize(
    "numbers", [(0.3, 0.7, -0.4, 1.3), (0.0, 1.0, 0.0, 1.0), (2.0, 0.5, 2.0, 0.25), (-1, 1.5, 3, 0.6)]
)
def test_against_an_integral(left: str, right: str, numbers: tuple[float, ...]) -> None:
    p_loc, p_scale, q_loc, q_scale = (torch.tensor(each, dtype=torch.float64) for each in numbers)
    expected = integral(LAWS[left](p_loc, p_scale), LAWS[right](q_loc, q_scale), [float(p_loc), float(q_loc)])
    found = getattr(divergences, f"kl_{left}_{right}")(p_loc, *numbers[1:])
    assert math.isclose(found.item(), expected, rel_tol=1e-11, abs_tol=1e-12)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_numbers_stand_for_parameters(left: str, right: str) -> None:
    loc, scale = tensor(3, 4), tensor(3, 4, seed=1).exp()
    kl = getattr(divergences, f"kl_{left}_{right}")
    one, zero = torch.ones_like(loc), torch.zeros_like(loc)
    torch.testing.assert_close(kl(loc, scale, 0.0, 1.0), kl(loc, scale, zero, one), rtol=1e-14, atol=0.0)
    torch.testing.assert_close(kl(0.0, 1, loc, scale), kl(zero, one, loc, scale), rtol=1e-14, atol=0.0)
    torch.testing.assert_close(kl(0.0, 1.0, 0.0, scale), kl(zero, one, zero, scale), rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("name", ["normal", "laplace"])
def test_equal_laws_have_divergence_and_gradient_zero(name: str) -> None:
    loc, scale = tensor(3), tensor(3, seed=1).exp()
    for each in values_and_gradients(getattr(divergences, f"kl_{name}_{name}"), [loc, scale, loc, scale]):
        torch.testing.assert_close(each, torch.zeros_like(each), rtol=0.0, atol=1e-14)


def test_bernoulli_against_torch() -> None:
    leaves = [3 * tensor(3, 4), 3 * tensor(5, 1, 4, seed=1)]

    def theirs(p, q):  # torch's own does not broadcast
        p, q = (distributions.Bernoulli(logits=each) for each in torch.broadcast_tensors(p, q))
        return kl_divergence(p, q)

    ours = values_and_gradients(divergences.kl_bernoulli_bernoulli, leaves)
    # torch's softplus is off by exp(-20) for logits above 20; none here is above 10
    torch.testing.assert_close(ours, values_and_gradients(theirs, leaves), rtol=1e-11, atol=1e-12)
    found = divergences.kl_bernoulli_bernoulli(leaves[0], 0.0)
    torch.testing.assert_close(found, theirs(leaves[0], 0 * leaves[0]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("p", "q"), [(100.0, 100.0), (100.0, -100.0), (-100.0, 0.0), (700.0, 1.0), (0.0, 100.0)])
def test_bernoulli_at_extremes(p: float, q: float) -> None:
    from mpmath import mp, mpf

    with mp.workdps(400):
        one, other = (1 / (1 + mp.exp(-mpf(each))) for each in (p, q))
        expected = one * mp.log(one / other) + (1 - one) * mp.log((1 - one) / (1 - other))
        slope = one * (1 - one) * (mp.log(one / (1 - one)) - mp.log(other / (1 - other)))
    leaf = torch.tensor(p, dtype=torch.float64, requires_grad=True)
    found = divergences.kl_bernoulli_bernoulli(leaf, q)
    assert math.isclose(found.item(), float(expected), rel_tol=1e-12, abs_tol=1e-12)
    (gradient,) = torch.autograd.grad(found, leaf)
    assert math.isclose(gradient.item(), float(slope), rel_tol=1e-9, abs_tol=1e-12)


def test_categorical_against_torch() -> None:
    leaves = [3 * tensor(3, 4), 3 * tensor(5, 1, 4, seed=1)]

    def theirs(p, q):
        return kl_divergence(distributions.Categorical(logits=p), distributions.Categorical(logits=q))

    ours = values_and_gradients(divergences.kl_categorical_categorical, leaves)
    torch.testing.assert_close(ours, values_and_gradients(theirs, leaves), rtol=1e-11, atol=1e-12)
    assert ours[0].shape == (5, 3)


def test_categorical_with_a_class_excluded_on_both_sides() -> None:
    p, q = tensor(3, 2), tensor(3, 2, seed=1)
    excluded = torch.full((3, 1), -torch.inf, dtype=torch.float64)
    found = divergences.kl_categorical_categorical(torch.cat([p, excluded], -1), torch.cat([q, excluded], -1))
    torch.testing.assert_close(found, divergences.kl_categorical_categorical(p, q))
