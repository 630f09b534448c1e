"""Where an expectation over data averages: under a function it does, beside a draw outside of it the outer one does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import codes


class Scaled(nn.Module):
    """``f(x, t) = a x t``: its square weighed by t tells a joint mean from a product of means."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(1.5))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.a * x * t.reshape(-1, 1)


X = torch.tensor([[1.0], [-2.0], [0.5], [3.0]], dtype=torch.float64)
T = torch.tensor([0.1, 0.9, 0.4, 0.7], dtype=torch.float64)


@pytest.mark.parametrize(
    "formula",
    [
        r"\min_\theta \mathbb{E}_{t \sim U(0,1)}[t\, \mathbb{E}_{x \sim p_{data}}[\|f(x,t)\|^2]]",
        r"\min_\theta \mathbb{E}_{t \sim U(0,1)}[t\, \mathbb{E}_{p_{data}(x)}[\|f(x,t)\|^2]]",
        "min E_{t ~ U(0,1)}[t E_{p_data(x)}[||f(x,t)||^2]]",
        r"\min \int_0^1 t\,\mathbb{E}_{x\sim p_{data}}[\|f(x,t)\|^2]dt",
        r"\min_\theta \mathbb{E}_{t}[t\, \mathbb{E}_{x \sim p_{data}}[\|f(x,t)\|^2]]; t \sim U(0,1)",
        r"\min_\theta \mathbb{E}_{t}\left[\frac{\mathbb{E}_{x \sim p_{data}}[\|f(x,t)\|^2]}{1/t}\right]; t \sim U(0,1)",
    ],
)
def test_a_weight_outside_belongs_to_the_same_pair(formula: str) -> None:
    net = Scaled()
    objective = assert_agrees(formula, {"f": net}, {"x": X}, dims={"x": 1})
    value = objective(x=X, noise={"t": T}).value
    by_hand = (T * (net.a * X.squeeze(1) * T) ** 2).mean()
    assert_close(value, by_hand)
    ours, theirs = torch.autograd.grad(value, net.a), torch.autograd.grad(by_hand, net.a)
    assert_close(ours, theirs)


def test_a_weight_of_a_counted_step() -> None:
    net = Scaled()
    text = r"\min \mathbb{E}_{i \sim U\{1,10\}}[\sigma_i^2 \mathbb{E}_{x\sim p_{data}}[\|f(x,i)\|^2]]; \sigma_i = 0.1 i"
    objective = assert_agrees(text, {"f": net}, {"x": X}, dims={"x": 1})
    steps = torch.tensor([1.0, 10.0, 3.0, 7.0], dtype=torch.float64)
    by_hand = ((0.1 * steps) ** 2 * (net.a * X.squeeze(1) * steps) ** 2).mean()
    assert_close(objective(x=X, noise={"i": steps}).value, by_hand)


def test_a_weight_of_other_data() -> None:
    net = Scaled()
    text = r"\min E_{p_{data}(x)}[\|x\|^2 E_{p_{data}(x')}[\|f(x', x)\|^2]]"
    objective = assert_agrees(text, {"f": net}, {"x": X}, dims={"x": 1})
    order = torch.tensor([2, 0, 3, 1])
    x, other = X.squeeze(1), X[order].squeeze(1)
    assert_close(objective(x=X, noise={"x_prime": order}).value, (x**2 * (net.a * other * x) ** 2).mean())


@pytest.mark.parametrize(
    "formula",
    [
        r"\min_\theta \mathbb{E}_{t \sim U(0,1)}[(t \mathbb{E}_{p_{data}(x)}[\|f(x,t)\|^2])^2]",
        r"\min \mathbb{E}_{t \sim U(0,1)}[E_{p_{data}(x)}[\|f(x,t)\|^2] E_{p_{data}(x)}[\|f(x,t)\|^2]]",
        r"\min \mathbb{E}_{t \sim U(0,1)}[\|x\|^2 \mathbb{E}_{p_{data}(x)}[\|f(x,t)\|^2]]",
        r"\min \mathbb{E}_{q(t|x)}[\|t\|^2 \mathbb{E}_{p_{data}(x)}[\|f(x,t)\|^2]]",
        r"\max E_{x,y}[f(x,y)] - \log E_x E_y[e^{f(x,y)}]; (x,y) \sim p_{data}",
    ],
)
def test_one_pair_for_each_example_is_no_mean_over_all(formula: str) -> None:
    assert codes(formula, {"f": Scaled()}, scaffold=True, dims={"x": 1, "y": 1, "t": 1}) == ["F2D-0417"]


# -- x ~ p_data as a statement -------------------------------------------------------------------------


@pytest.mark.parametrize("law", [r"p_{data}", r"\mathcal{D}", "p(x)", r"\hat p(x)"])
def test_a_function_of_a_mean_over_declared_data(law: str) -> None:
    net = nn.Linear(1, 1)
    objective = assert_agrees(rf"\max \log \mathbb{{E}}_x[e^{{f(x)}}]; x \sim {law}", {"f": net}, {"x": X})
    by_hand = torch.logsumexp(net(X).squeeze(1), 0) - torch.log(torch.tensor(4.0))
    assert_close(objective(x=X).value, by_hand)


def test_a_variance_over_declared_data() -> None:
    net = nn.Linear(1, 1)
    text = r"\min \mathbb{E}_x[f(x)^2] - \mathbb{E}_x[f(x)]^2; x \sim p_{data}"
    objective = assert_agrees(text, {"f": net}, {"x": X})
    assert_close(objective(x=X).value, net(X).squeeze(1).var(unbiased=False))


def test_means_are_matched() -> None:
    net, made = nn.Linear(1, 2), nn.Linear(1, 1)
    text = r"\min \|\mathbb{E}_x[f(x)] - \mathbb{E}_z[f(G(z))]\|^2; x \sim p_{data}; z \sim \mathcal{N}(0, I)"
    bindings = {"f": net, "G": made}
    objective = assert_agrees(text, bindings, {"x": X}, dims={"x": 1, "z": 1})
    z = torch.randn(4, 1)
    by_hand = ((net(X).mean(0) - net(made(z)).mean(0)) ** 2).sum()
    assert_close(objective(x=X, noise={"z": z}).value, by_hand)


def test_a_linear_mean_keeps_its_examples() -> None:
    objective = f2d.compile(r"\min E_x[\|f(x)\|^2]; x \sim p_{data}", {"f": nn.Linear(1, 1)}, reduction="none")
    assert objective(x=X).loss.shape == (4,)


# -- a prime: the value of another example ----------------------------------------------------------------

ORDER = torch.tensor([2, 0, 3, 1])


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E_{x,z'}[f(x, z')]; z = g(x) + \epsilon; \epsilon \sim N(0, I)",
        "max E_{x,z'}[f(x, z')]; z = g(x) + ε; ε ~ N(0, I)",
    ],
)
def test_a_prime_of_what_a_statement_defines(formula: str) -> None:
    f, g = nn.Bilinear(1, 2, 1), nn.Linear(1, 2)
    objective = assert_agrees(formula, {"f": f, "g": g}, {"x": X}, dims={"x": 1, "epsilon": 2})
    epsilon = torch.randn(4, 2)
    by_hand = f(X, (g(X) + epsilon)[ORDER]).mean()
    assert_close(objective(x=X, noise={"epsilon": epsilon, "z_prime": ORDER}).value, by_hand)


def test_a_prime_under_a_function() -> None:
    f, g = nn.Bilinear(1, 2, 1), nn.Linear(1, 2)
    text = r"\max E_{x,z}[f(x, z)] - \log E_x E_{z'}[e^{f(x, z')}]; z = g(x)"
    objective = assert_agrees(text, {"f": f, "g": g}, {"x": X}, dims={"x": 1})
    z = g(X)
    scores = f(X.repeat_interleave(4, 0), z.repeat(4, 1)).reshape(4, 4)
    others = scores[~torch.eye(4, dtype=torch.bool)].logsumexp(0) - torch.log(torch.tensor(12.0))
    assert_close(objective(x=X).value, f(X, z).mean() - others)


def test_a_prime_of_a_prior_is_drawn_from_it() -> None:
    f = nn.Bilinear(1, 2, 1)
    text = r"\max E_{x,z'}[f(x, z')] - E_{p(z)}[\|z\|^2]; p(z) = N(z; 0, 4 I)"
    objective = assert_agrees(text, {"f": f}, {"x": X}, dims={"x": 1, "z": 2})
    z, other = torch.randn(4, 2), torch.randn(4, 2)
    by_hand = f(X, 2 * other).mean() - (2 * z).square().sum(1).mean()
    assert_close(objective(x=X, noise={"z": z, "z_prime": other}).value, by_hand)


SHARED = [
    (r"\min \frac1M \sum_i \|f(x_i, t_i)\|^2", 1.0),
    (r"\min \frac{1}{2M} \sum_i \|f(x_i, t_i)\|^2", 0.5),
    (r"\min \frac{\beta}{N} \sum_i \|f(x_i, t_i)\|^2; \beta = 3", 3.0),
    (r"\min \frac{\sum_i \|f(x_i, t_i)\|^2}{M}", 1.0),
    (r"\min \sum_i \|f(x_i, t_i)\|^2 / M", 1.0),
    (r"\min \frac1M \sum_i \|f(x_i, t_i)\|^2; M = 64", 1.0),
    ("min 1/M sum_i ||f(x_i, t_i)||^2", 1.0),
    (r"\min \frac{1}{2N} \sum_{i=1}^N \|f(x_i, t_i)\|^2", 0.5),
    (r"\min \frac1M \sum_{(x, t) \in \mathcal{D}} \|f(x, t)\|^2", 1.0),
    (r"\min \frac{1}{2M} \sum_{(x, t) \in \mathcal{D}} \|f(x, t)\|^2", 0.5),
]


@pytest.mark.parametrize(("formula", "share"), SHARED)
def test_what_divides_a_sum_over_the_data_counts_them(formula: str, share: float) -> None:
    """M was 1, or it was asked for where it cancels."""
    objective = f2d.compile(formula, {"f": Scaled().double()})
    assert_close(objective(x=X, t=T).loss, share * (1.5 * X * T[:, None]).square().sum(1).mean())


def test_a_number_of_examples_that_stands_elsewhere_is_refused() -> None:
    text = r"\min \frac1M \sum_{x \in \mathcal{D}} \|f(x)\|^2 + \frac1M \|W\|^2"
    assert codes(text, {}, scaffold=True, dims={"x": 2}) == ["F2D-0575"]
