"""Parts of an example, sums and means over the data set, pairs of a batch, drawn weights."""

from __future__ import annotations

from torch import Tensor, nn

from tests.support.random_models.networks import Net
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


class OfSet(nn.Module):
    """A network of whole sets ``[batch, parts, ...]``: the mean over the parts, and then another network."""

    def __init__(self, net: Net):
        super().__init__()
        self.net = net

    def forward(self, *sets: Tensor) -> object:
        return self.net(*(each.mean(dim=1) for each in sets))


def model(source: Source) -> Model:
    return source.choice((_parts, _data_set, _contrast, _pairs, _weights))(source)


def _parts(source: Source) -> Model:
    """A latent of the whole example, and its parts given it."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits", "positive", "unit")))
    over.add("z")
    q = over.density("q", "z", ["x"], source.choice(("Normal", "Laplace")), sampled=True)
    over.bindings["q(z|x)"].network = OfSet(over.bindings["q(z|x)"].network)  # type: ignore[attr-defined]
    prior = over.density("p", "z", [], source.choice(("Normal", "Laplace")))
    likelihood = over.density("p", "x", ["z"], None, False, ("x_i", ["z"]))
    space = {"real": r"\mathbb{R}", "bits": r"\{0,1\}"}.get(over.spaces["x"])
    size = rf"x_i \in {space or 'R'}^{{{over.sizes['x']}}}"
    parts = write.sum("i", "1", "n", write.log(likelihood))
    ending = source.choice((write.divergence(q, prior), f"{write.expectation([q], write.log(q))}"))
    text = f"{write.expectation([q], parts)} - {source.scaled(ending)}"
    over.weights(text)
    options: dict[str, object] = {"maximize": True, "dims": over.data("x")}
    if source.chance(0.3):
        options["samples"] = 2
    return Model([text, size] if space else text, over.bindings, options, source.whole(1, 3), slope=over.slope)


def _data_set(source: Source) -> Model:
    """Written means and sums over the examples of a data set."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits", "positive")))
    over.add("z")
    q = over.density("q", "z", ["x"], source.choice(("Normal", "Laplace")), True, ("z", ["x_i"]))
    prior = over.density("p", "z", [], "Normal")
    likelihood = over.density("p", "x", ["z"], None, False, ("x_i", ["z"]))
    body = (
        f"({write.expectation([q], write.log(likelihood))} - {source.scaled(write.divergence(q, prior))})"
        if source.chance(0.6)
        else write.expectation([q], write.log(write.ratio(f"{likelihood} {prior}", q)))
    )
    over.weights(body)
    if source.chance(0.5):
        over.bindings["N"] = source.whole(5, 50)
        text = write.sum("i", "1", "N", body)
    else:
        text = write.mean("i", "N", body)
    return Model(text, over.bindings, {"maximize": True, "dims": over.data("x")}, source.whole(1, 4), slope=over.slope)


def _contrast(source: Source) -> Model:
    """Scores of pairs against those with the other examples of the batch."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.add("y")
    code = source.whole(2, 3)
    over.network("f", over.sizes["x"], code)
    over.network("g", over.sizes["y"], code)
    over.bindings["tau"] = source.number(0.3, 2)
    tau = write.name("tau")

    def score(j: str) -> str:
        inside = source.choice((rf"f(x_i)^\top g(y_{j})", rf"f(x_i)^\top g(y_{j}) / {tau}"))
        return rf"\exp({inside})"

    inside = score("j")
    own = inside.replace("y_j", "y_i")
    text = rf"-\frac{{1}}{{N}} \sum_{{i=1}}^N \log \frac{{{own}}}{{\sum_{{j=1}}^N {inside}}}"
    if source.chance(0.4):
        text += rf" + 0.1 \frac{{1}}{{N}} \sum_{{i=1}}^N {write.squared_norm('f(x_i)')}"
    return Model(text, over.bindings, {"maximize": False, "dims": over.data("x", "y")}, source.whole(2, 4))


def _pairs(source: Source) -> Model:
    """Sums over pairs of examples, with and without an example beside itself."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.network("f", over.sizes["x"], source.whole(1, 3))
    distance = write.squared_norm("f(x_i) - f(x_j)")
    body = source.choice((distance, rf"\exp(-{distance})", rf"\exp(-0.5 {distance})"))
    inner = source.choice((rf"\sum_{{j=1}}^N {body}", rf"\sum_{{j \ne i}} {body}", rf"\log \sum_{{j=1}}^N {body}"))
    text = rf"\frac{{1}}{{N}} \sum_{{i=1}}^N {inner}"
    return Model(text, over.bindings, {"maximize": False, "dims": over.data("x")}, source.whole(2, 4))


def _weights(source: Source) -> Model:
    """A density over weights that all examples share."""
    write, over = source.write, Variables(source)
    over.add("x")
    over.add("y", source.choice(("real", "bits")))
    over.add("w")
    q = over.density("q", "w", [], source.choice(("Normal", "Laplace")), sampled=True)
    prior = over.density("p", "w", [], source.choice(("Normal", "Laplace")))
    likelihood = over.density("p", "y", ["x", "w"], None, False, ("y_i", ["x_i", "w"]))
    over.bindings["N"] = source.whole(5, 50)
    text = f"{write.expectation([q], write.sum('i', '1', 'N', write.log(likelihood)))} - {write.divergence(q, prior)}"
    return Model(text, over.bindings, {"maximize": True, "dims": over.data("x", "y")}, source.whole(1, 3))
