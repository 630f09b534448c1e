"""A sum over the values of a variable says how many it has."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.default_agreement import assert_defaults_agree
from tests.support.small import assumed, codes

BODY = r"q(z|x) (\log p(x|z) + \log p(z) - \log q(z|x))"


@pytest.mark.parametrize("formula", [rf"\max \sum_{{z=1}}^4 {BODY}", [rf"\max \sum_{{z=1}}^K {BODY}", "K = 4"]])
def test_the_sum_runs_over_all_values(formula: str | list[str]) -> None:
    objective = assert_defaults_agree(formula, {"x": 3})
    x = torch.randn(5, 3)
    log_q = torch.log_softmax(objective.q_z_given_x(x), -1)
    means = torch.stack([objective.p_x_given_z(torch.full((5,), each)) for each in range(4)], 1)
    log_p = torch.distributions.Normal(means, 1.0).log_prob(x[:, None]).sum(-1)
    expected = (log_q.exp() * (log_p - torch.log(torch.tensor(4.0)) - log_q)).sum(1).mean()
    assert_close(objective(x=x).value, expected)


def test_a_size_without_a_number_is_a_default() -> None:
    text = assumed(rf"\max \sum_{{z=1}}^K {BODY}", {}, scaffold=True, dims={"x": 3})
    assert "K is 5" in text and "z in {1, ..., K}: the sum runs over its values" in text


def test_what_is_said_stands() -> None:
    formula = [rf"\max \sum_{{z=1}}^4 {BODY}", r"z \in \{1, \dots, 4\}"]
    assert "the sum runs over its values" not in assumed(formula, {}, scaffold=True, dims={"x": 3})
    bound = {"q(z|x)": f2d.Normal(nn.Linear(3, 2))}
    assert codes(rf"\max \sum_{{z=1}}^4 {BODY}", bound, scaffold=True, dims={"x": 3}) == ["F2D-0410"]
