"""Games of two networks: judgements, critics with penalties of their gradients, codes that are judged."""

from __future__ import annotations

import formula2dgm as f2d
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_judged, _critic, _codes))(source)


def _players(source: Source, over: Variables, log: bool) -> str:
    """Binds G and D, and the noise; how a draw of the noise is written."""
    over.add("x")
    over.add("z")
    over.network("G", over.sizes["z"], over.sizes["x"])
    if log and source.chance(0.5):
        net = over.network("D", over.sizes["x"], None)
        over.bindings["D"] = f2d.Sigmoid(over.bindings[net])
    else:
        over.network("D", over.sizes["x"], None, "probs" if log else "value")
    return over.density("p", "z", [], source.choice(("Normal", "Laplace", "Logistic")))


def _data(source: Source) -> str:
    return source.choice(("p_{data}(x)", source.write.drawn("x", "p_{data}")))


def _judged(source: Source) -> Model:
    """The saturating and the non-saturating game of two logs, with weights and squares."""
    write, over = source.write, Variables(source)
    prior = _players(source, over, True)
    noise = source.choice((prior, write.drawn("z", write.density("p", "z"))))
    real, fake = write.log("D(x)"), write.log("(1 - D(G(z)))")
    if source.chance(0.3):
        real, fake = "(D(x) - 1)^2", "D(G(z))^2"
        order = (write.optimum("min", "D"), write.optimum("max", "G"))
    else:
        order = (write.optimum("min", "G"), write.optimum("max", "D"))
    scale = source.choice(("", "0.5 ", "2 "))
    body = f"{scale}{write.expectation([_data(source)], real)} + {write.expectation([noise], fake)}"
    options: dict[str, object] = {"dims": over.data("x")}
    if source.chance(0.2) and "log" in real:
        options["non_saturating"] = True
    text = f"{order[0]} {order[1]} {body}"
    if order[1].endswith("G"):
        text = f"{order[1]} {order[0]} {body}"
    return Model(text, over.bindings, options, source.whole(1, 4))


def _critic(source: Source) -> Model:
    """A critic without logarithms, mostly with a penalty of its gradient between data and samples."""
    write, over = source.write, Variables(source)
    _players(source, over, False)
    real = write.expectation([_data(source)], "D(x)")
    fake = write.expectation([write.density("p", "z")], "D(G(z))")
    head = f"{write.optimum('min', 'G')} {write.optimum('max', 'D')}"
    options: dict[str, object] = {"dims": over.data("x")}
    if source.chance(0.3):
        return Model(f"{head} {real} - {fake}", over.bindings, options, source.whole(1, 4))
    nabla = r"\nabla" if write.latex else "∇"
    if source.chance(0.4):
        gradient = f"{nabla}_x D(x)"
        penalty = write.expectation([_data(source)], write.squared_norm(gradient))
        statements = [f"{head} {real} - {fake} - {source.choice(('', '5 '))}{penalty}"]
        return Model(statements, over.bindings, options, source.whole(1, 4))
    bars = r"\|" if write.latex else "||"
    between = r"\hat{x}" if write.latex else r"\hat x"
    size = f"{bars}{nabla}_{{{between}}} D({between}){bars}{source.choice(('', '_2'))}"
    eps = write.name("epsilon")
    joint = write.expectation(
        [_data(source), write.density("p", "z"), write.drawn(eps, "U(0,1)")],
        f"D(x) - D(G(z)) - {source.choice(('', '10 ', '0.5 '))}({size} - 1)^2",
    )
    return Model(
        [f"{head} {joint}", f"{between} = {eps} x + (1 - {eps}) G(z)"], over.bindings, options, source.whole(1, 4)
    )


def _codes(source: Source) -> Model:
    """An autoencoder whose codes a second network tells from the prior."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits")))
    over.add("z")
    q = over.density("q", "z", ["x"], source.choice(("Normal", "Laplace")), sampled=True)
    likelihood = over.density("p", "x", ["z"])
    prior = over.density("p", "z", [], source.choice(("Normal", "Laplace")))
    over.network("D", over.sizes["z"], None, "probs")
    game = (
        f"{write.optimum('min', 'q')} {write.optimum('max', 'D')} "
        f"{write.expectation([prior], write.log('D(z)'))} + {write.expectation([q], write.log('(1 - D(z))'))}"
    )
    bound = f"{write.optimum('max', 'p,q')} {write.expectation([q], write.log(likelihood))}"
    texts = [game] if source.chance(0.5) else [bound, game]
    return Model(texts if len(texts) > 1 else texts[0], over.bindings, {"dims": over.data("x")}, source.whole(1, 4))
