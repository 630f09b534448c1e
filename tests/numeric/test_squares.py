r"""Names of squares: ``M^2 = E[...]`` is no square of a root where only the square is read."""

from __future__ import annotations

import torch
from torch import nn

import formula2dgm as f2d

X = torch.tensor([[0.0, 1.0], [2.0, -1.0], [0.5, 0.25]], dtype=torch.float64)
Y = torch.tensor([[1.0, 1.0], [0.0, 2.0], [-1.0, 0.5]], dtype=torch.float64)


def _linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(2, 2, dtype=torch.float64)


def test_a_square_that_is_an_objective_has_no_root() -> None:
    net = _linear()
    objective = f2d.compile(r"\mathcal{L}^2 = \mathbb{E}_x[\|f(x) - y\|^2]", {"f": net})
    loss = objective(x=X, y=Y).loss
    by_hand = ((net(X) - Y) ** 2).sum(1).mean()
    torch.testing.assert_close(loss, by_hand)
    ours, theirs = (torch.autograd.grad(each, net.weight)[0] for each in (loss, by_hand))
    torch.testing.assert_close(ours, theirs)


def test_an_estimate_of_a_square_may_be_negative() -> None:
    text = r"\min_f M^2; M^2 = \mathbb{E}_{x}[\|f(x)\|^2] - 9 \mathbb{E}_{x}[\|x\|^2]"
    net = _linear()
    by_hand = ((net(X) ** 2).sum(1) - 9 * (X**2).sum(1)).mean()
    assert by_hand < 0
    torch.testing.assert_close(f2d.compile(text, {"f": net})(x=X).loss, by_hand)


def test_the_root_is_read_where_the_text_reads_it() -> None:
    net = _linear()
    text = r"\min_f d + d^2; d^2 = \mathbb{E}_x[\|f(x) - y\|^2]"
    square = ((net(X) - Y) ** 2).sum(1).mean()
    torch.testing.assert_close(f2d.compile(text, {"f": net})(x=X, y=Y).loss, square.sqrt() + square)
