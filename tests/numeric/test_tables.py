"""Tensors with a row for each value of a class that a density is given, against torch.distributions."""

from __future__ import annotations

import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.test_written_densities import BATCH, WEIGHTS, D, X, checked, tensor

LOCS, SCALES = nn.Parameter(tensor(3, D, seed=1)), tensor(3, D, seed=2).exp()
BOUND: dict[str, object] = {"p(z)": f2d.Categorical(probs=WEIGHTS), "p(x|z)": f2d.Normal(loc=LOCS, scale=SCALES)}
PARTS = td.Independent(td.Normal(LOCS, SCALES), 1).log_prob(X.unsqueeze(1)).detach()


def test_a_sum_over_all_classes() -> None:
    assert_close(checked(r"\log \sum_z p(x|z) p(z)", BOUND, x=X), (PARTS + WEIGHTS.log()).logsumexp(-1))


def test_an_expectation_over_all_classes() -> None:
    assert_close(checked(r"E_{p(z)}[\log p(x|z)]", BOUND, x=X), PARTS @ WEIGHTS)


def test_a_class_that_is_data() -> None:
    z = torch.tensor([2, 0, 1, 1, 2])[:BATCH]
    assert_close(checked(r"\log p(x|z) + \log p(z)", BOUND, x=X, z=z), PARTS[range(BATCH), z] + WEIGHTS.log()[z])


def test_a_scale_that_all_classes_share() -> None:
    shared = BOUND | {"p(x|z)": f2d.Normal(loc=LOCS, scale=SCALES[0])}
    parts = td.Independent(td.Normal(LOCS, SCALES[0]), 1).log_prob(X.unsqueeze(1)).detach()
    assert_close(checked(r"\log \sum_z p(x|z) p(z)", shared, x=X), (parts + WEIGHTS.log()).logsumexp(-1))


def test_draws_are_of_the_drawn_class() -> None:
    """Classes 100 apart: the mean of what is drawn in each is its own."""
    torch.manual_seed(0)
    far = torch.arange(3.0, dtype=torch.float64)[:, None] * 100 + torch.zeros(3, D)
    law = f2d.distribution("p(x|z) p(z)", BOUND | {"p(x|z)": f2d.Normal(loc=far, scale=1.0)})
    drawn = law.sample(200)
    assert_close((drawn["x"][:, 0] / 100).round().long(), drawn["z"].long())
