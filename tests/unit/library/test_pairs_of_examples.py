"""Functions of all pairs of a batch, against their definitions in loops."""

from __future__ import annotations

import math

import pytest
import torch

from formula2dgm.library.batches import log_count_of_others, log_sum_exp_of_others, mean_of_others, over_others
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
