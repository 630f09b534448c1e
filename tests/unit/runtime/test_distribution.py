"""f2d.distribution: what it draws, scores and says of its laws."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, distributions, nn

import formula2dgm as f2d
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.distribution import Distribution
from formula2dgm.runtime.reference import Reference


def linear(n: int, m: int, seed: int = 0) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(n, m, dtype=torch.float64)


def latent() -> Distribution:
    """p(x|z) p(z) with z of 2 and x of 3 dimensions."""
    return f2d.distribution(
        "p(x|z) p(z)",
        {
            "p(x|z)": f2d.Normal(loc=linear(2, 3), scale=0.5),
            "p(z)": f2d.Normal(loc=torch.tensor([1.0, -1.0], dtype=torch.float64), scale=2.0),
        },
    )


def mixture() -> Distribution:
    """p(x|y) p(y) with three values of y."""
    return f2d.distribution(
        "p(x|y) p(y)",
        {
            "p(x|y)": f2d.Normal(loc=nn.Embedding(3, 2, dtype=torch.float64), scale=0.5),
            "p(y)": f2d.Categorical(probs=torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)),
        },
    )


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)


def refused(code: str, call: object, *args: object, **values: object) -> f2d.FormulaError:
    with pytest.raises(f2d.FormulaError) as caught:
        call(*args, **values)  # type: ignore[operator]
    assert [each.code for each in caught.value.diagnostics] == [code]
    return caught.value


# -- the literal reference -----------------------------------------------------------------------------


def reference(made: Distribution, data: dict[str, Tensor], noise: dict[str, Tensor] | None = None) -> Reference:
    program = made.program
    return Reference(
        program,
        {each.name: getattr(made, each.name) for each in program.networks},
        data,
        noise or {},
        {},
        {each.name: getattr(made, each.name) for each in program.parameters},
    )


def programs() -> list[tuple[Distribution, dict[str, Tensor]]]:
    torch.manual_seed(1)
    x, z, y = (torch.randn(4, n, dtype=torch.float64) for n in (3, 2, 2))
    declared = f2d.distribution(
        ["p(x|z,y) q(z|y)", "p(x|z,y) = N(x; f(z, y), s^2 I)", "q(z|y) = N(z; y, I)"],
        {"f": nn.Bilinear(2, 2, 3, dtype=torch.float64), "s": 0.3},
    )
    return [
        (latent(), {"x": x, "z": z}),
        (mixture().marginalize("y"), {"x": z}),
        (declared, {"x": x, "z": z, "y": y}),
        (latent().rename(z="w"), {"x": x, "w": z}),
    ]


@pytest.mark.parametrize("number", range(4))
def test_log_densities_are_those_of_the_reference(number: int) -> None:
    made, data = programs()[number]
    (query,) = [each for each in made.program.queries if each.name == "log_prob"]
    expected = reference(made, data)(query.nodes[0], {})
    assert expected.tensor.shape == (4,)
    torch.testing.assert_close(made.log_prob(**data), expected.tensor)


def test_draws_are_those_of_the_reference() -> None:
    made = f2d.distribution(
        "p(x|z) q(z|y)",
        {"p(x|z)": f2d.Normal(loc=linear(2, 3), scale=0.5), "q(z|y)": f2d.Normal(loc=linear(1, 2), scale=2.0)},
    )
    y = torch.randn(4, 1, dtype=torch.float64)
    noise = {"z": torch.randn(5, 4, 2, dtype=torch.float64), "x": torch.randn(5, 4, 3, dtype=torch.float64)}
    drawn = made.sample(5, y=y, noise=noise)
    (query,) = [each for each in made.program.queries if each.name == "sample"]
    literal = reference(made, {"y": y}, noise)
    for name, node in query.answers:
        (axis,) = [each for each in node.axes if each.kind == "sample"]
        expected = torch.stack([literal(node, {axis: k}).tensor for k in range(5)])
        torch.testing.assert_close(drawn[name], expected)


def test_the_programs_are_sound() -> None:
    for made, _ in programs():
        run_passes(verify(made.program), debug=True)


# -- drawing -------------------------------------------------------------------------------------------


def test_shapes_of_draws() -> None:
    d = latent()
    assert {name: tuple(each.shape) for name, each in d.sample(5).items()} == {"x": (5, 3), "z": (5, 2)}
    assert {name: tuple(each.shape) for name, each in d.sample().items()} == {"x": (1, 3), "z": (1, 2)}
    assert {name: tuple(each.shape) for name, each in d.sample(z=zeros(4, 2)).items()} == {"x": (4, 3)}
    assert {name: tuple(each.shape) for name, each in d.sample(5, z=zeros(4, 2)).items()} == {"x": (5, 4, 3)}
    assert d.sample(5, z=zeros(7, 4, 2))["x"].shape == (5, 7, 4, 3)
    assert d.sample(5)["x"].dtype == torch.float64


def test_the_order_written_does_not_matter() -> None:
    noise = {"z": torch.randn(6, 2, dtype=torch.float64), "x": torch.randn(6, 3, dtype=torch.float64)}
    bindings = {
        "p(x|z)": f2d.Normal(loc=linear(2, 3), scale=0.5),
        "p(z)": f2d.Normal(loc=zeros(2), scale=2.0),
    }
    one, other = (f2d.distribution(each, bindings).sample(6, noise=noise) for each in ("p(x|z) p(z)", "p(z) p(x|z)"))
    torch.testing.assert_close(one, dict(other))
    torch.testing.assert_close(one["z"], 2 * noise["z"])


def test_moments_of_draws() -> None:
    """E[x] = A E[z] + b and Cov[x] = A A^T 2^2 + 0.5^2 I, within six standard errors."""
    torch.manual_seed(3)
    d, n = latent(), 20_000
    x = d.sample(n)["x"].detach()
    layer = linear(2, 3)
    mean = layer(torch.tensor([1.0, -1.0], dtype=torch.float64)).detach()
    cov = (layer.weight @ layer.weight.T * 4 + 0.25 * torch.eye(3, dtype=torch.float64)).detach()
    assert ((x.mean(0) - mean).abs() < 6 * (cov.diagonal() / n).sqrt()).all()
    errors = ((torch.outer(cov.diagonal(), cov.diagonal()) + cov**2) / n).sqrt()
    assert ((x.T.cov() - cov).abs() < 6 * errors).all()


def test_gradients_pass_through_draws() -> None:
    d = latent()
    d.sample(8)["x"].sum().backward()
    (layer,) = d.children()
    assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0


# -- laws ----------------------------------------------------------------------------------------------

A, B = torch.tensor([0.5, 2.0], dtype=torch.float64), torch.tensor([1.5, 3.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("bound", "law"),
    [
        (f2d.Normal(loc=A, scale=B), distributions.Normal(A, B)),
        (f2d.Laplace(loc=A, scale=B), distributions.Laplace(A, B)),
        (f2d.Gamma(concentration=A, rate=B), distributions.Gamma(A, B)),
        (f2d.Beta(concentration1=A, concentration0=B), distributions.Beta(A, B)),
        (f2d.Poisson(rate=A), distributions.Poisson(A)),
        (f2d.Dirichlet(concentration=A), distributions.Dirichlet(A)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_means_and_variances(bound: object, law: distributions.Distribution) -> None:
    d = f2d.distribution("p(x)", {"p(x)": bound})
    torch.testing.assert_close(d.mean(), law.mean)
    torch.testing.assert_close(d.variance(), law.variance)
    assert d.sample(4)["x"].shape == (4, 2)


def test_several_variables() -> None:
    d = f2d.distribution(
        "p(a|x) p(b|x)",
        {"p(a|x)": f2d.Normal(loc="x", scale=1.0), "p(b|x)": f2d.Laplace(loc=linear(2, 4), scale=2.0)},
    )
    x = torch.randn(3, 2, dtype=torch.float64)
    assert {name: tuple(each.shape) for name, each in d.mean(x=x).items()} == {"a": (3, 2), "b": (3, 4)}
    assert {name: sorted(each) for name, each in d.params(x=x).items()} == {
        "a": ["loc", "scale"],
        "b": ["loc", "scale"],
    }
    entropy = 2 * 0.5 * (1 + math.log(2 * math.pi)) + 4 * (1 + math.log(2 * 2.0))
    torch.testing.assert_close(d.entropy(x=x), torch.full((3,), entropy, dtype=torch.float64))


def test_numbers_fill_the_event_shape() -> None:
    d = f2d.distribution("p(x)", {"p(x)": f2d.Normal(loc=1.0, scale=2.0, event_shape=3)})
    torch.testing.assert_close(d.mean(), torch.ones(3))
    torch.testing.assert_close(d.variance(), torch.full((3,), 4.0))
    torch.testing.assert_close(d.params(), {"loc": torch.ones(3), "scale": torch.full((3,), 2.0)})


def test_conditioning_on_drawn_variables() -> None:
    d, z = latent(), torch.randn(4, 2, dtype=torch.float64)
    torch.testing.assert_close(d.mean(z=z), linear(2, 3)(z))
    torch.testing.assert_close(
        d.entropy(z=z), torch.full((4,), 3 * (0.5 * (1 + math.log(2 * math.pi)) + math.log(0.5)), dtype=torch.float64)
    )


# -- scoring -------------------------------------------------------------------------------------------


def test_leading_axes_are_broadcast() -> None:
    d = latent()
    torch.manual_seed(0)
    x, z = torch.randn(4, 3, dtype=torch.float64), torch.randn(5, 4, 2, dtype=torch.float64)
    made = d.log_prob(x=x, z=z)
    torch.testing.assert_close(made, torch.stack([d.log_prob(x=x, z=each) for each in z]))
    torch.testing.assert_close(d.log_prob(x=x[0], z=z[0, 0]), made[0, 0])
    refused("F2D-0605", d.log_prob, x=x, z=z[:, :3])


def test_values_keep_their_dtype() -> None:
    d = f2d.distribution("p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0)})
    for dtype in (torch.float32, torch.float64):
        made = d.log_prob(x=torch.zeros(2, 3, dtype=dtype))
        torch.testing.assert_close(made, torch.full((2,), -1.5 * math.log(2 * math.pi), dtype=dtype))


def test_keys_are_formulas() -> None:
    d = f2d.distribution(r"p(\hat x|z)", {r"p(\hat x|z)": f2d.Normal(loc="z", scale=1.0)})
    assert d.log_prob({r"\hat x": zeros(4, 2), "z": zeros(4, 2)}).shape == (4,)
    assert d.sample(3, {"z": zeros(4, 2)})["x_hat"].shape == (3, 4, 2)


def test_a_finite_variable_is_summed_out() -> None:
    d, x = mixture(), torch.randn(4, 2, dtype=torch.float64)
    parts = torch.stack([d.log_prob(x=x, y=torch.full((4,), k)) for k in range(3)])
    marginal = d.marginalize("y")
    torch.testing.assert_close(marginal.log_prob(x=x), torch.logsumexp(parts, 0))
    assert list(marginal.sample(5)) == ["x"]
    assert marginal.latex == r"\int p(x \mid y) p(y) \, dy"


def test_what_nothing_depends_on_integrates_to_one() -> None:
    d, z = latent(), torch.randn(4, 2, dtype=torch.float64)
    prior = distributions.Normal(torch.tensor([1.0, -1.0], dtype=torch.float64), 2.0)
    torch.testing.assert_close(d.marginalize("x").log_prob(z=z), prior.log_prob(z).sum(-1))


@pytest.mark.parametrize("text", [r"\sum_y p(x|y) p(y)", r"p(x) = \sum_y p(x|y) p(y)", r"\int p(x|y) p(y) \, dy"])
def test_marginals_as_papers_write_them(text: str) -> None:
    bindings = {
        "p(x|y)": f2d.Normal(loc=nn.Embedding(3, 2, _weight=torch.eye(3, 2)), scale=1.0),
        "p(y)": f2d.Categorical(probs=torch.tensor([0.5, 0.25, 0.25])),
    }
    d = f2d.distribution(text, bindings)
    near = [0.5 * math.exp(-0.5), 0.25 * math.exp(-0.5), 0.25]
    torch.testing.assert_close(
        d.log_prob(x=torch.zeros(1, 2)), torch.tensor([math.log(sum(near)) - math.log(2 * math.pi)])
    )
    assert d.sample(3)["x"].shape == (3, 2)


def test_the_model_of_an_objective() -> None:
    bindings = {
        "q(z|x)": f2d.Normal(loc=linear(3, 2), scale=1.0),
        "p(x|z)": f2d.Normal(loc=linear(2, 3), scale=0.5),
        "p(z)": f2d.Normal(loc=zeros(2), scale=2.0),
    }
    objective = f2d.compile("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bindings)
    own = f2d.distribution("p(x|z) p(z)", {key: each for key, each in bindings.items() if key[0] == "p"})
    values = {"x": zeros(4, 3), "z": zeros(4, 2)}
    torch.testing.assert_close(objective.log_prob(**values), own.log_prob(**values))
    assert objective.as_distribution().sample(5, z=zeros(4, 2))["x"].shape == (5, 4, 3)
    assert objective.sample(5, z=zeros(4, 2))["x"].shape == (5, 4, 3)
    assert objective.sample(z=zeros(4, 2))["x"].shape == (4, 3)
    assert objective.sample()["x"].shape == (1, 3)
    refused("F2D-0708", objective.sample, 5, mean=True, z=zeros(4, 2))


def test_a_log_density_takes_a_whole_batch() -> None:
    """Data that it does not read are no error: one batch serves all that is asked of a model."""
    p = f2d.distribution("p(x|z)", {"p(x|z)": f2d.Normal(loc=torch.nn.Linear(2, 3), scale=1.0)})
    x, z = torch.zeros(4, 3), torch.zeros(4, 2)
    torch.testing.assert_close(p.log_prob(x=x, z=z, y=torch.zeros(4)), p.log_prob(x=x, z=z))
