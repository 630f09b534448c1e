"""Means of sums as one sum: the functions against their formulas, and when the compiler writes them."""

from __future__ import annotations

import math

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.library.bernoulli import bernoulli_log_prob_mean, bits_and_scores
from formula2dgm.library.divergences import kl_normal_standard, kl_normal_standard_mean
from formula2dgm.library.normal import standard_normal_log_ratio_sum
from formula2dgm.library.shapes import squared_distance_mean
from formula2dgm.library.tensors import as_tensors

LOC = torch.tensor([[0.5, -1.0], [2.0, 0.0]], dtype=torch.float64)
SCALE = torch.tensor([[1.0, 0.5], [2.0, 3.0]], dtype=torch.float64)


def by_hand(loc: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """E_q[log q - log p] for q = N(loc, scale^2), p = N(0, 1), from the second moment loc^2 + scale^2."""
    rows = [
        [(m * m + s * s) / 2 - math.log(s) - 0.5 for m, s in zip(ms, ss, strict=True)]
        for ms, ss in zip(loc.tolist(), scale.tolist(), strict=True)
    ]
    return torch.tensor(rows, dtype=loc.dtype)


def test_the_divergence_from_the_standard_normal() -> None:
    expected = by_hand(LOC, SCALE)
    torch.testing.assert_close(kl_normal_standard(LOC, SCALE), expected)
    torch.testing.assert_close(kl_normal_standard_mean(LOC, SCALE), expected.sum() / 2)


def test_its_gradient_is_the_formulas() -> None:
    """d/d loc = loc / n, d/d scale = (scale - 1 / scale) / n."""
    loc, scale = LOC.clone().requires_grad_(), SCALE.clone().requires_grad_()
    kl_normal_standard_mean(loc, scale).backward()
    torch.testing.assert_close(loc.grad, LOC / 2)
    torch.testing.assert_close(scale.grad, (SCALE - 1 / SCALE) / 2)


def test_numbers_and_broadcast_parameters() -> None:
    expected = by_hand(LOC, torch.full_like(LOC, 2.0))
    torch.testing.assert_close(kl_normal_standard_mean(LOC, 2.0), expected.sum() / 2)
    torch.testing.assert_close(kl_normal_standard_mean(LOC, torch.tensor(2.0, dtype=torch.float64)), expected.sum() / 2)
    assert kl_normal_standard_mean(0.5, 2.0).item() == pytest.approx((0.25 + 4 - 1) / 2 - math.log(2))
    whole = torch.tensor([[1, 2]])
    torch.testing.assert_close(kl_normal_standard_mean(whole, torch.ones(1, 2)), torch.tensor(2.5))


def test_small_divergences_do_not_cancel() -> None:
    """At N(0, 1) it is 0 exactly, however many entries there are."""
    assert kl_normal_standard_mean(torch.zeros(8, 5000), torch.ones(8, 5000)).item() == 0.0


def test_the_mean_of_log_probabilities_of_bits() -> None:
    bits, logits = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, 2.0], [-1.0, 3.0]])
    probabilities = 1 / (1 + torch.exp(-logits))
    expected = torch.where(bits == 1, probabilities, 1 - probabilities).log().sum() / 2
    torch.testing.assert_close(bernoulli_log_prob_mean(bits, logits), expected)


def test_tensors_stay_what_they_are_unless_autocast_made_them_small() -> None:
    one, whole, small = torch.ones(2), torch.arange(2), torch.ones(2, dtype=torch.bfloat16)
    assert as_tensors(one, whole)[0] is one and as_tensors(one, whole)[1] is whole
    assert as_tensors(small)[0] is small
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert as_tensors(one, small)[1].dtype == torch.float32


SPACES = [r"y \in \{0, 1, 2\}", r"x \in \{0, 1\}^3"]


def test_a_sum_over_classes_is_joined_with_the_mean_over_the_batch() -> None:
    objective = f2d.compile([r"E_{q(y|x)}[\log p(x|y) - \log q(y|x)]", *SPACES], scaffold=True)
    assert "(q_y_given_x * log_p_x_given_y_each).sum() / x.shape[0]" in objective.source


def test_so_are_sums_over_steps_of_densities() -> None:
    text = r"\sum_{t=1}^T (E_{q(z_t|x_t)}[\log p(x_t|z_t)] - KL[q(z_t|x_t) \| p(z_t)])"
    objective = f2d.compile([text, "p(x_t|z_t) = Bern(x_t; f(z_t))", "p(z_t) = N(0, I)"], scaffold=True, dims={"x": 3})
    assert "bernoulli_log_prob_mean(x, " in objective.source and "kl_normal_standard_mean(" in objective.source
    assert ".mean()" not in objective.source.partition("def reconstruct")[0]


def test_a_sum_that_is_read_elsewhere_is_not_taken_apart() -> None:
    """Steps that are summed for each example, and then squared, are averaged after that."""
    objective = f2d.compile(r"\min_\theta E_{p(x)}[(\sum_{t=1}^T f_\theta(x_t))^2]", scaffold=True, dims={"x": 2})
    assert ".sum(1)" in objective.source and ".mean()" in objective.source


def test_a_squared_distance_and_its_gradient() -> None:
    x, y = LOC.clone().requires_grad_(), SCALE.clone().requires_grad_()
    found = squared_distance_mean(x, y)
    expected = sum((a - b) ** 2 for a, b in zip(LOC.flatten().tolist(), SCALE.flatten().tolist(), strict=True)) / 2
    assert found.item() == pytest.approx(expected)
    found.backward()
    torch.testing.assert_close(x.grad, LOC - SCALE)
    torch.testing.assert_close(y.grad, SCALE - LOC)


def test_a_squared_distance_of_other_shapes_is_spread() -> None:
    """A row, or single precision beside double, meets every example."""
    row = torch.tensor([[1.0, 2.0]])
    torch.testing.assert_close(squared_distance_mean(LOC, row), ((LOC - row) ** 2).sum() / 2)
    torch.testing.assert_close(squared_distance_mean(LOC[:, 0], SCALE[:, 0]), ((LOC - SCALE)[:, 0] ** 2).sum() / 2)


def test_a_mean_of_squared_distances_is_one_function() -> None:
    text = r"\min_\theta E_{x, \epsilon}[\|\epsilon - \epsilon_\theta(x + \epsilon)\|^2]"
    objective = f2d.compile([text, r"\epsilon \sim N(0, I)"], scaffold=True, dims={"x": 3})
    assert "squared_distance_mean(epsilon, " in objective.source


@pytest.mark.parametrize("shape", [(2, 3), (2, 1), (3,), (1,), ()])
def test_the_ratio_of_a_draws_densities_is_that_of_torch(shape: tuple[int, ...]) -> None:
    """With a scale of every shape that broadcasts to the draws [4, 2, 3]."""
    torch.manual_seed(0)
    loc = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    scale = (torch.rand(shape, dtype=torch.float64) + 0.3).requires_grad_()
    noise = torch.randn(4, 2, 3, dtype=torch.float64)
    z = loc + scale * noise
    own = torch.distributions.Normal(loc, scale).log_prob(z)
    expected = (torch.distributions.Normal(torch.zeros_like(loc), 1.0).log_prob(z) - own).sum(-1)
    found = standard_normal_log_ratio_sum(z, noise, loc, scale, 2)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(4, 2, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad((weights * found).sum(), (loc, scale), retain_graph=True),
        torch.autograd.grad((weights * expected).sum(), (loc, scale)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
    assert standard_normal_log_ratio_sum(noise, noise, 0.0, 1.0, 2).abs().max() == 0.0


def test_bits_are_spread_over_the_draws_of_scores() -> None:
    bits, scores = torch.ones(2, 3), torch.zeros(4, 2, 3)
    assert bits_and_scores(bits, scores)[1] is scores and bits_and_scores(bits, scores)[0].shape == (4, 2, 3)
    assert [each.shape for each in bits_and_scores(scores, bits)] == [(4, 2, 3)] * 2
    assert bits_and_scores(torch.ones(2, 3).bool(), scores)[0].dtype == scores.dtype
    assert [each.shape for each in bits_and_scores(torch.ones(2, 1), torch.zeros(2, 3))] == [(2, 3)] * 2
