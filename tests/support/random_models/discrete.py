"""Discrete latents: exact sums, score functions, relaxations, straight-through gradients, beside continuous ones."""

from __future__ import annotations

import formula2dgm as f2d
from tests.support.random_models import families
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables

#: Of a discrete draw: what sums over it, and what draws it.
ESTIMATORS = ("enumerate", "enumerate", "score", "relaxed", "straight-through")


def model(source: Source) -> Model:
    """One or two discrete variables, sometimes a continuous one that depends on the first."""
    over = Variables(source)
    over.add("x", source.choice(families.OBSERVED))
    space = source.choice(families.DISCRETE)
    over.add("c", space, 3)
    family = "Bernoulli" if space == "bits" else "Categorical"
    shape = source.choice(("alone", "alone", "continuous", "chain"))
    draws = [over.density("q", "c", ["x"], family, sampled=True)]
    priors = [over.density("p", "c", [], family)]
    behind = ["c"]
    if shape == "continuous":
        over.add("z", source.choice(families.CONTINUOUS))
        draws.append(over.density("q", "z", ["x", "c"], sampled=True))
        priors.append(over.density("p", "z", ["c"]))
        behind = source.choice((["z"], ["z", "c"]))
    elif shape == "chain":
        over.add("b", "bits", 2)
        draws.append(over.density("q", "b", ["c"], "Bernoulli", sampled=True))
        priors.append(over.density("p", "b", [], "Bernoulli"))
        behind = ["b", "c"]
    likelihood = over.density("p", "x", behind)
    estimators = {each: _estimator(source) for each in ("c", "b") if each in over.sizes}
    relaxed = any(isinstance(each, f2d.Relaxed) and each.densities is None for each in estimators.values())
    text = over.weights(_objective(source, likelihood, draws, priors, relaxed))
    options = source.options()
    if relaxed and options.get("divergences") == "sampled":
        del options["divergences"]  # a sampled divergence has the densities at the relaxed value
    options["dims"] = over.data("x")
    options["estimators"] = {name: each for name, each in estimators.items() if each != "enumerate"}
    if not options["estimators"] and source.chance(0.5):
        options.pop("samples", None)
    return Model(text, over.bindings, options, source.whole(1, 3), slope=over.slope)


def _estimator(source: Source) -> object:
    match source.choice(ESTIMATORS):
        case "score":
            return f2d.Score(source.choice((None, "batch")))
        case "relaxed":
            return f2d.Relaxed(source.number(0.3, 2), source.choice((None, "relaxed", "mass")))
        case other:
            return other


def _objective(source: Source, likelihood: str, draws: list[str], priors: list[str], relaxed: bool) -> str:
    """``relaxed``: the densities of a relaxed draw have no meaning that was chosen, so that none is written."""
    write = source.write
    posterior, prior = " ".join(draws), " ".join(priors)
    atoms = [write.log(likelihood), write.log(likelihood), write.squared_norm("c")]
    if not relaxed:
        atoms += [
            write.log(prior),
            write.log(posterior),
            write.log(write.ratio(f"{likelihood} {prior}", posterior)),
        ]
    bracket = write.expectation(draws, source.terms(atoms))
    terms = [bracket, write.expectation(draws, source.terms(atoms)), f"({bracket})^2"]
    terms += [write.divergence(draws[0], priors[0]), write.entropy(draws[0])]
    return source.added([bracket, *(source.scaled(each) for each in source.some(terms, 0, 2))])
