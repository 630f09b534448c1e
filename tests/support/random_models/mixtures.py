"""Mixtures written as densities: of rows of tensors, of classes, of learned inputs."""

from __future__ import annotations

import torch

from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_of_rows, _of_pseudo_inputs, _of_classes))(source)


def _rows(source: Source, over: Variables, count: int, entries: int) -> None:
    """Weights, means and widths of components, as numbers or learned."""

    def made(value: torch.Tensor) -> torch.Tensor:
        return torch.nn.Parameter(value) if source.chance(0.5) else value

    over.bindings["pi"] = made(torch.softmax(source.tensor(count), 0))
    over.bindings["mu"] = made(source.tensor(count, entries))
    over.bindings["sigma"] = made(source.tensor(count, entries).abs() + 0.3)


def _component(source: Source, variable: str) -> str:
    write = source.write
    width = f"{write.name('sigma')}_k^2" + (" I" if source.chance(0.7) else "")
    component = write.normal(variable, f"{write.name('mu')}_k", width)
    return f"{write.name('pi')}_k {component}"


def _of_rows(source: Source) -> Model:
    """A mixture as the density of the data, or as the prior of a latent."""
    write, over = source.write, Variables(source)
    over.add("x")
    count = source.whole(2, 3)
    if source.chance(0.4):
        _rows(source, over, count, over.sizes["x"])
        over.bindings["K"] = count
        declared = f"p(x) = {write.sum('k', '1', 'K', _component(source, 'x'))}"
        body = source.choice((write.log("p(x)"), f"{write.log('p(x)')} - 0.1 {write.squared_norm('x')}"))
        text = [source.choice((body, write.expectation(["p_{data}(x)"], body))), declared]
        return Model(text, over.bindings, {**_plain(source), "dims": over.data("x")}, source.whole(1, 4))
    over.add("z")
    _rows(source, over, count, over.sizes["z"])
    over.bindings["K"] = count
    family = source.choice(("Normal", "Laplace", "Logistic"))
    q = over.density("q", "z", ["x"], family, sampled=True)
    likelihood = over.density("p", "x", ["z"])
    prior = write.density("p", "z")
    atoms = [write.log(likelihood), write.log(prior), write.log(q), write.log(write.ratio(f"{likelihood} {prior}", q))]
    text = write.expectation([q], source.terms(atoms))
    if source.chance(0.3):
        text += " - " + write.divergence(q, prior)
    over.weights(text)
    declared = f"p(z) = {write.sum('k', '1', 'K', _component(source, 'z'))}"
    return Model([text, declared], over.bindings, {**source.options(), "dims": over.data("x")}, source.whole(1, 3))


def _of_pseudo_inputs(source: Source) -> Model:
    """The mean of posteriors at learned inputs, as a prior."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.add("z")
    q = over.density("q", "z", ["x"], source.choice(("Normal", "Laplace", "Gumbel")), sampled=True)
    likelihood = over.density("p", "x", ["z"])
    count = source.whole(2, 3)
    over.bindings["u"] = torch.nn.Parameter(source.tensor(count, over.sizes["x"]))
    over.bindings["K"] = count
    prior = write.density("p", "z")
    terms = [write.log(likelihood), write.log(prior), write.log(q)]
    text = over.weights(write.expectation([q], source.terms(terms)))
    declared = f"p(z) = {write.mean('k', 'K', write.density('q', 'z', 'u_k'))}"
    return Model([text, declared], over.bindings, {**source.options(), "dims": over.data("x")}, source.whole(1, 3))


def _of_classes(source: Source) -> Model:
    """The marginal over a class: ``p(x) = \\sum_c p(x|c) p(c)``, and bounds of it that sum over c."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.add("c", "classes", 3)
    likelihood = over.density("p", "x", ["c"])
    prior = over.density("p", "c", [], "Categorical")
    marginal = f"p(x) = {_sum_over(source, 'c', f'{likelihood} {prior}')}"
    q = over.density("q", "c", ["x"], "Categorical")
    summed = _sum_over(source, "c", f"{q} ({write.log(likelihood)} + {write.log(prior)} - {write.log(q)})")
    texts: list[str | list[str]] = [
        [write.log("p(x)"), marginal],
        [f"{write.log('p(x)')} - 0.5 {write.entropy(q)}", marginal],
        summed,
        write.log(_sum_over(source, "c", f"{likelihood} {prior}")),
        f"{summed} - {write.divergence(q, prior)}",
    ]
    return Model(source.choice(texts), over.bindings, {**_plain(source), "dims": over.data("x")}, source.whole(1, 4))


def _sum_over(source: Source, variable: str, body: str) -> str:
    sign = {"plain": "sum", "unicode": "∑", "latex": r"\sum"}[source.write.style]
    return f"{sign}_{variable} {body}"


def _plain(source: Source) -> dict[str, object]:
    return {"maximize": source.chance(0.5)}
