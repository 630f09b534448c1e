"""Linear-Gaussian marginals: density, moments, entropy and draws against the exact Normal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm.runtime.distribution import Distribution
from tests.support.distributions import assert_answers_of_the_reference, assert_moments_of_draws


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def assert_normal(made: Distribution, mean: Tensor, covariance: Tensor, variable: str = "x") -> None:
    law = td.MultivariateNormal(mean, covariance)
    x = torch.randn(5, len(mean))
    torch.testing.assert_close(made.log_prob(**{variable: x}), law.log_prob(x))
    torch.testing.assert_close(made.mean(), mean)
    torch.testing.assert_close(made.variance(), covariance.diagonal())
    torch.testing.assert_close(made.entropy(), law.entropy())
    assert_answers_of_the_reference(made, {variable: x}, "log_prob", "mean", "variance")
    assert_moments_of_draws(made)


A, B = torch.randn(3, 2, generator=torch.Generator().manual_seed(1)).double(), torch.tensor([1.0, -1.0, 0.5]).double()
PPCA = "p(x|z) = N(x; A z + b, s^2 I)"


@pytest.mark.parametrize("text", [r"\int p(x|z) p(z) dz", "p(x|z) p(z)"])
def test_probabilistic_principal_components(text: str) -> None:
    made = f2d.distribution([text, PPCA, "p(z) = N(z; 0, I)"], {"A": A, "b": B, "s": 0.3}, dims={"z": 2})
    made = made if "int" in text else made.marginalize("z")
    assert_normal(made, B, A @ A.mT + 0.09 * torch.eye(3))


def test_a_prior_with_a_mean_and_scales() -> None:
    m, s = torch.tensor([0.5, -2.0]), torch.tensor([0.5, 1.5])
    bound = {"A": A, "b": B, "s": 0.3, "p(z)": f2d.Normal(loc=m, scale=s)}
    made = f2d.distribution(["p(x|z) p(z)", PPCA], bound).marginalize("z")
    assert_normal(made, A @ m + B, A @ torch.diag(s**2) @ A.mT + 0.09 * torch.eye(3))


def test_a_prior_with_a_covariance() -> None:
    root = torch.tensor([[1.0, 0.0], [0.7, 0.5]])
    prior = f2d.MultivariateNormal(loc=torch.tensor([1.0, 2.0]), scale_tril=root)
    made = f2d.distribution(["p(x|z) p(z)", PPCA], {"A": A, "b": B, "s": 0.3, "p(z)": prior}).marginalize("z")
    assert_normal(made, A @ torch.tensor([1.0, 2.0]) + B, A @ root @ root.mT @ A.mT + 0.09 * torch.eye(3))


def test_a_chain() -> None:
    """x <- y <- z, both integrated out."""
    c = torch.randn(3, 3)
    made = f2d.distribution(
        ["p(x|y) p(y|z) p(z)", "p(x|y) = N(x; C y, t^2 I)", "p(y|z) = N(y; A z + b, s^2 I)", "p(z) = N(z; 0, I)"],
        {"A": A, "b": B, "C": c, "s": 0.3, "t": 0.7},
        dims={"z": 2},
    ).marginalize("y", "z")
    inner = A @ A.mT + 0.09 * torch.eye(3)
    assert_normal(made, c @ B, c @ inner @ c.mT + 0.49 * torch.eye(3))


def test_number_by_number() -> None:
    m, s, r = torch.tensor([0.5, -2.0]), torch.tensor([0.5, 1.5]), torch.tensor([0.2, 0.4])
    bound = {"p(x|z)": f2d.Normal(loc="z", scale=r), "p(z)": f2d.Normal(loc=m, scale=s)}
    made = f2d.distribution("p(x|z) p(z)", bound).marginalize("z")
    assert_normal(made, m, torch.diag(s**2 + r**2))
    assert list(made.params()) == ["loc", "scale"]


def test_a_scaled_random_walk() -> None:
    made = f2d.distribution(
        ["p(x_2|x_1) p(x_1|x_0)", "p(x_2|x_1) = N(x_2; a x_1, s^2 I)", "p(x_1|x_0) = N(x_1; a x_0, s^2 I)"],
        {"a": 0.8, "s": 0.5},
    ).marginalize("x_1")
    start = torch.randn(4, 3)
    torch.testing.assert_close(made.mean(x_0=start), 0.64 * start)
    law = td.Normal(0.64 * start, (0.25 + 0.64 * 0.25) ** 0.5)
    x = torch.randn(4, 3)
    torch.testing.assert_close(made.log_prob(x_2=x, x_0=start), law.log_prob(x).sum(-1))


def test_one_number_for_all_is_no_independent_noise() -> None:
    """x = z + noise for one z: the entries of x are correlated, and the number-by-number form would be wrong."""
    bound = {
        "p(x|z)": f2d.Normal(loc="z", scale=torch.ones(3)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=1),
    }
    made = f2d.distribution("p(x|z) p(z)", bound).marginalize("z")
    with pytest.raises(f2d.FormulaError) as caught:
        made.log_prob(x=torch.zeros(2, 3))
    assert caught.value.diagnostics[0].code == "F2D-0442"


@pytest.mark.parametrize(
    "statement", ["p(x|z) = N(x; (A z)^2, s^2 I)", "p(x|z) = N(x; A z, z^2)", "p(x|z) = Laplace(x; A z, s)"]
)
def test_what_is_not_linear_or_normal_is_refused(statement: str) -> None:
    made = f2d.distribution(
        ["p(x|z) p(z)", statement, "p(z) = N(z; 0, I)"], {"A": torch.eye(2), "s": 0.3}, dims={"z": 2}
    )
    with pytest.raises(f2d.FormulaError) as caught:
        made.marginalize("z").log_prob(x=torch.zeros(2, 2))
    assert caught.value.diagnostics[0].code == "F2D-0442"


def test_two_that_depend_on_one_variable_are_refused() -> None:
    made = f2d.distribution(
        ["p(x|z) p(y|z) p(z)", "p(x|z) = N(x; A z, I)", "p(y|z) = N(y; A z, I)", "p(z) = N(z; 0, I)"],
        {"A": A},
        dims={"z": 2},
    ).marginalize("z")
    with pytest.raises(f2d.FormulaError) as caught:
        made.log_prob(x=torch.zeros(2, 3), y=torch.zeros(2, 3))
    assert caught.value.diagnostics[0].code == "F2D-0442"


def test_a_category_beside_a_normal() -> None:
    """A mixture of factor analysers with one loading: z integrated, k summed."""
    rows = torch.nn.Embedding(2, 3)
    weights = torch.tensor([0.4, 0.6])
    made = f2d.distribution(
        ["p(x|z,k) p(z) p(k)", "p(x|z,k) = N(x; A z + f(k), s^2 I)", "p(z) = N(z; 0, I)"],
        {"A": A, "s": 0.3, "f": rows, "p(k)": f2d.Categorical(probs=weights)},
        dims={"z": 2},
    ).marginalize("z", "k")
    covariance = A @ A.mT + 0.09 * torch.eye(3)
    law = td.MixtureSameFamily(td.Categorical(weights), td.MultivariateNormal(rows.weight.detach(), covariance))
    x = torch.randn(5, 3)
    torch.testing.assert_close(made.log_prob(x=x), law.log_prob(x))
    torch.testing.assert_close(made.mean(), law.mean)
    torch.testing.assert_close(made.variance(), law.variance)
    assert_moments_of_draws(made)
