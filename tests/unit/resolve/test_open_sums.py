"""A sum over the data without a bound is the mean over the data where it is the whole objective."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

X = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]], dtype=torch.float64)


def test_it_is_the_mean_over_the_batch() -> None:
    f = nn.Linear(2, 2).double()
    objective = f2d.compile(r"\min \sum_i \|x_i - f(x_i)\|^2", {"f": f})
    expected = ((X - f(X)) ** 2).sum() / 3
    torch.testing.assert_close(objective(x=X).value, expected)
    assert any("has no bound" in each for each in objective.assumptions)


def test_a_density_at_a_networks_result() -> None:
    f = nn.Linear(2, 2).double()
    objective = f2d.compile(r"\max \sum_i \log p(f(x_i))", {"f": f, "p(z)": f2d.Normal(loc=0.0, scale=1.0)})
    expected = torch.distributions.Normal(0.0, 1.0).log_prob(f(X)).sum() / 3
    torch.testing.assert_close(objective(x=X).value, expected)


def test_beside_another_term_the_number_of_examples_is_wanted() -> None:
    law = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)
    bindings = {"q(w)": law, "p(w)": law, "p(y|x,w)": f2d.Normal(loc="w", scale=1.0)}
    with pytest.raises(FormulaError) as caught:
        f2d.compile(r"\max E_{q(w)}[\sum_i \log p(y_i|x_i, w)] - KL[q(w) \| p(w)]", bindings)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0415" and r"\sum_{i=1}^N" in str(found.hint)


def test_an_unbound_density_says_what_to_bind() -> None:
    with pytest.raises(FormulaError) as caught:
        f2d.compile(r"\max \sum_i \log p(f(x_i))", {"f": nn.Linear(2, 2)})
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0302" and "'p(z)'" in str(found.hint)
