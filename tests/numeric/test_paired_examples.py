r"""Values of one example, ``(x, x') ~ D``, and values of two, ``x, x' ~ p(x)``; logs of means with ``N - 1``."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d

N, D = 5, 3


def rows(seed: int) -> Tensor:
    return torch.randn(N, D, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(D, 2).double()


@pytest.mark.parametrize(
    "drawn",
    [
        r"(x, x') \sim \mathcal{D}",
        r"(x, x') \sim p_{pos}",
        r"(x, x') \sim p_{data}(x, x')",
        r"p_{data}(x, x')",
        r"p(x, x')",
        r"(x, x')",
    ],
)
def test_values_of_one_example_are_both_data(drawn: str) -> None:
    f, x, other = linear(), rows(1), rows(2)
    o: Any = f2d.compile(rf"\min_f E_{{{drawn}}}\|f(x) - f(x')\|^2", {"f": f}, scaffold=True, dims={"x": D})
    assert [each.name for each in o.inputs] == ["x", "x_prime"]
    assert_close(o(x=x, x_prime=other).loss, (f(x) - f(other)).square().sum(-1).mean())


@pytest.mark.parametrize("drawn", [r"x, x' \sim p_{data}", r"x, x' \sim p(x)", r"p_{data}(x) p_{data}(x')", "x, x'"])
def test_values_of_two_examples_are_paired_at_random(drawn: str) -> None:
    f, x = linear(), rows(1)
    o: Any = f2d.compile(rf"\min_f E_{{{drawn}}}\|f(x) - f(x')\|^2", {"f": f}, scaffold=True, dims={"x": D})
    assert [each.name for each in o.inputs] == ["x"]
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_close(o(x=x, noise={"x_prime": order}).loss, (f(x) - f(x[order])).square().sum(-1).mean())


@pytest.mark.parametrize("drawn", [r"(s, a, s') \sim \mathcal{D}", r"s, a, s' \sim \mathcal{D}", r"p_{data}(s, a, s')"])
def test_a_model_of_the_next_state(drawn: str) -> None:
    class Next(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2 * D, D, dtype=torch.float64)

        def forward(self, s: Tensor, a: Tensor) -> Tensor:
            return self.layer(torch.cat((s, a), -1))

    torch.manual_seed(0)
    net, s, a, then = Next(), rows(1), rows(2), rows(3)
    text = rf"\max_\theta E_{{{drawn}}}[\log p_\theta(s'|s, a)]"
    o: Any = f2d.compile(text, {r"p_\theta(s'|s, a)": f2d.Normal(loc=net, scale=1.0)}, dims={"s": D, "a": D})
    expected = -torch.distributions.Normal(net(s, a), 1.0).log_prob(then).sum(-1).mean()
    assert_close(o(s=s, a=a, s_prime=then).loss, expected)


@pytest.mark.parametrize(
    ("text", "front"),
    [
        (r"\log\frac{1}{N-1}\sum_{j \ne i} e^{f(x_i)^\top f(x_j)}", 1 / (N - 1)),
        (r"\log\frac{2}{N+1}\sum_{j \ne i} e^{f(x_i)^\top f(x_j)}", 2 / (N + 1)),
    ],
)
def test_a_log_reaches_the_sum_behind_a_constant_of_terms(text: str, front: float) -> None:
    f, x = linear(), rows(1)
    o: Any = f2d.compile(rf"\min_f \frac1N\sum_{{i=1}}^N {text}", {"f": f}, scaffold=True, dims={"x": D})
    products = (f(x) @ f(x).T).exp() * (1 - torch.eye(N))
    loss = o(x=x).loss
    assert_close(loss, (front * products.sum(1)).log().mean())
    (found,) = torch.autograd.grad(loss, f.weight)
    (expected,) = torch.autograd.grad((front * products.sum(1)).log().mean(), f.weight)
    assert_close(found, expected)


def test_the_log_of_a_mean_over_all_pairs() -> None:
    f, x = linear(), rows(1)
    text = r"\min_f \log\frac{1}{N(N-1)}\sum_{i \ne j} e^{-\|f(x_i) - f(x_j)\|^2}"
    o: Any = f2d.compile(text, {"f": f}, scaffold=True, dims={"x": D})
    distances = torch.cdist(f(x), f(x)).square()
    expected = (((-distances).exp() * (1 - torch.eye(N))).sum() / (N * (N - 1))).log()
    assert_close(o(x=x).loss, expected)
