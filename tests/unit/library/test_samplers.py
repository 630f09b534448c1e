"""Draws: exact relations where a draw is a function of a uniform one, moments within 5 sigma elsewhere."""

from __future__ import annotations

import math

import pytest
import torch
from torch import distributions

from formula2dgm.library.bernoulli import bernoulli_draw
from formula2dgm.library.categorical import categorical_draw, categorical_draw_one_hot
from formula2dgm.library.laplace import laplace_noise, laplace_sample
from formula2dgm.library.normal import normal_noise, normal_sample

N = 200_000


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def test_normal_noise() -> None:
    noise = normal_noise((N,), torch.zeros(2, dtype=torch.float64))
    assert noise.dtype == torch.float64
    assert abs(noise.mean()) < 5 / math.sqrt(N)
    assert abs((noise**2).mean() - 1) < 5 * math.sqrt(2 / N)
    assert abs((noise**4).mean() - 3) < 5 * math.sqrt(96 / N)


def test_laplace_noise_is_the_inverse_distribution_function_of_a_uniform() -> None:
    noise = laplace_noise((N,), torch.zeros((), dtype=torch.float64))
    torch.manual_seed(0)
    uniform = torch.rand(N, dtype=torch.float64)
    expected = distributions.Laplace(torch.tensor(0.0).double(), torch.tensor(1.0).double()).icdf(uniform)
    torch.testing.assert_close(noise, expected, rtol=1e-9, atol=1e-12)
    assert abs((noise**2).mean() - 2) < 5 * math.sqrt(20 / N)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_laplace_noise_is_finite_at_both_ends(dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = torch.tensor([0.0, 0.5, 1.0 - torch.finfo(dtype).eps / 2, 1.0], dtype=dtype)
    monkeypatch.setattr(torch, "rand", lambda shape, dtype, device: ends)
    noise = laplace_noise((4,), torch.zeros((), dtype=dtype))
    assert torch.isfinite(noise).all() and noise[0] < 0 and noise[1] == 0 and noise[2] > 0


def test_samples_are_affine_in_the_noise_and_differentiable() -> None:
    for sample in (normal_sample, laplace_sample):
        loc = torch.tensor([1.0, -2.0], requires_grad=True)
        scale = torch.tensor(3.0, requires_grad=True)
        noise = torch.tensor([[0.5, 0.0], [1.0, -1.0], [2.0, 2.0]])
        value = sample(noise, loc, scale)
        assert value.tolist() == [[2.5, -2.0], [4.0, -5.0], [7.0, 4.0]]
        assert [each.tolist() for each in torch.autograd.grad(value.sum(), (loc, scale))] == [[3.0, 3.0], 4.5]
        assert sample(noise, 0.0, 2.0).tolist() == (2 * noise).tolist()


def test_noise_beside_whole_numbers_is_floating() -> None:
    for noise in (normal_noise, laplace_noise):
        assert noise((2, 3), torch.arange(4)).dtype == torch.get_default_dtype()


def test_bernoulli_draw() -> None:
    logits = torch.tensor([-math.inf, -2.0, 0.0, 1.0, 200.0], dtype=torch.float64, requires_grad=True)
    bits = bernoulli_draw((N, 5), logits)
    assert bits.dtype == torch.float64 and not bits.requires_grad and set(bits.unique().tolist()) == {0.0, 1.0}
    probs = torch.sigmoid(logits.detach())
    assert ((bits.mean(0) - probs).abs() <= 5 * (probs * (1 - probs) / N).sqrt()).all()
    # independent along the axes drawn: successive draws do not correlate
    assert abs(((bits[1:, 2] - 0.5) * (bits[:-1, 2] - 0.5)).mean()) < 5 * 0.25 / math.sqrt(N)


def test_categorical_draw() -> None:
    probs = torch.tensor([[0.5, 0.2, 0.3, 0.0], [0.1, 0.0, 0.0, 0.9]], dtype=torch.float64)
    logits = probs.log().requires_grad_()
    index = categorical_draw((N, 2), logits)
    assert index.dtype == torch.int64 and not index.requires_grad
    one_hot = categorical_draw_one_hot((N, 2, 4), logits)
    assert one_hot.dtype == torch.float64 and (one_hot.sum(-1) == 1).all()
    for frequency in (torch.nn.functional.one_hot(index, 4).double().mean(0), one_hot.mean(0)):
        assert ((frequency - probs).abs() <= 5 * (probs * (1 - probs) / N).sqrt()).all()
