"""Mixtures: drawn, scored, their means and variances, against torch.distributions and the literal reference."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm.runtime.distribution import Distribution
from tests.support.distributions import (
    assert_answers_of_the_reference,
    assert_draws_of_the_reference,
    assert_moments_of_draws,
)

pytestmark = pytest.mark.usefixtures("double")
WEIGHTS = torch.tensor([0.3, 0.7], dtype=torch.float64)
LOC = torch.tensor([[0.0, 1.0], [3.0, -2.0]], dtype=torch.float64)
SCALE = torch.tensor([[1.0, 0.5], [2.0, 1.5]], dtype=torch.float64)


@pytest.fixture
def double() -> object:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def same_family(loc: Tensor = LOC, scale: Tensor = SCALE, weights: Tensor = WEIGHTS) -> td.MixtureSameFamily:
    return td.MixtureSameFamily(td.Categorical(weights), td.Independent(td.Normal(loc, scale), 1))


def indexed() -> Distribution:
    bound = {"pi": WEIGHTS, "mu": nn.Parameter(LOC.clone()), "sigma": SCALE}
    return f2d.distribution(r"p(x) = \sum_{k=1}^2 \pi_k N(x; \mu_k, \sigma_k^2 I)", bound)


def term_by_term() -> Distribution:
    bound = {"a": LOC[0], "b": LOC[1], "s": SCALE[0], "t": SCALE[1]}
    return f2d.distribution("p(x) = 0.3 N(x; a, s^2 I) + 0.7 N(x; b, t^2 I)", bound)


def value_by_value() -> Distribution:
    return f2d.distribution(
        r"\sum_z p(x|z) p(z)",
        {
            "p(x|z=0)": f2d.Normal(loc=LOC[0], scale=SCALE[0]),
            "p(x|z=1)": f2d.Normal(loc=LOC[1], scale=SCALE[1]),
            "p(z)": f2d.Categorical(probs=WEIGHTS),
        },
    )


def value_by_value_one_hot() -> Distribution:
    return f2d.distribution(
        "p(x|z) p(z)",
        {
            "p(x|z=0)": f2d.Normal(loc=LOC[0], scale=SCALE[0]),
            "p(x|z=1)": f2d.Normal(loc=LOC[1], scale=SCALE[1]),
            "p(z)": f2d.Categorical(probs=WEIGHTS, one_hot=True),
        },
    ).marginalize("z")


def rows() -> nn.Embedding:
    return nn.Embedding.from_pretrained(LOC, freeze=False)


def by_a_network() -> Distribution:
    scale = nn.Embedding.from_pretrained(SCALE)
    return f2d.distribution(
        "p(x|z) p(z)",
        {"p(x|z)": f2d.Normal(loc=rows(), scale=scale), "p(z)": f2d.Categorical(probs=WEIGHTS)},
    ).marginalize("z")


ALL = [indexed, term_by_term, value_by_value, value_by_value_one_hot, by_a_network]


@pytest.mark.parametrize("make", ALL)
def test_density_and_moments_are_those_of_torch(make: Callable[[], Distribution]) -> None:
    made, law = make(), same_family()
    x = torch.randn(5, 2)
    torch.testing.assert_close(made.log_prob(x=x), law.log_prob(x))
    torch.testing.assert_close(made.mean(), law.mean)
    torch.testing.assert_close(made.variance(), law.variance)


@pytest.mark.parametrize("make", ALL)
def test_draws_have_these_moments(make: Callable[[], Distribution]) -> None:
    assert_moments_of_draws(make())


@pytest.mark.parametrize("make", ALL)
def test_generated_code_is_the_reference(make: Callable[[], Distribution]) -> None:
    made = make()
    assert_answers_of_the_reference(made, {"x": torch.randn(4, 2)}, "log_prob", "mean", "variance")
    if make is not value_by_value_one_hot:  # the noise of a one-hot category is its vector
        assert_draws_of_the_reference(made, 6)


def test_gradients_of_moments_reach_weights_and_components() -> None:
    weights, loc = nn.Parameter(WEIGHTS.clone()), nn.Parameter(LOC.clone())
    made = f2d.distribution(r"p(x) = \sum_{k=1}^2 \pi_k N(x; \mu_k, I)", {"pi": weights, "mu": loc})
    mean = (weights[:, None] * loc).sum(0)
    expected = (weights[:, None] * (1 + (loc - mean) ** 2)).sum()
    found = torch.autograd.grad(made.variance().sum(), [weights, loc])
    torch.testing.assert_close(found, torch.autograd.grad(expected, [weights, loc]))


def test_components_of_two_families() -> None:
    bound = {"q(z|x)": f2d.Normal(loc="x", scale=1.0), "q(z|y)": f2d.Laplace(loc="y", scale=1.0)}
    made = f2d.distribution("q(z|x,y) = 0.25 q(z|x) + 0.75 q(z|y)", bound)
    x, y = torch.zeros(3, 2), torch.full((3, 2), 4.0)
    torch.testing.assert_close(made.mean(x=x, y=y), torch.full((3, 2), 3.0))
    # within: 0.25 * 1 + 0.75 * 2; between: 0.25 * 3^2 + 0.75 * 1^2
    torch.testing.assert_close(made.variance(x=x, y=y), torch.full((3, 2), 1.75 + 3.0))
    assert_moments_of_draws(made, x=x, y=y)
    assert_draws_of_the_reference(made, 5, {"x": x, "y": y})
    assert_answers_of_the_reference(made, {"x": x, "y": y, "z": x + 1}, "log_prob", "mean", "variance")
    assert {each.name for each in made.program.sites} == {"z_component", "q(z|x)", "q(z|y)"}


def test_equal_weights_before_the_sum() -> None:
    made = f2d.distribution(r"p(x) = \frac12 \sum_{k=1}^2 N(x; \mu_k, I)", {"mu": LOC})
    torch.testing.assert_close(made.mean(), LOC.mean(0))
    torch.testing.assert_close(made.variance(), 1 + LOC.var(0, correction=0))
    assert_moments_of_draws(made)


def test_learned_weights_are_normalised() -> None:
    made = f2d.distribution(r"p(x) = \sum_{k=1}^3 \pi_k N(x; \mu_k, I)", scaffold=True, dims={"x": 2})
    x = made.sample(20_000)["x"].detach()
    error = (made.variance() / 20_000).sqrt().detach()
    assert bool(((x.mean(0) - made.mean().detach()).abs() < 6 * error).all())


def test_two_hidden_categories_in_a_chain() -> None:
    """p(x|b) p(b|a) p(a): the law of total variance over both."""
    torch.manual_seed(1)
    given = nn.Embedding(2, 2)
    made = f2d.distribution(
        "p(x|b) p(b|a) p(a)",
        {
            "p(x|b)": f2d.Normal(loc=rows(), scale=0.5),
            "p(b|a)": f2d.Categorical(logits=given),
            "p(a)": f2d.Categorical(probs=WEIGHTS),
        },
    ).marginalize("a", "b")
    weights = WEIGHTS @ given.weight.softmax(-1)
    law = same_family(LOC, torch.full((2, 2), 0.5), weights.detach())
    torch.testing.assert_close(made.mean(), law.mean)
    torch.testing.assert_close(made.variance(), law.variance)
    assert_moments_of_draws(made)
    assert_answers_of_the_reference(made, {"x": torch.randn(4, 2)}, "log_prob", "mean", "variance")


def test_what_has_no_answer_is_refused_with_a_hint() -> None:
    made = indexed()
    for call in (made.entropy, made.params):
        with pytest.raises(f2d.FormulaError) as caught:
            call()
        (found,) = caught.value.diagnostics
        assert found.code in ("F2D-0441", "F2D-0447") and found.hint


def test_a_mixture_with_a_component_without_a_mean() -> None:
    relaxed = f2d.RelaxedOneHotCategorical(logits=torch.zeros(3), temperature=0.5)
    made = f2d.distribution("p(x) = 0.5 q(x) + 0.5 r(x)", {"q(x)": relaxed, "r(x)": relaxed})
    with pytest.raises(f2d.FormulaError) as caught:
        made.mean()
    assert caught.value.diagnostics[0].code == "F2D-0446"
    assert made.sample(4)["x"].shape == (4, 3)


def test_a_mixture_of_unknown_size_is_refused() -> None:
    made = f2d.distribution("p(x) = 0.5 N(x; 0, 1) + 0.5 N(x; 3, 1)")
    for call in (made.sample, made.mean):
        with pytest.raises(f2d.FormulaError) as caught:
            call()
        assert caught.value.diagnostics[0].code == "F2D-0610"
    assert made.log_prob(x=torch.zeros(4, 2)).shape == (4,)


def test_a_given_category_chooses_the_density() -> None:
    made = f2d.distribution(
        "p(x|z)", {"p(x|z=0)": f2d.Normal(loc=LOC[0], scale=1.0), "p(x|z=1)": f2d.Normal(loc=LOC[1], scale=2.0)}
    )
    z = torch.tensor([1, 0, 1])
    torch.testing.assert_close(made.mean(z=z), LOC[z])
    torch.testing.assert_close(made.variance(z=z), torch.tensor([4.0, 1.0, 4.0])[:, None].expand(3, 2))
    assert made.sample(7, z=z)["x"].shape == (7, 3, 2)
    assert_moments_of_draws(made, z=z)


def test_the_posterior_of_a_mixture_by_value() -> None:
    bound = {
        "p(x|z=0)": f2d.Normal(loc=LOC[0], scale=SCALE[0]),
        "p(x|z=1)": f2d.Normal(loc=LOC[1], scale=SCALE[1]),
        "p(z)": f2d.Categorical(probs=WEIGHTS),
    }
    x = torch.randn(4, 2)
    logs = td.Independent(td.Normal(LOC, SCALE), 1).log_prob(x[:, None]) + WEIGHTS.log()
    made = f2d.distribution("p(z|x)", bound)
    torch.testing.assert_close(made.params(x=x)["logits"].softmax(-1), logs.softmax(-1))
    assert made.sample(5, x=x)["z"].shape == (5, 4)


def test_a_sum_over_two_indices() -> None:
    """The weights of the outer index are those of the inner one summed."""
    torch.manual_seed(0)
    rho, pi = torch.tensor([0.9, 0.1]), torch.tensor([0.3, 0.7])
    scale = torch.tensor([[0.1, 0.1], [6.0, 6.0]])
    made = f2d.distribution(
        r"p(x) = \sum_{j=1}^2 \sum_{k=1}^2 \rho_j \pi_k N(x; \mu_k, \sigma_j^2 I)",
        {"rho": rho, "pi": pi, "mu": LOC, "sigma": scale},
    )
    weights = (rho[:, None] * pi).flatten()
    law = same_family(LOC.repeat(2, 1), scale.repeat_interleave(2, 0), weights)
    x = torch.randn(4, 2)
    torch.testing.assert_close(made.log_prob(x=x), law.log_prob(x))
    torch.testing.assert_close(made.mean(), law.mean)
    torch.testing.assert_close(made.variance(), law.variance)
    assert made.sample(3)["x"].shape == (3, 2)
    assert_moments_of_draws(made)


def test_a_sum_over_two_categories_in_an_objective() -> None:
    torch.manual_seed(0)
    f, g = nn.Embedding(2, 2), nn.Embedding(2, 2)
    bound = {"f": f, "g": g, "p(y)": f2d.Categorical(probs=WEIGHTS), "p(z)": f2d.Categorical(probs=WEIGHTS.flip(0))}
    text = r"p(x) = \sum_y \sum_z p(y) p(z) N(x; f(y) + g(z), I)"
    made = f2d.distribution(text, bound)
    loc = (f.weight[:, None] + g.weight).detach().flatten(0, 1)
    law = same_family(loc, torch.ones(4, 2), (WEIGHTS[:, None] * WEIGHTS.flip(0)).flatten())
    torch.testing.assert_close(made.mean(), law.mean)
    torch.testing.assert_close(made.variance(), law.variance)
    assert_moments_of_draws(made)


def test_the_mean_of_every_part_of_a_plate() -> None:
    made = f2d.distribution(r"\prod_{i=1}^3 p(x_i|z)", {"p(x_i|z)": f2d.Normal(loc="z", scale=2.0)})
    z = torch.randn(4, 2)
    torch.testing.assert_close(made.mean(z=z), z[:, None].expand(4, 3, 2))
    torch.testing.assert_close(made.variance(z=z), torch.full((4, 3, 2), 4.0))
    assert_moments_of_draws(made, z=z)


def test_a_sum_over_all_components_inside_one_of_them() -> None:
    """The scale of a component is its share of all: a choice of one component leaves the sum over all alone."""
    size = torch.tensor([1.0, 3.0], dtype=torch.float64)
    text = r"p(x) = \sum_{k=1}^2 \pi_k N(x; \mu_k, (\frac{s_k}{\sum_{j=1}^2 s_j})^2 I)"
    law = f2d.distribution(["p(x)", text], {"pi": WEIGHTS, "mu": LOC, "s": size})
    share = (size / size.sum())[:, None].expand(2, 2)
    expected = td.MixtureSameFamily(td.Categorical(WEIGHTS), td.Independent(td.Normal(LOC, share), 1))
    torch.testing.assert_close(law.mean(), expected.mean)
    torch.testing.assert_close(law.variance(), expected.variance)
    assert_moments_of_draws(law)
