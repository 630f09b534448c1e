"""Joints of the data: bounds of mutual information over pairs (x, z), couplings, and what is refused."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.testing import assert_close

import formula2dgm as f2d
from tests.numeric.test_contrastive import critic, table
from tests.numeric.test_pairs import N, X, Y

ORDER = torch.tensor([1, 2, 3, 4, 0])


def value(text: str, network: nn.Module, second: str = "z", order: Tensor = ORDER) -> Tensor:
    objective = f2d.compile(text, {"T": network})
    return objective(**{"x": X, second: Y}, noise={second: order}).value.detach()


@pytest.mark.parametrize(
    "text",
    [
        r"\max E_{p(x,z)}[T(x,z)] - \log E_{p(x)p(z)}[e^{T(x,z)}]",
        r"\max E_{(x,z) \sim p(x,z)}[T(x,z)] - \log(E_{x \sim p(x), z \sim p(z)}[e^{T(x,z)}])",
        r"\max E_{p_{data}(x,z)}[T(x,z)] - \log E_{p_{data}(x)p_{data}(z)}[e^{T(x,z)}]",
    ],
)
def test_donsker_and_varadhan(text: str) -> None:
    """z is data where nothing says how it is drawn, although it is a letter of latents."""
    t = critic()
    scores = table(t)
    expected = scores.diagonal().mean() - scores[torch.arange(N), ORDER].logsumexp(0) + math.log(N)
    torch.testing.assert_close(value(text, t), expected)


def test_nguyen_wainwright_and_jordan() -> None:
    t = critic()
    scores = table(t)
    expected = scores.diagonal().mean() - scores[torch.arange(N), ORDER].exp().mean() / math.e
    text = r"\max E_{p(x,z)}[T(x,z)] - e^{-1} E_{p(x)p(z)}[e^{T(x,z)}]"
    torch.testing.assert_close(value(text, t), expected)


def test_jensen_and_shannon() -> None:
    t = critic()
    scores = table(t)
    expected = -softplus(-scores.diagonal()).mean() - softplus(scores[torch.arange(N), ORDER]).mean()
    text = r"\max E_{p(x,z)}[-\mathrm{softplus}(-T(x,z))] - E_{p(x)p(z)}[\mathrm{softplus}(T(x,z))]"
    torch.testing.assert_close(value(text, t), expected)


def test_default_networks_are_given_the_same_data() -> None:
    text = r"\max_T E_{p(x,z)}[T(x,z)] - \log E_{p(x)p(z)}[e^{T(x,z)}]"
    objective = f2d.compile(text, scaffold=True, dims={"x": 2, "z": 3})
    assert [each.name for each in objective.inputs] == ["x", "z"]
    assert "p(x, z) is bound to nothing and only drawn from: it is the data" in objective.assumptions


@pytest.mark.parametrize("source", [r"(x_0,x_1) \sim \pi", r"\pi(x_0,x_1)", r"(x_0,x_1) \sim \pi(x_0,x_1)"])
def test_a_coupling_is_given_in_pairs(source: str) -> None:
    flow = nn.Linear(4, 4, dtype=torch.float64)
    text = [rf"\min E_{{t, {source}}}\|v((1-t)x_0+t x_1) - (x_1-x_0)\|^2", r"t \sim U(0,1)"]
    t, start = torch.linspace(0.1, 0.9, N, dtype=torch.float64), X.flip(0)
    found = f2d.compile(text, {"v": flow})(x_0=start, x_1=X, noise={"t": t}).value.detach()
    between = (1 - t[:, None]) * start + t[:, None] * X
    torch.testing.assert_close(found, (flow(between) - (X - start)).square().sum(1).mean().detach())


def test_a_representation_stays_a_draw() -> None:
    text = r"\max E_{p(x) q(z|x)}[T(x,z)] - \log E_{p(x)q(z)}[e^{T(x,z)}]"
    assert [each.name for each in f2d.compile(text, scaffold=True, dims={"x": 2, "z": 2}).inputs] == ["x"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (r"\max_\phi E_{p(x,z)}[\log q_\phi(z|x)]", "F2D-0486"),
        (r"\max_T E_{p(x,z)}[T(x,z)] - \log E_{p(x)p(z)}[e^{T(x,z)}]; p(z) = N(0,I)", "F2D-0486"),
        (r"\min E_{(x_0,x_1) \sim \pi}\|v(x_0) - x_1\|^2; \pi = g(a)", "F2D-0487"),
        (r"\min E_{z \sim r}[\|f(z)\|^2]; r = g(a)", "F2D-0487"),
    ],
)
def test_no_dependence_is_made_up(text: str, code: str) -> None:
    dims = dict.fromkeys(("x", "z", "x_0", "x_1", "a"), 2)
    assert code in [each.code for each in f2d.check(text, scaffold=True, dims=dims)]


@pytest.mark.parametrize("text", [r"\min E_{z \sim p}[\|f(z)\|^2]", r"\min \|f(z)\|^2; z \sim p"])
def test_a_named_family_is_drawn_from(text: str) -> None:
    noise = Y.new_ones(N, 3)
    network = nn.Linear(3, 2, dtype=torch.float64)
    objective = f2d.compile(rf"{text}; p = N(0, 4I); z \in \mathbb{{R}}^3", {"f": network})
    found = objective(batch_size=N, noise={"z": noise}).value.detach()
    torch.testing.assert_close(found, network(2 * noise).square().sum(1).mean().detach())


def test_priors_of_latents_alone_are_independent() -> None:
    text = r"\max E_{p(x)} E_{q(z,c|x)}[\log p(x|z,c)] - KL[q(z,c|x) \| p(z,c)]; q(z,c|x) = q(z|x) q(c|x)"
    assert "F2D-0486" not in [each.code for each in f2d.check(text, scaffold=True, dims={"x": 2, "z": 2, "c": 2})]


def test_a_fitted_joint_factorises() -> None:
    text = r"\max E_{q(z,b)}[\log p(x|z,b) + \log p(z,b) - \log q(z,b)]"
    assert "F2D-0486" not in [each.code for each in f2d.check(text, scaffold=True, dims={"x": 2, "z": 2, "b": 2})]


@pytest.mark.parametrize("name", [r"\mathcal{D}", "D", r"x \sim \mathcal{D}"])
def test_an_average_over_the_data_names_them(name: str) -> None:
    """E_D is the mean over the examples, and D is no value of them."""
    net, x = nn.Linear(2, 2).double(), torch.randn(4, 2, dtype=torch.float64)
    objective = f2d.compile(rf"\min_\theta E_{{{name}}} \|f_\theta(x)\|^2", {r"f_\theta": net})
    assert [each.name for each in objective.inputs] == ["x"]
    assert_close(objective(x=x).loss, net(x).pow(2).sum(1).mean())
