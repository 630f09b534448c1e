r"""Derivatives between two vectors: v^T \nabla_x s(x) v, v^T \nabla_x^2 f(x) v."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import hessian, jacrev, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.small import codes

N, D = 4, 3


def field(out: int = D) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, out)).double()


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64), torch.randn(N, D, dtype=torch.float64)


def compare(found: Tensor, expected: Tensor, net: nn.Module) -> None:
    assert_close(found, expected)
    settings = {"allow_unused": True, "materialize_grads": True}
    parameters = list(net.parameters())
    ours, theirs = (torch.autograd.grad(each, parameters, **settings) for each in (found, expected))
    assert_close(ours, theirs)


@pytest.mark.parametrize(
    "written",
    [
        r"v^\top \nabla_x s_\theta(x) v",
        r"v^T (\nabla_x s_\theta(x)) v",
        r"v^\top \frac{\partial s_\theta(x)}{\partial x} v",
    ],
)
def test_sliced_score_matching(written: str) -> None:
    """Song et al. 2019, equation 7."""
    net, (x, v) = field(), data()
    text = [rf"\min_\theta E_{{p_{{data}}(x)}}[{written} + \frac12 (v^\top s_\theta(x))^2]", r"v \sim N(0, I)"]
    found = f2d.compile(text, {r"s_\theta": net})(x=x, noise={"v": v}).loss
    jacobian = vmap(jacrev(net))(x)
    form = torch.einsum("ni,nij,nj->n", v, jacobian, v)
    compare(found, (form + 0.5 * (v * net(x)).sum(1) ** 2).mean(), net)
    assert_agrees(text, {r"s_\theta": net}, {"x": x})


def test_of_a_number_twice() -> None:
    net, (x, v) = field(1), data()
    text = [r"\min E_{p_{data}(x)}[v^\top \nabla_x^2 f(x) v + \frac12 (v^\top \nabla_x f(x))^2]", r"v \sim N(0, I)"]
    found = f2d.compile(text, {"f": net})(x=x, noise={"v": v}).loss
    point = vmap(hessian(lambda at: net(at).squeeze(-1)))(x)
    slope = vmap(jacrev(lambda at: net(at).squeeze(-1)))(x)
    compare(found, (torch.einsum("ni,nij,nj->n", v, point, v) + 0.5 * (v * slope).sum(1) ** 2).mean(), net)
    assert_agrees(text, {"f": net}, {"x": x})


def test_two_vectors_beside_a_jacobian() -> None:
    net, (x, v) = field(), data()
    text = [r"\min E_{p_{data}(x)}[v^\top \frac{\partial s(x)}{\partial x} x]", r"v \sim N(0, I)"]
    found = f2d.compile(text, {"s": net}, dims={"v": D})(x=x, noise={"v": v}).loss
    compare(found, torch.einsum("ni,nij,nj->n", v, vmap(jacrev(net))(x), x).mean(), net)


def test_several_projections() -> None:
    net, (x, _) = field(), data()
    text = [
        r"\min E_{p_{data}(x)}[\frac12 \sum_{m=1}^2 v_m^\top \nabla_x s(x) v_m + \|s(x)\|^2]",
        r"v_{1:2} \sim N(0, I)",
    ]
    v = torch.randn(2, N, D, dtype=torch.float64)
    found = assert_agrees(text, {"s": net}, {"x": x}, dims={"v": D})(x=x, noise={"v": v}).loss
    form = torch.einsum("mni,nij,mnj->mn", v, vmap(jacrev(net))(x), v).mean(0)
    compare(found, (form + net(x).square().sum(1)).mean(), net)


def test_a_gradient_of_each_draw() -> None:
    """The gradient by x at each draw of its own, not their sum."""
    net, (x, _) = field(), data()
    text = [r"\min E_{p_{data}(x)}[\frac12 \sum_{m=1}^2 \|\nabla_x (v_m^\top s(x))\|^2]", r"v_{1:2} \sim N(0, I)"]
    v = torch.randn(2, N, D, dtype=torch.float64)
    found = assert_agrees(text, {"s": net}, {"x": x}, dims={"v": D})(x=x, noise={"v": v}).loss
    slopes = torch.einsum("mni,nij->mnj", v, vmap(jacrev(net))(x))
    compare(found, slopes.square().sum(-1).mean(), net)


def test_a_number_on_the_right_is_a_factor() -> None:
    net, (x, v) = field(1), data()
    text = [r"\min E_{p_{data}(x)}[v^\top \nabla_x f(x) c]", r"v \sim N(0, I)", "c = 2"]
    slope = vmap(jacrev(lambda at: net(at).squeeze(-1)))(x)
    compare(f2d.compile(text, {"f": net})(x=x, noise={"v": v}).loss, 2 * (v * slope).sum(1).mean(), net)


def test_a_default_network_is_a_vector() -> None:
    text = [r"\min_\theta E_{p_{data}(x)}[v^\top \nabla_x s_\theta(x) v]", r"v \sim N(0, I)"]
    objective = f2d.compile(text, scaffold=True, dims={"x": D})
    assert objective.s_theta(torch.randn(N, D)).shape == (N, D)


@pytest.mark.parametrize(
    "formula",
    [
        r"\min E_{p_{data}(x)}[v^\top \nabla_x s(x) x]; v \sim N(0, I)",  # rows of s, or of x?
        r"\min E_{p_{data}(x)}[x^\top \nabla_x s(x) x]",  # what is on the left would be derived, too
        r"\min E_{p_{data}(x)}[v^\top \nabla_x^2 f(x) v]; v = 2",  # v is a number
        r"\min E_{p_{data}(x)}[v^\top \nabla_x f(x) v]; f(x) = \|x\|^2; v \in \mathbb{R}^3",
    ],
)
def test_refused(formula: str) -> None:
    assert codes(formula, {}, scaffold=True, dims={"x": D}) == ["F2D-0521"]
