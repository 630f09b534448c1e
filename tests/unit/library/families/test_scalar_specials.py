"""What single families promise beside the table: supports, options, mixtures, and the limits they reach."""

from __future__ import annotations

import math
import warnings

import numpy
import pytest
import torch
from scipy import stats
from torch import Tensor, distributions

from formula2dgm import registry
from formula2dgm.library import (
    checks,
    delta,
    discrete_uniform,
    discretized_logistic,
    factorized_bernoulli,
    relaxed_bernoulli,
    student_t,
)
from formula2dgm.library import discretized_logistic_mixture as mixture
from tests.unit.library.families.scalar_cases import grid_law

N = 100_000


def tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_delta_is_its_location() -> None:
    loc = tensor(1.0, -2.0).requires_grad_()
    density = delta.delta_log_prob(tensor(1.0, -2.5), loc)
    assert density.tolist() == [0.0, -math.inf] and not density.requires_grad
    assert delta.delta_log_prob(torch.tensor([3, 4]), 3).tolist() == [0.0, -math.inf]
    value = delta.delta_sample(delta.delta_noise((3, 2), loc), loc)
    assert value.tolist() == [[1.0, -2.0]] * 3
    assert torch.autograd.grad(value.sum(), loc)[0].tolist() == [3.0, 3.0]
    assert delta.delta_entropy(loc).tolist() == delta.delta_variance(loc).tolist() == [0.0, 0.0]
    assert delta.delta_mean(loc) is loc and delta.delta_parameters({"loc": loc}) is loc


def test_discrete_uniform() -> None:
    low, high = tensor(-1.0, 3.0), tensor(2.0, 3.0)
    value = torch.tensor([[-1.0, 3.0], [2.0, 2.0], [0.5, 4.0]], dtype=torch.float64)
    expected = [[-math.log(4.0), 0.0], [-math.log(4.0), -math.inf], [-math.inf, -math.inf]]
    torch.testing.assert_close(discrete_uniform.discrete_uniform_log_prob(value, low, high), tensor(*expected))
    for ours, theirs in (("mean", "mean"), ("variance", "var"), ("entropy", "entropy")):
        found = getattr(discrete_uniform, f"discrete_uniform_{ours}")(low, high)
        expected = [getattr(stats.randint(-1, 3), theirs)(), 3.0 if ours == "mean" else 0.0]
        torch.testing.assert_close(found, tensor(*expected))
    torch.manual_seed(0)
    draws = discrete_uniform.discrete_uniform_draw((N, 2), low, high)
    counts = torch.stack([(draws[:, 0] == each).double().mean() for each in (-1, 0, 1, 2)])
    assert ((counts - 0.25).abs() < 6 * math.sqrt(0.25 * 0.75 / N)).all() and (draws[:, 1] == 3).all()
    assert discrete_uniform.discrete_uniform_values(-1.0, 2.0, 0).tolist() == [-1.0, 0.0, 1.0, 2.0]
    pairs = discrete_uniform.discrete_uniform_values(torch.zeros(5, 2), 2.0, 1)
    assert pairs.shape == (9, 2) and pairs[1].tolist() == [0.0, 1.0]


def test_factorized_bernoulli_scores_the_ones() -> None:
    logits = tensor(0.3, -2.0, 40.0, -40.0)
    ones, zeros = torch.ones(4), torch.zeros(4)
    expected = distributions.Bernoulli(logits=logits).log_prob(ones.double())
    torch.testing.assert_close(factorized_bernoulli.factorized_bernoulli_log_prob(ones, logits), expected)
    assert factorized_bernoulli.factorized_bernoulli_log_prob(zeros, logits).tolist() == [0.0] * 4
    # E[-log p] over bits: only the ones, of probability p, are scored
    torch.testing.assert_close(
        factorized_bernoulli.factorized_bernoulli_entropy(logits), -torch.sigmoid(logits) * expected
    )
    assert not registry.family("FactorizedBernoulli").finite  # its "probabilities" do not sum to 1


def test_the_hard_density_of_a_relaxed_bernoulli_is_that_of_a_bernoulli() -> None:
    record = registry.family("RelaxedBernoulli").under([("hard_density", True)])
    value, logits = tensor(0.0, 0.2, 1.0), tensor(0.5, -1.0, 2.0)
    found = getattr(relaxed_bernoulli, record.log_prob)(value, 0.5, logits)
    torch.testing.assert_close(found, distributions.Bernoulli(logits=logits, validate_args=False).log_prob(value))
    # -E[log Bernoulli(x)] is linear in the value, so its mean over draws is that of the mean
    torch.manual_seed(0)
    noise = relaxed_bernoulli.relaxed_bernoulli_noise((N, 3), logits)
    drawn = relaxed_bernoulli.relaxed_bernoulli_sample(noise, 0.5, logits)
    surprise = -distributions.Bernoulli(logits=logits, validate_args=False).log_prob(drawn)
    entropy = getattr(relaxed_bernoulli, record.entropy)(0.5, logits)
    assert ((surprise.mean(0) - entropy).abs() < 6 * surprise.std(0) / math.sqrt(N)).all()


def test_a_cold_relaxed_bernoulli_is_a_bernoulli() -> None:
    logits = tensor(-40.0, -2.0, 0.0, 3.0)
    probs = torch.sigmoid(logits)
    torch.testing.assert_close(relaxed_bernoulli.relaxed_bernoulli_mean(1e-6, logits), probs, rtol=1e-5, atol=0.0)
    found = relaxed_bernoulli.relaxed_bernoulli_variance(1e-6, logits)
    torch.testing.assert_close(found, probs * (1 - probs), rtol=1e-5, atol=0.0)


def test_student_of_many_degrees_of_freedom_is_normal() -> None:
    t = torch.linspace(-5, 5, 21)
    expected = distributions.Normal(0.0, 1.0).log_prob(t)
    torch.testing.assert_close(student_t.student_t_log_prob(t, 1e8, 0.0, 1.0), expected, rtol=1e-5, atol=1e-5)
    entropy = student_t.student_t_entropy(torch.tensor(1e8), 0.0, 1.0)
    torch.testing.assert_close(entropy, torch.tensor(0.5 * math.log(2 * math.pi * math.e)), rtol=1e-5, atol=0.0)


WEIGHTS, LOCS, SCALES = (0.2, 0.5, 0.3), (0.1, 0.6, 1.2), (0.02, 0.1, 0.3)


@pytest.mark.parametrize("settings", [{}, {"bins": 6, "low": -1.0, "high": 1.5}])
def test_a_mixture_of_discretised_logistics(settings: dict[str, float]) -> None:
    law = grid_law(*(settings or {"bins": 256, "low": 0.0, "high": 1.0}).values())(WEIGHTS, LOCS, SCALES)
    logits = tensor(*WEIGHTS).log() + 0.7
    parameters = tuple(each.expand(2, 3) for each in (logits, tensor(*LOCS), tensor(*SCALES)))
    points = torch.as_tensor(law.points).unsqueeze(-1).expand(-1, 2)
    density = mixture.discretized_logistic_mixture_log_prob(points, *parameters, **settings)
    torch.testing.assert_close(density[:, 0], torch.as_tensor(law.logpmf(law.points)), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(density.exp().sum(0), torch.ones(2).double())
    for ours, theirs in (("mean", "mean"), ("variance", "var"), ("entropy", "entropy")):
        found = getattr(mixture, f"discretized_logistic_mixture_{ours}")(*parameters, **settings)
        torch.testing.assert_close(found, tensor(*[getattr(law, theirs)()] * 2), rtol=1e-9, atol=1e-12)
    torch.manual_seed(0)
    draws = mixture.discretized_logistic_mixture_draw((N, 2), *parameters, **settings)
    assert draws.shape == (N, 2)
    checks.check_grid("x", draws, **settings)
    seen, counts = numpy.unique(draws[:, 0].numpy(), return_counts=True)
    probs = law.pmf(seen)
    assert (abs(counts / N - probs) <= 6 * numpy.sqrt(probs * (1 - probs) / N) + 3e-4).all()
    output = {"probs": torch.softmax(logits, -1), "loc": parameters[1], "log_scale": parameters[2].log()}
    read = mixture.discretized_logistic_mixture_parameters(output)
    torch.testing.assert_close(read[0] - read[0].mean(), logits - logits.mean())
    torch.testing.assert_close(read[2], parameters[2])


def test_draws_of_a_mixture_in_any_shape_are_from_their_own_component() -> None:
    """Components that are sure, of scales of almost nothing: each draw is the loc of the one that is chosen."""
    chosen = torch.tensor([[[0, 2], [1, 1], [2, 0], [0, 1]]])  # [1, 4, 2]
    logits = torch.where(torch.nn.functional.one_hot(chosen, 3) == 1, 0.0, -torch.inf).double()
    loc = torch.arange(24.0, dtype=torch.float64).reshape(1, 4, 2, 3) / 25
    draws = mixture.discretized_logistic_mixture_draw((5, 4, 2), logits, loc, torch.tensor(1e-9), 26, 0.0, 1.0)
    torch.testing.assert_close(draws, loc.gather(-1, chosen.unsqueeze(-1)).squeeze(-1).expand(5, 4, 2))


def test_the_bins_of_a_discretised_logistic_hold_all_probability() -> None:
    points = torch.linspace(0, 1, 256)
    for loc, scale in ((0.5, 0.05), (-3.0, 1e-3), (0.3, 1e3), (2.0, 0.1)):
        total = torch.exp(discretized_logistic.discretized_logistic_log_prob(points, loc, scale)).sum()
        torch.testing.assert_close(total, torch.tensor(1.0), rtol=1e-4, atol=0.0)


def test_soft_values_are_accepted_where_they_are_asked_for() -> None:
    bits = registry.family("Bernoulli").under([("soft", True)])
    classes = registry.family("Categorical").under([("soft", True)])
    assert classes.log_prob == "categorical_log_prob_one_hot"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(checks, bits.check_value)("x", tensor(0.0, 0.3, 1.0))
        getattr(checks, classes.check_value)("y", tensor(0.1, 0.2, 0.7), 3)
    with pytest.raises(ValueError, match="x must lie between 0 and 1, but lies between 0 and 255; bytes.* x / 255"):
        getattr(checks, bits.check_value)("x", tensor(0.0, 255.0))
    for bad in (tensor(0.1, 0.2, 0.6), tensor(-0.1, 0.4, 0.7), tensor(0.5, 0.5)):
        with pytest.raises(ValueError, match="y must be"):
            getattr(checks, classes.check_value)("y", bad, 3)


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        ("check_above_zero", (1e-30, 5.0), (0.0, 1.0), "be positive and finite, but lies between 0 and 1"),
        ("check_nonnegative", (0.0, 5.0), (-1.0, 1.0), "at least 0, but lies between -1 and 1"),
        ("check_unit", (0.0, 1.0), (0.5, 1.5), "between 0 and 1, but lies between 0.5 and 1.5; bytes"),
        ("check_unit", (0.0, 1.0), (-0.5, 0.5), "between 0 and 1, but lies between -0.5 and 0.5$"),
        ("check_inside_unit", (0.01, 0.99), (0.0, 0.5), "strictly between 0 and 1.*ContinuousBernoulli"),
        ("check_whole", (-3.0, 4.0), (0.5, 1.0), "whole numbers"),
        ("check_count", (0.0, 400.0), (-1.0, 2.0), "counts.*its least is -1"),
        ("check_count", (0.0, 400.0), (0.5, 2.0), "counts.*between whole numbers"),
        ("check_angle", (-3.2, 6.28), (-180.0, 90.0), r"radians.*torch.deg2rad\(x\)"),
        ("check_grid", (0.0, 1 / 255, 1.0), (0.5 / 255, 1.0), "grid of 256 points from 0 to 1"),
        ("check_grid", (0.0, 1 / 255, 1.0), (0.0, 2.0), "between 0 and 1, but lies between 0 and 2"),
    ],
)
def test_values_outside_the_support_are_refused(check: str, good, bad, message: str) -> None:
    getattr(checks, check)("x", tensor(*good))
    getattr(checks, check)("x", good[-1])
    with pytest.raises(ValueError, match=f"^x must .*{message}"):
        getattr(checks, check)("x", tensor(*bad))
    with pytest.raises(ValueError):
        getattr(checks, check)("x", tensor(0.5, math.nan))
