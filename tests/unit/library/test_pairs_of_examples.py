"""Functions of all pairs of a batch, against their definitions in loops."""

from __future__ import annotations

import math

import pytest
import torch

from formula2dgm.library.batches import (
    log_count_of_others,
    log_stratum_weights,
    log_sum_exp_of_others,
    mean_of_others,
    over_others,
)
from formula2dgm.library.vectors import inner_products


def test_the_log_sum_exp_of_all_others() -> None:
    pairs = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
    found = log_sum_exp_of_others(pairs)
    for i in range(4):
        expected = math.log(sum(math.exp(pairs[n, i].item()) for n in range(4) if n != i))
        assert found[i].item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(log_sum_exp_of_others, (pairs,))
    assert log_count_of_others(4) == math.log(3)
    assert over_others(6.0, 4) == 2.0


def test_one_example_has_no_others() -> None:
    for function in (log_sum_exp_of_others, mean_of_others):
        with pytest.raises(ValueError, match="2 or more"):
            function(torch.zeros(1, 1))
    with pytest.raises(ValueError, match="2 or more"):
        log_count_of_others(1)
    with pytest.raises(ValueError, match="2 or more"):
        over_others(1.0, 1)


def test_inner_products_are_those_of_each_pair() -> None:
    rows, columns = torch.randn(3, 2, 5, dtype=torch.float64), torch.randn(4, 2, 5, dtype=torch.float64)
    found = inner_products(rows, columns)
    for i in range(3):
        for j in range(4):
            assert found[i, j].item() == pytest.approx((rows[i] * columns[j]).sum().item(), rel=1e-12)
    assert inner_products(rows.float(), columns).dtype == torch.float64


def test_the_mean_of_all_others() -> None:
    pairs = torch.tensor([[math.nan, 2.0, 3.0], [4.0, math.inf, 6.0], [7.0, 8.0, 9.0]])  # what is its own is not read
    assert mean_of_others(pairs).tolist() == [5.5, 5.0, 4.5]


def test_weights_of_a_batch_that_stands_for_a_data_set() -> None:
    """Of 3 examples from 10: each 1/10 for itself, the next one for the 7 data and itself, 8/20, the other 1/2."""
    found = log_stratum_weights(3, 10.0, torch.zeros(1, dtype=torch.float64)).exp()
    expected = torch.tensor([[0.1, 0.5, 0.4], [0.4, 0.1, 0.5], [0.5, 0.4, 0.1]], dtype=torch.float64)
    torch.testing.assert_close(found, expected)
    log_stratum_weights(2, 2, torch.zeros(1))
    for batch, examples in ((1, 10), (3, 2)):
        with pytest.raises(ValueError, match=f"the {examples} of the data set: {batch}"):
            log_stratum_weights(batch, examples, torch.zeros(1))
