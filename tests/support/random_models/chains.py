"""Paths of states that are summed out exactly: hidden Markov models and linear Gaussian chains."""

from __future__ import annotations

import torch
from torch import nn

from tests.support.random_models.source import Model, Source


def model(source: Source) -> Model:
    return source.choice((_markov, _markov, _linear))(source)


def _markov(source: Source) -> Model:
    """A finite state, by rows of bound tensors or by default; as a marginal, a joint or a sum over paths."""
    write = source.write
    states, entries = source.whole(2, 3), source.whole(1, 3)
    width = source.choice((r"\sigma_{z_t}^2 I", "I", "0.5 I"))
    bits = source.chance(0.4)
    emission = r"\mathrm{Bernoulli}(x_t; B_{z_t})" if bits else rf"\mathcal{{N}}(x_t; \mu_{{z_t}}, {width})"
    space = rf"x_t \in \{{0,1\}}^{entries}" if bits else rf"x_t \in \mathbb{{R}}^{entries}"
    laws = [
        r"p(z_1) = \mathrm{Cat}(z_1; \pi)",
        r"p(z_t|z_{t-1}) = \mathrm{Cat}(z_t; A_{z_{t-1}})",
        f"p(x_t|z_t) = {emission}",
    ]
    factors = [r"\prod_{t=2}^T p(z_t|z_{t-1})", r"\prod_{t=1}^T p(x_t|z_t)"]
    if source.chance(0.3):
        factors = [r"p(x_1|z_1)", r"\prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t)"]
    source.random.shuffle(factors)
    product = " ".join(["p(z_1)", *factors])
    if source.chance(0.5):
        objective = [write.log("p(x_{1:T})"), rf"p(x_{{1:T}}, z_{{1:T}}) = {product}"]
    else:
        objective = [rf"\log \sum_{{z_{{1:T}}}} {product}"]
    bindings: dict[str, object] = {
        "pi": nn.Parameter(torch.softmax(source.tensor(states), 0)),
        "A": nn.Parameter(torch.softmax(source.tensor(states, states), -1)),
    }
    if bits:
        bindings["B"] = nn.Parameter(torch.sigmoid(source.tensor(states, entries)))
    else:
        bindings["mu"] = nn.Parameter(source.tensor(states, entries))
        if "sigma" in width:
            bindings["sigma"] = nn.Parameter(source.tensor(states, entries).abs() + 0.3)
    options: dict[str, object] = {"maximize": True}
    statements = [*objective, *laws, rf"z_t \in \{{1, \dots, {states}\}}", space]
    if source.chance(0.3):
        return Model(statements, {}, {**options, "scaffold": True}, source.whole(1, 3))
    return Model(statements, bindings, options, source.whole(1, 3))


def _linear(source: Source) -> Model:
    """A state that moves linearly with noise, integrated out by a Kalman filter."""
    write = source.write
    inner, outer = source.whole(1, 2), source.whole(1, 3)
    bindings: dict[str, object] = {
        "A": nn.Parameter(0.6 * source.tensor(inner, inner)),
        "C": nn.Parameter(source.tensor(outer, inner)),
    }
    noise = [f"{source.number(0.2, 2)} I" for _ in range(3)]
    statements = [
        write.log("p(x_{1:T})"),
        r"p(x_{1:T}) = \int p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t) dz_{1:T}",
        rf"p(z_1) = \mathcal{{N}}(z_1; 0, {noise[0]})",
        rf"p(z_t|z_{{t-1}}) = \mathcal{{N}}(z_t; A z_{{t-1}}, {noise[1]})",
        rf"p(x_t|z_t) = \mathcal{{N}}(x_t; C z_t, {noise[2]})",
        rf"x_t \in \mathbb{{R}}^{outer}; z_t \in \mathbb{{R}}^{inner}",
    ]
    return Model(statements, bindings, {"maximize": True}, source.whole(1, 3))
