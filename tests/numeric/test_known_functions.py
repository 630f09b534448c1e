"""Known functions: their values and gradients against torch, in generated code and in the reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.registry.functions import FUNCTIONS
from tests.support.reference import reference
from tests.support.small import assumed, codes

F = torch.nn.functional


@pytest.fixture(autouse=True)
def _double() -> None:
    torch.manual_seed(0)


class Pair:
    """Two networks of x with three outputs, u and v, and two with one, a and b."""

    def __init__(self) -> None:
        sizes = {"u": 3, "v": 3, "a": 1, "b": 1}
        self.nets = {name: nn.Linear(2, size).double() for name, size in sizes.items()}
        self.x = torch.randn(7, 2, dtype=torch.float64)
        self.y = torch.tensor([0, 2, 1, 0, 1, 2, 2])
        self.bindings: dict[str, object] = {**self.nets, "c": 0.3, "d": 1.7, "C": 3}

    def __getattr__(self, name: str) -> Tensor:
        value = self.nets[name](self.x)
        return value.squeeze(-1) if value.shape[-1] == 1 else value

    def gradients(self, value: Tensor) -> list[Tensor]:
        weights = [each for net in self.nets.values() for each in net.parameters()]
        return list(torch.autograd.grad(value, weights, allow_unused=True, materialize_grads=True, retain_graph=True))


def dot(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum(-1)


CASES: dict[str, Callable[[Pair], Tensor]] = {
    r"\mathrm{clip}(a(x), -c, c)^2": lambda m: m.a.clamp(-0.3, 0.3) ** 2,
    r"\mathrm{clip}_{[-c, c]}(a(x))": lambda m: m.a.clamp(-0.3, 0.3),
    r"\max(0, a(x), b(x))": lambda m: torch.maximum(m.a, m.b).clamp(min=0),
    r"\min(a(x), b(x), c)": lambda m: torch.minimum(m.a, m.b).clamp(max=0.3),
    r"[1 - a(x)]_+": lambda m: F.relu(1 - m.a),
    r"\mathbb{1}[a(x) > b(x)] u(x)^\top v(x)": lambda m: torch.where(m.a > m.b, dot(m.u, m.v), 0.0),
    r"\mathbf{1}\{a(x) \le 0\} b(x)": lambda m: torch.where(m.a <= 0, m.b, 0.0),
    r"1_{a(x) > 0} b(x)": lambda m: torch.where(m.a > 0, m.b, 0.0),
    r"\mathbb{I}(-1 < a(x) < c) b(x)": lambda m: torch.where((m.a > -1) & (m.a < 0.3), m.b, 0.0),
    r"\|\mathbb{1}[u(x) > 0] v(x)\|^2": lambda m: torch.where(m.u > 0, m.v, 0.0).square().sum(-1),
    r"\mathbb{1}[y = 2] a(x)": lambda m: torch.where(m.y == 2, m.a, 0.0),
    r"\mathbb{1}[y \ne 2] a(x)": lambda m: torch.where(m.y != 2, m.a, 0.0),
    r"\cosh(a(x)) + \sinh(b(x)) + \tan(c a(x))": lambda m: m.a.cosh() + m.b.sinh() + (0.3 * m.a).tan(),
    r"\arctan(a(x)) + \arcsin(\tanh(b(x))) + \operatorname{arccos}(\tanh(a(x)))": lambda m: (
        m.a.atan() + m.b.tanh().asin() + m.a.tanh().acos()
    ),
    r"\mathrm{logit}(\sigma(a(x))) \mathrm{sign}(b(x))": lambda m: m.a * m.b.sign(),
    r"\mathrm{elu}(a(x)) + \mathrm{gelu}(b(x)) + \mathrm{silu}(a(x))": lambda m: F.elu(m.a) + F.gelu(m.b) + F.silu(m.a),
    r"\|\mathrm{softmax}(u(x)) - v(x)\|^2": lambda m: (m.u.softmax(-1) - m.v).square().sum(-1),
    r"\mathrm{logsumexp}(u(x))": lambda m: m.u.logsumexp(-1),
    r"-\log \mathrm{softmax}(u(x))_y": lambda m: F.cross_entropy(m.u, m.y, reduction="none"),
    r"\log(1 + \exp(a(x)))": lambda m: F.softplus(m.a),
    r"-\mathrm{sim}(u(x), v(x))": lambda m: -F.cosine_similarity(m.u, m.v),
    r"-\cos(u(x), v(x))": lambda m: -F.cosine_similarity(m.u, m.v),
    r"u(x)^\top v(x)": lambda m: dot(m.u, m.v),
    r"\langle u(x), v(x)\rangle": lambda m: dot(m.u, m.v),
    r"\exp(u(x) \cdot v(x) / d)": lambda m: torch.exp(dot(m.u, m.v) / 1.7),
    r"a(x) \cdot b(x)": lambda m: m.a * m.b,
    r"\|u(x) + a(x) \cdot v(x)\|^2": lambda m: (m.u + m.a.unsqueeze(-1) * m.v).square().sum(-1),
    r"\|u(x) + v(x) \cdot u(x)\|^2": lambda m: (m.u + m.v * m.u).square().sum(-1),
    r"\|u(x) - v(x)\|_1": lambda m: (m.u - m.v).abs().sum(-1),
    r"\mathrm{Huber}(u(x) - v(x))": lambda m: F.huber_loss(m.u, m.v, reduction="none").sum(-1),
    r"\mathrm{Huber}_c(u(x), v(x))": lambda m: F.huber_loss(m.u, m.v, reduction="none", delta=0.3).sum(-1),
    r"\|u(x) \odot v(x)\|^2": lambda m: (m.u * m.v).square().sum(-1),
    r"\max(0, d - u(x)^\top v(x) + \|u(x)\|^2)": lambda m: F.relu(1.7 - dot(m.u, m.v) + dot(m.u, m.u)),
}


@pytest.mark.parametrize("formula", CASES)
def test_values_and_gradients_are_torchs(formula: str) -> None:
    model = Pair()
    text = rf"\min E_{{p_{{data}}(x, y)}}[{formula}]" if "y" in formula.split("x)")[-1] or "[y" in formula else None
    text = text or rf"\min E_{{p_{{data}}(x)}}[{formula}]"
    data = {"x": model.x} | ({"y": model.y} if "(x, y)" in text else {})
    expected = CASES[formula](model).mean()
    objective = f2d.compile(text, model.bindings)
    found = objective(**data).loss
    judge = reference(text, model.bindings, data, {}).run().loss
    assert_close(found, expected)
    assert_close(judge, expected)
    assert_close(model.gradients(found), model.gradients(expected))
    assert_close(model.gradients(judge), model.gradients(expected))


def test_a_sum_over_classes_counts_them_from_one() -> None:
    model = Pair()
    text = r"\min -E_{p_{data}(y)}[\sum_{k=1}^C \mathbb{1}[y = k] m_k]"
    means = nn.Parameter(torch.randn(3, dtype=torch.float64))
    objective = f2d.compile(text, {"m": means, "C": 3})
    data = {"y": model.y}
    assert_close(objective(**data).loss, -means[model.y].mean())
    assert_close(reference(text, {"m": means, "C": 3}, data, {}).run().loss, -means[model.y].mean())
    assert "counted from 1" in assumed(text, {"m": means, "C": 3})


def test_what_has_no_gradient_is_said() -> None:
    model = Pair()
    assert "has no gradient" in assumed(r"\min E_{p_{data}(x)}[\mathbb{1}[a(x) > 0] b(x)]", model.bindings)
    assert "has no gradient" in assumed(r"\min E_{p_{data}(x)}[\mathrm{sign}(a(x)) b(x)]", model.bindings)
    assert "cosine similarity" in assumed(r"\min E_{p_{data}(x)}[-\mathrm{sim}(u(x), v(x))]", model.bindings)


def test_a_definition_or_a_binding_of_sim_wins() -> None:
    model = Pair()
    text = [r"\mathrm{sim}(p, q) = p^\top q", r"\min -E_{p_{data}(x)}[\mathrm{sim}(u(x), v(x))]"]
    assert_close(f2d.compile(text, model.bindings)(x=model.x).loss, -dot(model.u, model.v).mean())
    bound = {**model.bindings, "sim": nn.Bilinear(3, 3, 1).double()}
    found = f2d.compile(r"\min -E_{p_{data}(x)}[\mathrm{sim}(u(x), v(x))]", bound)(x=model.x).loss
    assert_close(found, -bound["sim"](model.u, model.v).mean())


def test_a_kernel_is_a_function_of_two_values() -> None:
    model = Pair()
    text = [r"k(x, y) = \exp(-\|x - y\|^2 / (2 d^2))", r"\min -E_{p_{data}(x)}[k(u(x), v(x))]"]
    expected = -torch.exp(-(model.u - model.v).square().sum(-1) / (2 * 1.7**2)).mean()
    assert_close(f2d.compile(text, model.bindings)(x=model.x).loss, expected)


def test_what_no_function_takes_is_refused() -> None:
    bindings = Pair().bindings
    for wrong in (r"\mathrm{clip}(a(x), 1)", r"\mathrm{softmax}(3)", r"\mathbb{I}(x \in A)", r"\tanh(a(x), b(x))"):
        assert codes(rf"\min E_{{p_{{data}}(x)}}[{wrong}]", bindings) in (["F2D-0218"], ["F2D-0218"] * 2), wrong


def test_the_slope_at_zero_is_no_nan() -> None:
    u = nn.Parameter(torch.zeros(3, dtype=torch.float64))
    objective = f2d.compile(r"\min E_{p_{data}(x)}[-\mathrm{sim}(u, x)]", {"u": u})
    objective(x=torch.randn(4, 3, dtype=torch.float64)).loss.backward()
    assert torch.isfinite(u.grad).all()


@pytest.mark.parametrize("each", [each for each in FUNCTIONS if each.spellings], ids=lambda each: each.name)
def test_the_reference_knows_every_function(each: object) -> None:
    from formula2dgm.runtime.reference_functions import OF_ONE, OF_SEVERAL
    from formula2dgm.runtime.reference_values import FUNCTIONS as PLAIN
    from formula2dgm.runtime.reference_vectors import TO_NUMBERS, TO_VECTORS

    assert each.name in {*OF_ONE, *OF_SEVERAL, *PLAIN, *TO_NUMBERS, *TO_VECTORS, "max", "min"}
