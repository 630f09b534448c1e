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


@pytest.mark.parametrize(
    "drawn",
    [
        r"E_{s, (x, y) \sim \mathcal{D}}",
        r"E_{s, (x, y) \sim p_{data}}",
        r"E_{s} E_{p(x, y)}",
        r"E_{p(s)} E_{(x, y) \sim p_{data}}",
        r"E_{p(s) p(x, y)}",
        "E_{s, (x, y) ~ D}",
    ],
)
def test_pairs_beside_other_data_stay_pairs(drawn: str) -> None:
    """y = 2 x: the loss of 2 x is 0 whatever the order of the pairs is, and so are its gradients."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))

        def forward(self, x: Tensor, s: Tensor) -> Tensor:
            return self.factor * x + 0 * s

    f, x, s = Twice(), rows(1), rows(2)
    o: Any = f2d.compile(rf"\min_\theta {drawn}\|f_\theta(x, s) - y\|^2", {"f_theta": f}, scaffold=True, dims={"x": D})
    for _ in range(3):
        assert_close(o(x=x, y=2 * x, s=s).loss, torch.zeros((), dtype=torch.float64))
    order = torch.tensor([3, 0, 4, 1, 2])
    y, noise = rows(3), {site.name: order for site in o.program.sites}
    assert list(noise) == ["x, y"]
    assert_close(o(x=x, y=y, s=s, noise=noise).loss, (2 * x[order] - y[order]).square().sum(-1).mean())


def test_pairs_beside_other_data_meet_them_at_random() -> None:
    f, order = nn.Bilinear(D, D, D).double(), torch.tensor([3, 0, 4, 1, 2])
    x, y, s = rows(1), rows(2), rows(3)
    o: Any = f2d.compile(
        r"\min_f E_{s, (x, y) \sim \mathcal{D}}\|f(x, s) - y\|^2", {"f": f}, scaffold=True, dims={"x": D}
    )
    loss = o(x=x, y=y, s=s, noise={"x, y": order}).loss
    assert_close(loss, (f(x[order], s) - y[order]).square().sum(-1).mean())


def test_the_pairs_of_a_second_set_stay_pairs() -> None:
    f = linear()
    o: Any = f2d.compile(
        r"\min_f E_{(x, y) \sim p_{data}} E_{(u, v) \sim p_{aux}}[\|f(x) - y\|^2 + \|f(u) - v\|^2]",
        {"f": f},
        scaffold=True,
        dims={"x": D, "u": D},
    )
    x, u = rows(1), rows(2)
    assert_close(o(x=x, y=f(x), u=u, v=f(u)).loss, torch.zeros((), dtype=torch.float64))


@pytest.mark.parametrize(
    "drawn", [r"E_{t, p_t(x)}", r"E_t E_{p_t(x)}", r"E_t E_{x \sim p_t}", r"E_t E_{x \sim p_t(x)}"]
)
def test_data_of_a_density_at_a_time_are_of_that_time(drawn: str) -> None:
    f, x, t = nn.Bilinear(D, 1, D).double(), rows(1), rows(2)[:, :1]
    o: Any = f2d.compile(rf"\min_f {drawn}\|f(x, t) - x\|^2", {"f": f}, scaffold=True, dims={"x": D})
    assert [each.name for each in o.program.sites] == []
    assert_close(o(x=x, t=t).loss, (f(x, t) - x).square().sum(-1).mean())


def test_a_point_of_a_path_is_of_the_example_of_its_ends() -> None:
    v, t = nn.Bilinear(D, 1, D).double(), rows(4)[:, :1]
    ends, x_t = (rows(1), rows(2)), rows(3)
    text = r"\min_v E_{t, (x_0, x_1) \sim \gamma, x_t}\|v(x_t, t) - (x_1 - x_0)\|^2"
    o: Any = f2d.compile(text, {"v": v}, scaffold=True, dims={"x_0": D, "x_t": D, "x_1": D})
    loss = o(t=t, x_t=x_t, x_0=ends[0], x_1=ends[1]).loss
    assert_close(loss, (v(x_t, t) - ends[1] + ends[0]).square().sum(-1).mean())


@pytest.mark.parametrize(
    "drawn",
    [
        r"E_{(x, y) \sim p, (x', y') \sim p}",
        r"E_{(x, y) \sim p} E_{(x', y') \sim p}",
        r"E_{p(x, y) p(x', y')}",
        r"E_{(x, y), (x', y') \sim \mathcal{D}}",
    ],
)
def test_a_second_pair_is_a_pair(drawn: str) -> None:
    f, order = nn.Bilinear(D, D, D).double(), torch.tensor([3, 0, 4, 1, 2])
    x, y = rows(1), rows(2)
    o: Any = f2d.compile(rf"\min_f {drawn}\|f(x, x') - y - y'\|^2", {"f": f}, scaffold=True, dims={"x": D})
    loss = o(x=x, y=y, noise={"x_prime, y_prime": order}).loss
    assert_close(loss, (f(x, x[order]) - y - y[order]).square().sum(-1).mean())
