"""Hierarchies of latents under sums of bounds, divergences, entropies and functions of them."""

from __future__ import annotations

import formula2dgm as f2d
from tests.support.random_models import families
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables

LEVELS = ("z", "u", "w")


def model(source: Source) -> Model:
    """A chain of one to three latents, its likelihood, and an objective over them."""
    chain = Variables(source)
    levels = list(LEVELS[: source.choice((1, 1, 1, 1, 2, 2, 3))])
    condition = ["y"] if source.chance(0.3) else []
    chain.add("x", source.choice(families.OBSERVED))
    chain.add("y", "real", 2)
    for each in levels:
        chain.add(each, source.choice(families.CONTINUOUS))
    first = levels[0]
    likelihood = chain.density("p", "x", [first, *condition])
    draws, priors = [], []
    for place, each in enumerate(levels):
        given = ["x", *condition] if place == 0 else [levels[place - 1]]
        draws.append(chain.density("q", each, given, sampled=True))
        above = levels[place + 1 : place + 2]
        priors.append(chain.density("p", each, above))
    text = _objective(source, chain, levels, likelihood, draws, priors)
    return Model(
        text,
        chain.bindings,
        {**_options(source, chain, levels, text), "dims": chain.data("x", *condition)},
        batch=source.whole(1, 4),
        slope=chain.slope,
    )


def _objective(
    source: Source, chain: Variables, levels: list[str], likelihood: str, draws: list[str], priors: list[str]
) -> str:
    write = source.write
    prior, posterior = " ".join(priors), " ".join(reversed(draws))
    first = levels[0]
    atoms = [
        write.log(likelihood),
        write.log(prior),
        write.log(posterior),
        write.squared_norm(first),
        write.log(write.ratio(f"{likelihood} {priors[0]}", draws[0])),
        write.log(write.ratio(f"{likelihood} {prior}", posterior)),
        f"({write.log(likelihood)} - {write.log(draws[0])})",
        write.stopped(write.log(likelihood)),
    ]

    def bound() -> str:
        return write.expectation(draws, source.terms(atoms))

    terms = [
        bound,
        bound,
        lambda: write.entropy(draws[0]),
        lambda: write.times(f"({bound()})", f"({bound()})"),
        lambda: f"({bound()})^2",
        lambda: write.function("exp", f"0.01 {bound()}"),
        lambda: write.times(write.stopped(bound()), bound()),
    ]
    if len(levels) == 1:
        terms += [lambda: write.divergence(draws[0], priors[0])] * 2
    elif len(levels) == 2:
        inner = write.divergence(draws[1], priors[1])
        terms.append(lambda: write.expectation(draws[:1], f"{write.log(likelihood)} - {inner}"))
    text = source.added([source.scaled(source.choice(terms)()) for _ in range(source.choice((1, 1, 2, 2, 3)))])
    return chain.weights(text)


def _options(source: Source, chain: Variables, levels: list[str], text: str) -> dict[str, object]:
    """Options, and of some models the score function in the place of pathwise gradients, with baselines."""
    options = source.options()
    learned = not any(isinstance(each, f2d.SphericalUniform) for each in chain.bindings.values())
    if source.chance(0.2) and text.count("_{") >= len(levels) and learned:
        chosen = {each: f2d.Score(source.choice((None, None, "batch"))) for each in levels if source.chance(0.7)}
        if chosen:
            options["estimators"] = chosen
    return options
