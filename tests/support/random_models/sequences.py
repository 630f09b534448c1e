"""Sequences: states that are drawn step by step, carried by networks, or both; windows of steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import formula2dgm as f2d
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables

FAMILIES = ("Normal", "Normal", "Laplace", "Logistic")
OBSERVED = ("real", "real", "bits", "positive", "unit")


class Summary(nn.Module):
    """What a recurrent network says at each step of a sequence."""

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator):
        super().__init__()
        self.body = nn.GRU(inputs, outputs, batch_first=True).double()
        for parameter in self.parameters():
            parameter.data = 0.5 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)

    def forward(self, steps: Tensor) -> Tensor:
        out: Tensor = self.body(steps)[0]
        return out


def model(source: Source) -> Model:
    return source.choice((_chain, _chain, _carried, _alone, _summaries))(source)


def _bounds(source: Source) -> tuple[str, str, str]:
    """The letters of a sum over steps: all of them, or a window."""
    return source.choice((("t", "1", "T"), ("t", "1", "T"), ("t", "2", "T"), ("t", "1", "T-1")))


def _terms(source: Source, over: Variables, likelihood: str, prior: str, q: str) -> str:
    """A bound at one step, its divergence in closed form or at the draw."""
    write = source.write
    ratio = write.log(write.ratio(f"{likelihood} {prior}", q))
    atoms = [write.log(likelihood), write.log(prior), write.log(q), ratio]
    closed = _is_closed(over)
    divergence = write.divergence(q, prior)
    body = source.choice(
        (
            lambda: f"{write.expectation([q], write.log(likelihood))} - {source.scaled(divergence)}",
            lambda: write.expectation([q], ratio),
            lambda: write.expectation(
                [q], f"{write.log(likelihood)} - {source.scaled(divergence if closed else ratio)}"
            ),
            lambda: write.expectation([q], source.terms(atoms)),
        )
    )()
    return over.weights(f"({body})" if source.chance(0.5) else f"[{body}]")


def _is_closed(over: Variables) -> bool:
    """Is the divergence of posterior and prior in closed form? Elsewhere it may need a draw of its own, at a step that
    draws already, which is refused."""
    return all(isinstance(each, f2d.Normal) for key, each in over.bindings.items() if key[2:].startswith("z"))


def _chain(source: Source) -> Model:
    """``z_t`` given ``z_{t-1}``, its posterior given the data too."""
    over = Variables(source)
    over.add("x", source.choice(OBSERVED))
    over.add("z")
    before = source.choice((True, True, False))
    own = ["z", "x"] if before else ["x"]
    written = ["z_{t-1}", "x_t"] if before else ["x_t"]
    if source.chance(0.5):
        own, written = own[::-1], written[::-1]
    q = over.density("q", "z", own, source.choice(FAMILIES), True, ("z_t", written))
    prior = over.density("p", "z", ["z"], source.choice(FAMILIES), False, ("z_t", ["z_{t-1}"]))
    emission = (["z"], ["z_t"]) if source.chance(0.7) else (["z", "x"], ["z_t", "x_{t-1}"])
    likelihood = over.density("p", "x", emission[0], None, False, ("x_t", emission[1]))
    index, start, end = _bounds(source)
    text = source.write.sum(index, start, end, _terms(source, over, likelihood, prior, q))
    return _made(source, over, text)


def _carried(source: Source) -> Model:
    """A state that a network carries, beside draws or alone."""
    over = Variables(source)
    over.add("x", source.choice(OBSERVED))
    over.add("z")
    over.add("h")
    q = over.density("q", "z", ["x", "h"], source.choice(FAMILIES), True, ("z_t", ["x_t", "h_{t-1}"]))
    prior = over.density("p", "z", ["h"], source.choice(FAMILIES), False, ("z_t", ["h_{t-1}"]))
    likelihood = over.density("p", "x", ["z", "h"], None, False, ("x_t", ["z_t", "h_{t-1}"]))
    inputs = over.sizes["x"] + over.sizes["z"] + over.sizes["h"]
    over.network("f", inputs, over.sizes["h"])
    text = source.write.sum("t", "1", "T", _terms(source, over, likelihood, prior, q))
    return _made(source, over, [text, "h_t = f(x_t, z_t, h_{t-1})", source.write.element("h_t", "R", over.sizes["h"])])


def _alone(source: Source) -> Model:
    """Latents of each step by themselves, or an autoregression without any."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(OBSERVED))
    if source.chance(0.5):
        own = over.density("p", "x", ["x"], None, False, ("x_t", ["x_{t-1}"]))
        text = write.sum("t", *source.choice((("1", "T"), ("2", "T"))), write.log(own))
        return _made(source, over, text)
    over.add("z")
    q = over.density("q", "z", ["x"], source.choice(FAMILIES), True, ("z_t", ["x_t"]))
    prior = over.density("p", "z")
    prior = write.density("p", "z_t")
    likelihood = over.density("p", "x", ["z"], None, False, ("x_t", ["z_t"]))
    return _made(source, over, write.sum("t", "1", "T", _terms(source, over, likelihood, prior, q)))


def _summaries(source: Source) -> Model:
    """A posterior given what a network makes of the whole sequence."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(OBSERVED))
    over.add("z")
    over.add("g")
    over.bindings["f"] = Summary(over.sizes["x"], over.sizes["g"], source.torch)
    q = over.density("q", "z", ["z", "g"], source.choice(FAMILIES), True, ("z_t", ["z_{t-1}", "g_t"]))
    prior = over.density("p", "z", ["z"], source.choice(FAMILIES), False, ("z_t", ["z_{t-1}"]))
    likelihood = over.density("p", "x", ["z"], None, False, ("x_t", ["z_t"]))
    text = write.sum("t", "1", "T", _terms(source, over, likelihood, prior, q))
    return _made(source, over, [text, "g_{1:T} = f(x_{1:T})"])


def _made(source: Source, over: Variables, text: str | list[str]) -> Model:
    texts = [text] if isinstance(text, str) else text
    texts = [*texts, source.write.element("z_t", "R", over.sizes["z"])] if "z" in over.sizes else texts
    options = {"maximize": source.chance(0.5), "dims": over.data("x")}
    if source.chance(0.2) and "z" in over.sizes:
        options["samples"] = 2
    if source.chance(0.1) and "z" in over.sizes and _is_closed(over):
        options["estimators"] = {"z": f2d.Score()}
    return Model(texts, over.bindings, options, source.whole(1, 3), slope=over.slope)
