"""Parameters given as numbers in every parametrisation: generated code, reference and torch.distributions agree."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as laws
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

X = torch.tensor([[0.4, 1.7], [2.2, 0.3], [0.9, 1.1]], dtype=torch.float64)
A, B = (torch.tensor(each, dtype=torch.float64) for each in ([0.7, 1.6], [1.3, 0.8]))


def own(value: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(value.clone())


GIVEN: dict[str, tuple[object, laws.Distribution]] = {
    "a scale": (f2d.Exponential(scale=own(A)), laws.Exponential(1 / A)),
    "a log rate": (f2d.Exponential(log_rate=own(A.log())), laws.Exponential(A)),
    "log concentration and rate": (f2d.Gamma(log_concentration=own(A.log()), rate=own(B)), laws.Gamma(A, B)),
    "concentration and scale": (f2d.Gamma(concentration=own(A), scale=own(B)), laws.Gamma(A, 1 / B)),
    "log concentration and log rate": (
        f2d.InverseGamma(log_concentration=own(A.log()), log_rate=own(B.log())),
        laws.InverseGamma(A, B),
    ),
    "a log rate of counts": (f2d.Poisson(log_rate=own(A.log())), laws.Poisson(A, validate_args=False)),
}


@pytest.mark.parametrize("case", GIVEN)
def test_log_density(case: str) -> None:
    bound, law = GIVEN[case]
    data = {"x": X.round() if case.endswith("counts") else X}
    objective = assert_agrees(r"\max \log p(x)", {"p(x)": bound}, data)
    assert_close(objective(**data).value, law.log_prob(data["x"]).sum(-1).mean())
