"""Joints that are factorised, several observations, products of experts, nested expectations, divergences by name."""

from __future__ import annotations

from tests.support.random_models import families
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_joint, _two_observed, _experts, _nested, _divergences))(source)


def _joint(source: Source) -> Model:
    """A factorisation as a statement, and an objective of the joint."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(families.OBSERVED))
    over.add("z", source.choice(families.CONTINUOUS))
    over.add("u", source.choice(families.CONTINUOUS))
    two = source.chance(0.5)
    likelihood = over.density("p", "x", ["z"])
    q = [over.density("q", "z", ["x"], sampled=True)]
    if two:
        factors = [likelihood, over.density("p", "z", ["u"]), over.density("p", "u")]
        q.append(over.density("q", "u", ["x", "z"], sampled=True))
        joint, posterior = write.density("p", ["x", "z", "u"]), write.density("q", ["z", "u"], ["x"])
    else:
        factors = [likelihood, over.density("p", "z")]
        joint, posterior = write.density("p", ["x", "z"]), q[0]
    statements = [f"{joint} = {' '.join(source.random.sample(factors, len(factors)))}"]
    if two:
        statements.append(f"{posterior} = {' '.join(reversed(q))}")
    ratio = write.log(write.ratio(joint, posterior))
    atoms = [write.log(joint), write.log(posterior), ratio, write.log(likelihood)]
    text = over.weights(write.expectation([posterior], source.terms(atoms)))
    return Model(
        [text, *statements],
        over.bindings,
        {**source.options(), "dims": over.data("x")},
        source.whole(1, 4),
        slope=over.slope,
    )


def _two_observed(source: Source) -> Model:
    """Two observations of one latent, each with a likelihood of its own."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(families.OBSERVED))
    over.add("y", source.choice(("real", "bits", "unit")))
    over.add("z", source.choice(families.CONTINUOUS))
    given = source.choice((["x", "y"], ["x"], ["y"]))
    q = over.density("q", "z", given, sampled=True)
    prior = over.density("p", "z", [])
    px, py = over.density("p", "x", ["z"]), over.density("p", "y", source.choice((["z"], ["x", "z"])))
    atoms = [write.log(px), write.log(py), write.log(f"{px} {py}"), write.log(write.ratio(f"{px} {py} {prior}", q))]
    text = f"{write.expectation([q], source.terms(atoms))} - {source.scaled(write.divergence(q, prior))}"
    over.weights(text)
    return Model(
        text, over.bindings, {**source.options(), "dims": over.data("x", "y")}, source.whole(1, 4), slope=over.slope
    )


def _experts(source: Source) -> Model:
    """A posterior that is a product of experts of two observations."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits")))
    over.add("y", source.choice(("real", "bits")))
    over.add("z")
    experts = [over.density("q", "z", [each], "Normal") for each in ("x", "y")]
    prior = over.density("p", "z", [], "Normal")
    px, py = over.density("p", "x", ["z"]), over.density("p", "y", ["z"])
    q = write.density("q", "z", ["x", "y"])
    factors = [*experts, *([prior] if source.chance(0.5) else [])]
    declared = rf"{q} \propto {' '.join(factors)}"
    body = write.expectation([q], source.terms([write.log(px), write.log(py), write.log(f"{px} {py}")]))
    ending = source.choice((write.divergence(q, prior), write.expectation([q], write.log(write.ratio(q, prior)))))
    text = over.weights(f"{body} - {source.scaled(ending)}")
    options = {**source.options(), "dims": over.data("x", "y")}
    return Model([text, declared], over.bindings, options, source.whole(1, 3))


def _nested(source: Source) -> Model:
    """Expectations inside each other, with functions between them."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits")))
    over.add("z", source.choice(families.CONTINUOUS))
    over.add("u", source.choice(("real", "positive", "unit")))
    q = over.density("q", "z", ["x"], sampled=True)
    r = over.density("r", "u", source.choice((["z"], ["x", "z"])), sampled=True)
    likelihood = over.density("p", "x", ["z", "u"])
    over.network("f", over.sizes["z"], None)
    inner = write.expectation([r], source.choice((write.log(likelihood), write.squared_norm("u"), write.log(r))))
    outer = source.choice(
        (
            inner,
            f"{write.log(write.density('q', 'z', 'x'))} - 0.5 {inner}",
            write.function("exp", f"0.01 {inner}"),
            f"({inner} - f(z))^2",
            f"f(z) {inner}",
            write.function("tanh", f"0.1 {inner}"),
        )
    )
    first = write.expectation([q], outer)
    text = source.choice((first, f"{first} + {write.expectation([q], 'f(z)^2')}", f"{first} - {write.entropy(q)}"))
    return Model(
        text, over.bindings, {**source.options(), "dims": over.data("x")}, source.whole(1, 4), slope=over.slope
    )


def _divergences(source: Source) -> Model:
    """Divergences and entropies of two densities over one variable, given the data or nothing."""
    write, over = source.write, Variables(source)
    over.add("x")
    space = source.choice((*families.CONTINUOUS, "bits", "classes"))
    over.add("z", space)
    among = [each for each in families.SPACES[space] if each != "FactorizedBernoulli"]
    q = over.density("q", "z", ["x"], source.choice(among), sampled=True)
    p = over.density("p", "z", source.choice(([], ["x"])), source.choice(among), sampled=True)
    terms = [write.divergence(q, p), write.divergence(p, q), write.entropy(q), write.divergence(q, p)]
    if space in ("bits", "classes") or over.drawn == {"Normal"}:
        terms.append(write.divergence(q, p, "JS"))
        terms += [f"D_{{{each}}}[{q} || {p}]" for each in ("TV", "J", "0.5")]
        terms += [rf"{write.name('chi')}^2[{q} || {p}]"]
    if over.drawn == {"Normal"}:
        terms += [f"W_2^2[{q} || {p}]"]
    text = over.weights(source.added([source.scaled(each) for each in source.some(terms, 1, 3)]))
    options = {**source.options(), "dims": over.data("x")}
    return Model(text, over.bindings, options, source.whole(1, 4), slope=over.slope)
