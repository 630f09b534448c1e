r"""Traces of derivatives: tr(\nabla_x s(x)), tr(\nabla_x^2 log p(x)), \nabla_x \cdot s(x)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, hessian, jacrev, vmap
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

N, D = 4, 3


def field(out: int = D) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, out)).double()


def data() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(N, D, dtype=torch.float64)


WRITTEN = [
    r"\mathrm{tr}(\nabla_x s_\theta(x))",
    r"\operatorname{Tr}\left[\nabla_{x} s_\theta(x)\right]",
    r"\nabla_x \cdot s_\theta(x)",
    r"\nabla \cdot s_\theta(x)",
    r"\mathrm{tr}\left(\frac{\partial s_\theta(x)}{\partial x}\right)",
    "tr(grad_x s_theta(x))",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_score_matching(written: str) -> None:
    """Hyvarinen 2005, of a score; gradients reach the network."""
    net, x = field(), data()
    text = rf"\min_\theta E_{{p_{{data}}(x)}}[{written} + \frac12 \|s_\theta(x)\|^2]"
    found = f2d.compile(text, {r"s_\theta": net})(x=x).loss
    jacobian = vmap(jacrev(net))(x)
    expected = (jacobian.diagonal(dim1=1, dim2=2).sum(1) + 0.5 * net(x).square().sum(1)).mean()
    assert_close(found, expected)
    parameters = list(net.parameters())
    ours, theirs = (
        torch.autograd.grad(each, parameters, allow_unused=True, materialize_grads=True) for each in (found, expected)
    )
    assert_close(ours, theirs)
    assert_agrees(text, {r"s_\theta": net}, {"x": x})


def test_score_matching_of_an_energy() -> None:
    net, x = field(1), data()
    text = [
        r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x^2 \log p_\theta(x))"
        r" + \frac12 \|\nabla_x \log p_\theta(x)\|^2]",
        r"p_\theta(x) \propto \exp(-E_\theta(x))",
    ]

    def log_density(point: Tensor) -> Tensor:
        return -net(point)[0]

    trace = vmap(hessian(log_density))(x).diagonal(dim1=1, dim2=2).sum(1)
    expected = (trace + 0.5 * vmap(grad(log_density))(x).square().sum(1)).mean()
    assert_close(f2d.compile(text, {r"E_\theta": net})(x=x).loss, expected)
    assert_agrees(text, {r"E_\theta": net}, {"x": x})


def test_a_trace_of_many_entries_is_estimated() -> None:
    """v^T J v of one draw; its mean over all signs of the unit vectors would be the trace."""
    size = 100
    net = nn.Linear(size, size).double()
    o = f2d.compile(
        r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s_\theta(x))]", {r"s_\theta": net}, dims={"x": size}
    )
    assert [each.name for each in o.sites] == ["v"] and any("estimated" in each for each in o.assumptions)
    v = torch.randn(2, size, dtype=torch.float64)
    found = o(x=torch.randn(2, size, dtype=torch.float64), noise={"v": v}).loss
    assert_close(found, torch.einsum("ni,ij,nj->n", v, net.weight, v).mean())


def test_a_default_network_has_the_size_of_what_it_is_derived_by() -> None:
    o = f2d.compile(r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s_\theta(x))]", scaffold=True, dims={"x": 5})
    assert o(**o.example_batch(3)).loss.isfinite()


@pytest.mark.parametrize(
    ("term", "code"),
    [
        (r"\mathrm{tr}(\nabla_x \|s_\theta(x)\|^2)", "F2D-0218"),
        (r"\mathrm{tr}(s_\theta(x))", "F2D-0215"),
        (r"\mathrm{tr}(\nabla s_\theta(x))", "F2D-0215"),
        (r"\mathrm{tr}(\nabla_x s_\theta(y))", "F2D-0215"),
        (r"\mathrm{tr}(\nabla_x \mathrm{sg}[s_\theta(x)])", "F2D-0215"),
        (r"\nabla \cdot s_\theta(x, y)", "F2D-0215"),
    ],
)
def test_refusals(term: str, code: str) -> None:
    found = f2d.check(rf"\min_\theta E_{{p_{{data}}(x)}}[\|x\|^2 + \|y\|^2 + {term}]", scaffold=True)
    assert code in [each.code for each in found], found


def test_outputs_of_another_size() -> None:
    with pytest.raises(f2d.FormulaError, match="as many outputs as inputs"):
        f2d.compile(r"\min_\theta E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s_\theta(x))]", {r"s_\theta": field(2)})(
            x=data()
        )


GRADIENTS_INSIDE = {
    "penalty": (r"\min_D E_{x \sim p_{data}}[(\|\nabla_x D(x)\|_2 - 1)^2]", "D", 1),
    "trace": (r"\min_s E_{p_{data}(x)}[\mathrm{tr}(\nabla_x s(x)) + \frac12 \|s(x)\|^2]", "s", 2),
}


@pytest.mark.parametrize("name", GRADIENTS_INSIDE)
def test_gradients_by_values_compile_in_one_graph(name: str) -> None:
    """Values and gradients of the compiled module are those of the plain one; the data keep what they were."""
    text, key, size = GRADIENTS_INSIDE[name]
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, size))
    o: Any = f2d.compile(text, {key: net}, dims={"x": 2})
    x = torch.randn(5, 2)
    wanted = torch.autograd.grad((loss := o(x=x).loss), list(o.parameters()), materialize_grads=True)
    o.compile(fullgraph=True, backend="aot_eager")
    found = o(x=x).loss
    assert_close(found, loss)
    assert_close(torch.autograd.grad(found, list(o.parameters()), materialize_grads=True), wanted)
    assert not x.requires_grad


def test_values_that_the_derivative_is_taken_through_are_computed_once() -> None:
    """tr(d s(h(x)) / dx), where s(h(x)) and h(x) stand in other terms too: one function returns all of them."""
    net, inner, x = field(), field(), data()
    text = r"\min E_{p_{data}(x)}[tr(\nabla_x s(h(x))) + \frac12 \|s(h(x))\|^2 + 3 \|h(x)\|^2]"
    objective = f2d.compile(text, {"s": net, "h": inner})
    jacobian = vmap(jacrev(lambda x: net(inner(x))))(x)
    expected = jacobian.diagonal(dim1=1, dim2=2).sum(1) + 0.5 * net(inner(x)).square().sum(1)
    assert_close(objective(x=x).loss, (expected + 3 * inner(x).square().sum(1)).mean())
    assert "-> tuple[Tensor, ...]:" in objective.source and objective.source.count("self.h(") == 1
