r"""Definitions for any index: ``t_i = i / N`` beside ``t_n``, where n is drawn or summed over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.completion.processes.formal_indices import name_formal_indices
from formula2dgm.syntax import parse

N, D = 5, 3


def rows(seed: int) -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ("a_n", "a_i = i^2 / K"),
        ("t_n", "t_k = k^2 / K"),
        (r"\sigma_n", r"\sigma_i = b_i^2 / K; b_i = i"),
        ("a_n", r"a_i = \sum_{j=1}^i b_j / K; b_i = 2 i - 1"),
    ],
)
def test_what_is_said_of_any_index_is_said_of_a_drawn_one(read: str, said: str) -> None:
    f, x, z = nn.Linear(D, D).double(), rows(1), rows(2)
    n = torch.tensor([1.0, 4.0, 3.0, 10.0, 8.0], dtype=torch.float64)
    text = rf"\min_f E_{{x, z \sim N(0, I), n \sim U\{{1, K\}}}}\|f(x + {read} z) - z\|^2; {said}; K = 10"
    o: Any = f2d.compile(text, {"f": f}, scaffold=True, dims={"x": D, "z": D})
    assert [each.name for each in o.program.inputs] == ["x"]
    loss = o(x=x, noise={"n": n, "z": z}).loss
    expected = (f(x + (n**2 / 10)[:, None] * z) - z).square().sum(-1).mean()
    assert_close(loss, expected)
    assert_close(torch.autograd.grad(loss, f.weight), torch.autograd.grad(expected, f.weight))


def test_what_is_said_of_any_index_is_said_of_one_that_is_summed() -> None:
    f, x, z = nn.Linear(D, D).double(), rows(1), rows(2)
    text = r"\min_f E_{x, z \sim N(0, I)}[\sum_{t=1}^T \|f(x + a_t z) - z\|^2]; a_i = i / T; T = 4"
    o: Any = f2d.compile(text, {"f": f}, scaffold=True, dims={"x": D, "z": D})
    expected = torch.stack([(f(x + t / 4 * z) - z).square().sum(-1).mean() for t in range(1, 5)]).sum()
    assert_close(o(x=x, noise={"z": z}).loss, expected)


def test_an_index_that_the_text_reads_elsewhere_stays() -> None:
    text = r"\sum_{n=1}^K \|f(t_n) - g_i\|^2; t_i = i / K"
    statements = parse(text)[0]
    assert name_formal_indices(statements, ()) == (list(statements), [])
