"""The same models without any binding: spaces and sizes are said, defaults stand in for every density and network."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.random_models import diffusions, games
from tests.support.random_models.source import Model, Source


def model(source: Source) -> Model:
    made = source.choice((_bound, _bound, _steps, _unbound(games.model), _unbound(diffusions.model)))(source)
    made.options["scaffold"] = True
    return made


def _unbound(drawn: Callable[[Source], Model]) -> Callable[[Source], Model]:
    """A model of another kind whose bindings are left out."""

    def unbound(source: Source) -> Model:
        made = drawn(source)
        made.bindings = {}
        return made

    return unbound


def _bound(source: Source) -> Model:
    """A bound of one or two latents, real or of bits, with a joint, an entropy, draws."""
    write = source.write
    bits = source.chance(0.3)
    given = source.choice((["x"], ["x"], ["x", "y"]))
    behind = ["z", *given[1:]]
    q, likelihood, prior = write.density("q", "z", given), write.density("p", "x", behind), write.density("p", "z")
    atoms = [write.log(likelihood), write.log(prior), write.log(q), write.log(write.ratio(f"{likelihood} {prior}", q))]
    text = source.added([write.expectation([q], source.terms(atoms)), *source.some([write.divergence(q, prior)], 0)])
    options: dict[str, object] = {"maximize": True, "dims": {"x": source.whole(1, 4), "y": 2}}
    if "y" not in given:
        options["dims"] = {"x": source.whole(1, 4)}
    if source.chance(0.3) and not bits:
        options["samples"] = 2
    space = write.element("z", "{0,1}" if bits else "R", source.whole(1, 3))
    statements = [text, space]
    if source.chance(0.3):
        statements.append(write.element("x", "{0,1}", options["dims"]["x"]))  # type: ignore[index]
    return Model(statements, {}, options, source.whole(1, 3))


def _steps(source: Source) -> Model:
    """A sequence with latents, by default networks."""
    write = source.write
    written = source.choice((["x_t"], ["z_{t-1}", "x_t"], ["x_{t}", "h_{t-1}"], ["z_{t-1}", "x_{1:T}"]))
    q = write.density("q", "z_t", written)
    state = "h_{t-1}" in written
    likelihood = write.density("p", "x_t", ["z_t", "h_{t-1}"] if state else ["z_t"])
    prior = write.density("p", "z_t", ["h_{t-1}"] if state else ["z_{t-1}"])
    body = source.choice(
        (
            f"({write.expectation([q], write.log(likelihood))} - {write.divergence(q, prior)})",
            write.expectation([q], write.log(write.ratio(f"{likelihood} {prior}", q))),
        )
    )
    size = source.whole(1, 3)
    statements = [
        write.sum("t", "1", "T", body),
        write.element("z_t", "R", source.whole(1, 3)),
        write.element("x_t", "R", size),
    ]
    if state:
        statements += ["h_t = f(x_t, z_t, h_{t-1})", write.element("h_t", "R", 3)]
    return Model(statements, {}, {"maximize": True}, source.whole(1, 2))
