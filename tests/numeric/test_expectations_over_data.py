"""``E_{\\mathcal{D}}``, which names the data and no variable, against means by hand."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.numeric.test_families import assert_same
from tests.numeric.test_written_densities import linear, tensor

X, Y = tensor(5, 3, seed=1), tensor(5, 2, seed=2)
F = linear(3, 2)


@pytest.mark.parametrize("binder", [r"E_{\mathcal{D}}", "E_D", r"\mathbb{E}_{D}", "E_𝒟", "E_{data}", "E_{p_{data}}"])
def test_the_data_are_what_the_body_reads(binder: str) -> None:
    text = [rf"\min {binder}[\|f(x) - y\|^2]", r"x \in \mathbb{R}^3; y \in \mathbb{R}^2"]
    assert_same(text, {"f": F}, {"x": X, "y": Y})
    objective = f2d.compile(text, {"f": F})
    torch.testing.assert_close(objective(x=X, y=Y).loss, (F(X) - Y).square().sum(1).mean())


def test_d_is_a_variable_where_it_is_read() -> None:
    objective = f2d.compile([r"\min E_{D}[\|f(D)\|^2]", r"D \in \mathbb{R}^3"], {"f": F})
    torch.testing.assert_close(objective(D=X).loss, F(X).square().sum(1).mean())
