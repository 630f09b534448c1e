"""Random data lie where the density that scores them does, unless the text says where."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from formula2dgm.codegen.self_check import example_data

RANGES = {
    "Gamma": (f2d.Gamma(concentration=1.3, rate=0.7), lambda x: (x > 0).all()),
    "Beta": (f2d.Beta(concentration1=1.3, concentration0=0.7), lambda x: ((x >= 0) & (x <= 1)).all()),
    "Bernoulli": (f2d.Bernoulli(probs=0.4), lambda x: ((x == 0) | (x == 1)).all()),
    "Poisson": (f2d.Poisson(rate=2.0), lambda x: (x == x.round()).all() and (x >= 0).all()),
    "Dirichlet": (f2d.Dirichlet(concentration=torch.ones(3)), lambda x: torch.allclose(x.sum(-1), torch.ones(50))),
    "VonMisesFisher": (
        f2d.VonMisesFisher(loc=torch.tensor([1.0, 0.0, 0.0]), concentration=2.0),
        lambda x: torch.allclose(x.norm(dim=-1), torch.ones(50)),
    ),
}


@pytest.mark.parametrize("family", RANGES)
def test_example_data_are_possible(family: str) -> None:
    bound, possible = RANGES[family]
    objective = f2d.compile(r"\max \log p(x)", {"p(x)": bound}, dims={"x": 3})
    assert possible(objective.example_batch(50)["x"])
    assert objective(**objective.example_batch(50)).value.isfinite()  # the first batch is checked


def test_numbers_stay_numbers() -> None:
    objective = f2d.compile(r"\max \log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0)}, dims={"x": 3})
    x = objective.example_batch(50)["x"]
    assert (x < 0).any() and (x != x.round()).any()


def test_what_the_text_says_stays() -> None:
    objective = f2d.compile(
        r"\max \log p(x); x \in \{0, 1\}^3", {"p(x)": f2d.ContinuousBernoulli(probs=0.4)}, dims={"x": 3}
    )
    x = objective.example_batch(50)["x"]
    assert ((x == 0) | (x == 1)).all()


def test_verify_compares_a_density_of_positive_data() -> None:
    """Out of their range the formula is no number, and nothing would be compared."""
    found = f2d.verify(
        r"\max \log p(x)", {"p(x)": f2d.Gamma(concentration=1.3, rate=torch.nn.Parameter(torch.tensor(0.7)))}, seeds=1
    )
    assert found.agrees and found.comparisons and not any("not a number" in each for each in found.left_out)


def test_a_script_checks_itself_at_data_in_range() -> None:
    objective = f2d.compile(r"\max \log p(x)", {"p(x)": f2d.Gamma(concentration=1.3, rate=0.7)}, dims={"x": 3})
    (each,) = example_data(objective.program)
    values = eval(each["value"], {"torch": torch})
    assert values.shape[-1] == 3 and (values > 0).all()
