"""What a new user passes by mistake: each slip is refused with a code, or works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

FORMULA = "E_q(z|x)[log p(x|z)] - beta * KL[q(z|x) || p(z)]"
X = torch.zeros(4, 5)


class Encoder(nn.Module):
    """Whatever ``result`` makes of x and a tensor of scales."""

    def __init__(self, result: Callable[[Tensor, Tensor], object] | None = None) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.result = result

    def forward(self, x: Tensor) -> object:
        scale = self.scale.expand(x.shape[0], 3)
        return self.result(x, scale) if self.result is not None else (x[:, :3], scale)


def good() -> dict[str, Any]:
    return {
        "q(z|x)": f2d.Normal(Encoder()),
        "p(x|z)": f2d.Normal(loc=nn.Linear(3, 5), scale=1.0),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3),
        "beta": 1.0,
    }


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(FormulaError) as caught:
        call()
    return caught.value.diagnostics[0].code


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("q(z|x)", Encoder, "F2D-0707"),
        ("p(z)", f2d.Normal, "F2D-0707"),
        ("p(z)", torch.distributions.Normal, "F2D-0707"),
        ("p(z)", torch.distributions.Weibull(1.0, 1.0), "F2D-0707"),
        ("p(z)", [0.0, 1.0], "F2D-0707"),
        ("p(z)", f2d.Normal(loc=0.0, scale=-1.0, event_shape=3), "F2D-0707"),
        ("p(z)", f2d.Normal(loc=float("nan"), scale=1.0, event_shape=3), "F2D-0707"),
        ("q(z|x)", "encoder", "F2D-0707"),
        ("q(z|x)", None, "F2D-0707"),
        ("q(z|x)", f2d.Normal(Encoder), "F2D-0707"),
        ("beta", "1.0", "F2D-0707"),
        ("beta", float("nan"), "F2D-0707"),
        ("beta", True, "F2D-0707"),
        ("beta", [1.0, 2.0], "F2D-0707"),
        (1, 1.0, "F2D-0707"),
        ("q(z|x", 1.0, "F2D-0103"),
    ],
    ids=str,
)
def test_bindings(key: str, value: object, code: str) -> None:
    assert code_of(lambda: f2d.compile(FORMULA, {**good(), key: value})) == code


@pytest.mark.parametrize(
    "result",
    [
        lambda x, scale: None,
        lambda x, scale: x[:, :3],
        lambda x, scale: (x[:, :3],),
        lambda x, scale: (x[:, :3], scale, scale),
        lambda x, scale: (x[:, :3], None),
        lambda x, scale: {"mu": x[:, :3], "sigma": scale},
        lambda x, scale: {"loc": x[:, :3], "scale": None},
        lambda x, scale: {"loc": x[:, :3].tolist(), "scale": scale},
        lambda x, scale: (x[:, :3] * float("nan"), scale),
        lambda x, scale: (x[:, :3], -scale),
        lambda x, scale: (x[:, :2], scale[:, :2]),
    ],
)
def test_what_networks_return(result: Callable[[Tensor, Tensor], object]) -> None:
    objective = f2d.compile(FORMULA, {**good(), "q(z|x)": f2d.Normal(Encoder(result))})
    assert code_of(lambda: objective(x=X)) in ("F2D-0607", "F2D-0612")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"y": X}, "F2D-0601"),
        ({"x": None}, "F2D-0601"),
        ({"x": [[0.0] * 5]}, "F2D-0603"),
        ({"x": X[:0]}, "F2D-0606"),
        ({"x": X * float("nan")}, "F2D-0607"),
        ({"x": X, "beta": "a"}, "F2D-0603"),
        ({"x": X, "beta": X}, "F2D-0603"),
        ({"x": X, "beta": None}, "F2D-0608"),
        ({"x": X, "player": "D"}, "F2D-0602"),
    ],
    ids=str,
)
def test_data(data: dict[str, Any], code: str) -> None:
    objective = f2d.compile(FORMULA, good())
    assert code_of(lambda: objective(**data)) == code


@pytest.mark.parametrize("x", [X.double(), X.long(), X.half(), X > 0], ids=lambda x: str(x.dtype))
def test_data_of_another_dtype_than_the_networks(x: Tensor) -> None:
    objective = f2d.compile(FORMULA, {**good(), "q(z|x)": f2d.Normal(loc=nn.Linear(5, 3), scale=1.0)})
    with pytest.raises(FormulaError) as caught:
        objective(x=x)
    (found,) = caught.value.diagnostics
    assert found.code == "F2D-0612" and found.span is not None and "x.float()" in str(found.hint)


@pytest.mark.parametrize("bindings", [[("q(z|x)", 1)], "q(z|x)", 5])
def test_bindings_that_are_no_mapping(bindings: Any) -> None:
    assert code_of(lambda: f2d.compile(FORMULA, bindings)) == "F2D-0707"
    assert code_of(lambda: f2d.distribution("p(z)", bindings)) == "F2D-0707"


@pytest.mark.parametrize("formula", [5, None, b"log p(x)", ["log p(x)", 5], {"log p(x)": 1}])
def test_formulas_that_are_no_text(formula: Any) -> None:
    assert code_of(lambda: f2d.compile(formula, {})) == "F2D-0709"


@pytest.mark.parametrize(
    "options",
    [
        {"samples": "3"},
        {"samples": {1: 2}},
        {"dims": 5},
        {"dims": [("z", 3)]},
        {"macros": 5},
        {"labels": 5},
        {"estimators": "score"},
        {"estimators": {1: "score"}},
        {"divergences": {5: "sampled"}},
        {"weights_of": 5},
        {"maximize": "yes"},
    ],
    ids=str,
)
def test_options(options: dict[str, Any]) -> None:
    assert code_of(lambda: f2d.compile(FORMULA, good(), **options)) == "F2D-0708"


@pytest.mark.parametrize("shape", ["3", 3.0, -1, (2, 0)])
def test_shapes_that_are_none(shape: Any) -> None:
    with pytest.raises(TypeError, match="event_shape is a whole number"):
        f2d.Normal(loc=0.0, scale=1.0, event_shape=shape)


@pytest.mark.parametrize(
    "beta", [2, torch.tensor(2.0), nn.Parameter(torch.tensor(2.0))], ids=["int", "tensor", "parameter"]
)
def test_a_tensor_without_dimensions_is_a_number(beta: Any) -> None:
    bindings = {**good(), "p(x|z)": f2d.Normal(loc=0.0, scale=1.0)}
    plain, weighted = (f2d.compile(FORMULA, {**bindings, "beta": each}) for each in (1.0, beta))
    once, twice = plain(x=X), weighted(x=X)
    kl = once.terms["KL[q(z|x) || p(z)]"]
    torch.testing.assert_close(once.value - twice.value, kl)


def test_a_category_scored_at_a_number_that_is_none() -> None:
    """p(zzz) is p(y) at z z z: no class has such a number, and the place says where."""
    text = [
        r"-\mathcal{L}(x, y) = E_{q(z|x,y)}[\log p(x|y,z) + \log p(y) + \log p(zzz) - \log q(z|x,y)]",
        r"-\mathcal{U}(x) = \sum_y q(y|x) (-\mathcal{L}(x,y)) + H(q(y|x))",
        r"J = E_{p_l(x_l,y_l)}[\mathcal{L}(x_l,y_l)] + E_{p_u(x_u)}[\mathcal{U}(x_u)]",
        r"y \in \{1, \dots, 10\}; y_l \in \{1, \dots, 10\}",
    ]
    objective = f2d.compile(text, scaffold=True, dims={"x": 6, "z": 3})
    with pytest.raises(f2d.FormulaError) as caught:
        for _ in range(20):
            objective(**objective.example_batch(64))
    assert all(each.span is not None for each in caught.value.diagnostics)
