"""Invertible functions: densities by a change of variables, written as a relation or with its determinant."""

from __future__ import annotations

import torch
from torch import nn

import formula2dgm as f2d
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_density, _density, _posterior, _matrix))(source)


def _coupling(source: Source, entries: int) -> nn.Module:
    """An invertible module with random weights."""
    torch.manual_seed(source.whole(0, 10**6))
    mask = [1, 0, *(source.whole(0, 1) for _ in range(entries - 2))]
    source.random.shuffle(mask)
    made = f2d.flows.AffineCoupling(mask, f2d.flows.Conditioner(entries, 2 * entries), bound=2.0)
    return _scattered(source, made)


def _scattered(source: Source, module: nn.Module) -> nn.Module:
    module.double()
    for parameter in module.parameters():
        parameter.data = parameter.data + 0.3 * source.tensor(*parameter.shape)
    return module


def _function(source: Source, entries: int) -> object:
    """What is bound to f: one module, or several that are composed."""
    return [_coupling(source, entries) for _ in range(2)] if source.chance(0.3) else _coupling(source, entries)


def _base(source: Source, over: Variables) -> str:
    return over.density("p", "z", [], source.choice(("Normal", "Laplace", "Logistic")))


def _density(source: Source) -> Model:
    """p(x) by z = f(x), as a relation, by its determinant, or by its Jacobian's name."""
    write, over = source.write, Variables(source)
    over.add("x", "real")
    over.sizes["x"] = over.sizes["z"] = source.whole(2, 3)
    over.spaces["z"] = "real"
    over.bindings["f"] = _function(source, over.sizes["x"])
    family = source.choice(("Normal", "Laplace", "Logistic"))
    over.bind("p(z)", family, "z", 0)
    density = write.density("p", "x")
    volume = source.choice((r"\det \frac{\partial f(x)}{\partial x}", r"\det J_f(x)"))
    texts: list[str | list[str]] = [
        [write.log(density), "z = f(x)"],
        rf"\log p(f(x)) + \log|{volume}|",
        [rf"{write.log(density)}", r"p(x) = p(z) \left|\det \frac{\partial z}{\partial x}\right|", "z = f(x)"],
        [f"{write.log(density)} - 0.1 {write.squared_norm('x')}", "z = f(x)"],
        [write.expectation(["p_{data}(x)"], write.log(density)), "z = f(x)"],
        [write.log(density), r"x = f^{-1}(z)"],
        [write.log(density), "x = f(z)"],
    ]
    return Model(
        source.choice(texts),
        over.bindings,
        {"dims": over.data("x"), "maximize": source.chance(0.7)},
        source.whole(1, 4),
    )


def _posterior(source: Source) -> Model:
    """A posterior that a flow refines."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.spaces["z"] = "real"
    over.sizes["z"] = source.whole(2, 3)
    over.bindings["f"] = source.choice(
        (_coupling(source, over.sizes["z"]), _scattered(source, f2d.flows.Planar(over.sizes["z"])))
    )
    family = source.choice(("Normal", "Laplace"))
    q_0 = over.density("q_0", "z", ["x"], family, True, ("z_0", ["x"]))
    likelihood = over.density("p", "x", ["z"])
    prior = _base(source, over)
    if source.chance(0.5):
        q = write.density("q", "z", "x")
        body = source.choice(
            (
                f"{write.log(likelihood)} + {write.log(prior)} - {write.log(q)}",
                write.log(write.ratio(f"{likelihood} {prior}", q)),
            )
        )
        texts = [write.expectation([q], body), "z = f(z_0)", rf"z_0 \sim {q_0}"]
    else:
        body = (
            rf"{write.log(likelihood)} + {write.log(prior)} - {write.log(q_0)} + "
            r"\log|\det \frac{\partial f(z_0)}{\partial z_0}|"
        )
        texts = [write.expectation([q_0], body), "z = f(z_0)"]
    options: dict[str, object] = {"dims": over.data("x"), "maximize": source.chance(0.7)}
    if source.chance(0.3):
        options["samples"] = 2
    return Model(texts, over.bindings, options, source.whole(1, 3), slope=over.slope)


def _matrix(source: Source) -> Model:
    """A matrix, or a function without an inverse, whose determinant is that of its Jacobian."""
    write, over = source.write, Variables(source)
    entries = source.whole(2, 3)
    over.spaces |= {"x": "real", "z": "real"}
    over.sizes |= {"x": entries, "z": entries}
    over.bind("p(z)", source.choice(("Normal", "Laplace", "Logistic")), "z", 0)
    if source.chance(0.5):
        over.bindings["W"] = nn.Parameter(
            torch.eye(entries, dtype=torch.float64) + 0.3 * source.tensor(entries, entries)
        )
        text: str | list[str] = source.choice(([write.log("p(x)"), "z = W x"], r"\log p(W x) + \log|\det W|"))
    else:
        over.network("f", entries, entries)
        text = r"\log p(f(x)) + \log|\det \frac{\partial f(x)}{\partial x}|"
    return Model(text, over.bindings, {"dims": over.data("x"), "maximize": source.chance(0.7)}, source.whole(1, 3))
