"""Bounds of K draws: importance weights, their normalised sums, powers of them."""

from __future__ import annotations

import formula2dgm as f2d
from tests.support.random_models import families
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    """One latent, or a chain of two that are drawn together, K times."""
    over = Variables(source)
    over.add("x", source.choice(families.OBSERVED))
    discrete = source.chance(0.2)
    over.add("z", source.choice(families.DISCRETE if discrete else families.CONTINUOUS))
    levels = ["z"]
    draws = [over.density("q", "z", ["x"], sampled=True)]
    if source.chance(0.3):
        over.add("u", source.choice(families.CONTINUOUS))
        over.density("p", "z", ["u"])
        over.density("p", "u")
        draws.append(over.density("q", "u", ["z"], sampled=True))
        levels.append("u")
    else:
        over.density("p", "z")
    over.density("p", "x", ["z"])
    over.bindings["K"] = source.whole(2, 3)
    text = over.weights(_objective(source, levels))
    options = {**source.options(), "dims": over.data("x")}
    options.pop("samples", None)
    on_sphere = any(isinstance(each, f2d.SphericalUniform) for each in over.bindings.values())
    if discrete or (source.chance(0.25) and not on_sphere):
        options["estimators"] = dict.fromkeys(["z"] if on_sphere else levels, f2d.Score())
    return Model(text, over.bindings, options, source.whole(1, 3), slope=over.slope)


def _objective(source: Source, levels: list[str]) -> str:
    write = source.write

    def at(index: str) -> tuple[str, str, str]:
        """Likelihood, prior and posterior of the draw at an index."""
        z, u = f"z_{index}", f"u_{index}"
        likelihood = write.density("p", "x", z)
        if len(levels) == 1:
            return likelihood, write.density("p", z), write.density("q", z, "x")
        prior = f"{write.density('p', z, u)} {write.density('p', u)}"
        return likelihood, prior, f"{write.density('q', z, 'x')} {write.density('q', u, z)}"

    likelihood, prior, posterior = at("k")
    weight = write.ratio(f"{likelihood} {prior}", posterior)
    grouped = weight if write.latex else f"({weight})"
    power = source.choice(("0.5", "2", "0.3"))
    bodies = [
        write.log(write.mean("k", "K", weight)),
        write.log(write.sum("k", "1", "K", weight)),
        write.mean("k", "K", write.log(weight)),
        write.fraction("1", power) + " " + write.log(write.mean("k", "K", rf"\left({weight}\right)^{{{power}}}"))
        if write.latex
        else f"1/{power} " + write.log(write.mean("k", "K", f"({weight})^{power}")),
        write.mean("k", "K", f"({write.log(likelihood)} + {write.squared_norm('z_k')})"),
        write.log(write.mean("k", "K", grouped)) + " - " + write.mean("k", "K", write.log(posterior)),
    ]
    first = write.density("q", "z", "x")
    draws = [write.drawn("z_{1:K}", first)]
    if len(levels) == 2:
        draws = [f"{draws[0]}, {write.drawn('u_{1:K}', write.density('q', 'u', 'z'))}"]
    return write.expectation(draws, source.terms(bodies, 2))
