"""What is kept of a compile: for the same text and the same facts, never for others."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm import stages

TEXT = "E_q(z|x)[log p(x|z)] - c KL[q(z|x) || p(z)]"


def compiled(encoder: nn.Module, weight: float, **options: object) -> f2d.Objective:
    bindings = {
        "q(z|x)": f2d.Normal(encoder),
        "p(x|z)": f2d.Bernoulli(nn.Linear(2, 3)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        "c": weight,
    }
    return f2d.compile(TEXT, bindings, **options)  # type: ignore[arg-type]


class Encoder(nn.Module):
    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = shift

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x[:, :2] + self.shift, torch.ones_like(x[:, :2])


def test_another_network_is_called_by_the_same_program() -> None:
    stages._compiled.cache_clear()
    one, other = compiled(Encoder(0.0), 1.0), compiled(Encoder(3.0), 1.0)
    assert stages._compiled.cache_info().hits == 1
    x = torch.zeros(4, 3)
    # KL[N(m, 1) || N(0, 1)] = m^2 / 2, for each of two numbers
    assert one(x=x).terms["KL[q(z|x) || p(z)]"].item() == pytest.approx(0.0)
    assert other(x=x).terms["KL[q(z|x) || p(z)]"].item() == pytest.approx(9.0)


def test_another_number_and_another_option_are_other_programs() -> None:
    stages._compiled.cache_clear()
    encoder = Encoder(1.0)
    x = torch.zeros(4, 3)
    for weight in (1, 1.0, 2.0):
        out = compiled(encoder, weight)(x=x)
        assert out.contributions["KL[q(z|x) || p(z)]"].item() == pytest.approx(-weight)
    assert compiled(encoder, 2.0, reduction="sum")(x=x).terms["KL[q(z|x) || p(z)]"].item() == pytest.approx(4.0)
    assert stages._compiled.cache_info().hits == 0


def test_a_network_of_other_facts_is_read_again() -> None:
    """One that takes its argument by another name is called so."""
    stages._compiled.cache_clear()

    class Other(Encoder):
        def forward(self, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
            return super().forward(y)

    compiled(Encoder(0.0), 1.0)
    compiled(Other(0.0), 1.0)
    assert stages._compiled.cache_info().hits == 0
