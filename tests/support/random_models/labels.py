"""Data sets of their own, with labels and without, and weights that are held constant."""

from __future__ import annotations

from tests.support.random_models import families
from tests.support.random_models.source import Model, Source
from tests.support.random_models.variables import Variables


def model(source: Source) -> Model:
    return source.choice((_two_sets, _held, _held))(source)


def _two_sets(source: Source) -> Model:
    """A term of labelled data beside a bound of unlabelled ones, which sums over the label."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(("real", "bits", "positive")))
    over.add("y", "bits", 2)
    q = over.density("q", "y", ["x"], "Bernoulli")
    likelihood = over.density("p", "x", ["y"])
    prior = over.density("p", "y", [], "Bernoulli")
    del q, likelihood, prior

    def at(label: str) -> tuple[str, str, str, str]:
        x, y = f"x_{label}", "y_l" if label == "l" else "y"
        return y, write.density("q", y, x), write.density("p", x, y), write.density("p", y)

    _, q_l, p_l, prior_l = at("l")
    _, q_u, p_u, prior_u = at("u")
    labelled = source.terms([write.log(q_l), write.log(p_l), write.log(f"{p_l} {prior_l}")])
    inside = source.terms([write.log(p_u), write.log(prior_u), write.log(write.ratio(f"{p_u} {prior_u}", q_u))])
    unlabelled = f"{write.expectation([q_u], inside)} + {source.scaled(write.entropy(q_u))}"
    text = (
        f"{write.expectation(['p_l(x_l, y_l)'], labelled)} + {source.choice(('', '2 ', '0.1 '))}"
        f"{write.expectation(['p_u(x_u)'], unlabelled)}"
    )
    over.weights(text)
    sizes = {f"{name}_{label}": over.sizes[name] for name, label in (("x", "l"), ("y", "l"), ("x", "u"))}
    return Model(text, over.bindings, {"maximize": True, "dims": sizes}, source.whole(1, 4))


def _held(source: Source) -> Model:
    """Densities whose parameters, values or draws are held constant in places."""
    write, over = source.write, Variables(source)
    over.add("x", source.choice(families.OBSERVED))
    over.add("z", source.choice(families.CONTINUOUS))
    q = over.density("q", "z", ["x"], sampled=True)
    likelihood, prior = over.density("p", "x", ["z"]), over.density("p", "z")
    over.network("f", over.sizes["z"], None)
    atoms = [
        write.log(likelihood),
        write.log(write.stopped(q)),
        write.stopped(write.log(q)),
        write.times(write.stopped(write.log(likelihood)), write.log(q)),
        write.times("f(z)", write.log(prior)),
        write.times(write.stopped("f(z)"), write.log(prior)),
        f"({write.log(prior)} - {write.stopped('f(z)')})^2",
        "f(sg[z])" if not write.latex else r"f(\mathrm{sg}[z])",
    ]
    text = write.expectation([q], source.terms(atoms, 4))
    if source.chance(0.3):
        text += " - " + write.divergence(q, prior)
    over.weights(text)
    options = {**source.options(), "dims": over.data("x")}
    return Model(text, over.bindings, options, source.whole(1, 4), slope=over.slope)
