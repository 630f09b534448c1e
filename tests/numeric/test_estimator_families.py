"""Monte Carlo identities at six standard errors: score function = pathwise = the closed form's gradient, by family.

The body is log N(x; z, 1), quadratic in z: the gradient of its expectation follows from the mean and the variance that
torch.distributions knows. All seeds are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td

import formula2dgm as f2d
from formula2dgm.registry import families
from formula2dgm.registry.estimators import estimator

REPEATS, DRAWS = 40, 2000
BODY = r"\max E_{q(z)}[log p(x|z)]"


def tensor(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def mean_of_categories(logits: Tensor) -> td.Distribution:
    return td.OneHotCategorical(logits=logits)


#: Parameters, the distribution of them, and options of the binding.
FAMILIES: dict[str, tuple[dict[str, Tensor], Callable[..., td.Distribution], dict[str, Any]]] = {
    "Normal": ({"loc": tensor(0.3, -1.0), "scale": tensor(0.8, 1.2)}, td.Normal, {}),
    "Laplace": ({"loc": tensor(0.3, -1.0), "scale": tensor(0.4, 0.7)}, td.Laplace, {}),
    "Gumbel": ({"loc": tensor(0.3, -1.0), "scale": tensor(0.4, 0.7)}, td.Gumbel, {}),
    "StudentT": ({"df": tensor(20.0, 30.0), "loc": tensor(0.3, -1.0), "scale": tensor(0.4, 0.7)}, td.StudentT, {}),
    "LogNormal": ({"loc": tensor(0.1, -0.5), "scale": tensor(0.3, 0.2)}, td.LogNormal, {}),
    "Exponential": ({"rate": tensor(1.5, 2.5)}, td.Exponential, {}),
    "Gamma": ({"concentration": tensor(2.0, 3.0), "rate": tensor(1.5, 2.5)}, td.Gamma, {}),
    "InverseGamma": ({"concentration": tensor(9.0, 12.0), "rate": tensor(5.0, 9.0)}, td.InverseGamma, {}),
    "Beta": ({"concentration1": tensor(2.0, 3.0), "concentration0": tensor(1.5, 2.5)}, td.Beta, {}),
    "Kumaraswamy": ({"concentration1": tensor(2.0, 3.0), "concentration0": tensor(1.5, 2.5)}, td.Kumaraswamy, {}),
    "Dirichlet": ({"concentration": tensor(2.0, 3.0, 1.5)}, td.Dirichlet, {}),
    "Poisson": ({"rate": tensor(1.5, 3.0)}, td.Poisson, {}),
    "Bernoulli": ({"logits": tensor(0.4, -1.0)}, lambda logits: td.Bernoulli(logits=logits), {}),
    "Categorical": ({"logits": tensor(0.4, -1.0, 0.2)}, mean_of_categories, {"one_hot": True}),
    "NegativeBinomial": (
        {"total_count": tensor(3.0, 2.0), "logits": tensor(-0.5, -1.0)},
        lambda total_count, logits: td.NegativeBinomial(total_count, logits=logits),
        {},
    ),
    "ContinuousBernoulli": ({"logits": tensor(0.6, -1.0)}, lambda logits: td.ContinuousBernoulli(logits=logits), {}),
}

CASES = [
    (name, chosen)
    for name in FAMILIES
    for chosen in ("pathwise", "score")
    if estimator(chosen).allows(next(each for each in families() if each.name == name))
]


def gradient(objective: f2d.Objective, x: Tensor) -> Tensor:
    objective.zero_grad()
    objective(x=x).value.backward()
    return torch.cat(
        [
            torch.zeros_like(each).flatten() if each.grad is None else each.grad.flatten()
            for each in objective.parameters()
        ]
    )


def closed(law: td.Distribution, x: Tensor) -> Tensor:
    """E[log N(x; z, 1)] without its constant."""
    return -0.5 * ((x - law.mean) ** 2 + law.variance).sum(-1).mean()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_the_estimate_is_the_closed_form_s_gradient(name: str, chosen: str) -> None:
    values, law, options = FAMILIES[name]
    parameters = {key: nn.Parameter(each.clone()) for key, each in values.items() if key not in ("df", "total_count")}
    fixed = {key: each for key, each in values.items() if key not in parameters}
    bindings = {"q(z)": getattr(f2d, name)(**fixed, **parameters, **options), "p(x|z)": f2d.Normal(loc="z", scale=1.0)}
    size = next(iter(values.values())).numel()
    how = f2d.Score(baseline="leave-one-out") if chosen == "score" else chosen
    objective = f2d.compile(BODY, bindings, estimators={"z": how}, samples=DRAWS)
    torch.manual_seed(3)
    x = torch.randn(1, size, dtype=torch.float64)
    estimates = torch.stack([gradient(objective, x) for _ in range(REPEATS)])
    expected = torch.autograd.grad(closed(law(**fixed, **parameters), x), list(parameters.values()))
    by_id = {id(each): value for each, value in zip(parameters.values(), expected, strict=True)}
    exact = torch.cat([by_id[id(each)].flatten() for each in objective.parameters()])
    errors = estimates.std(0) / REPEATS**0.5
    assert ((estimates.mean(0) - exact).abs() <= 6 * errors + 1e-12).all(), (estimates.mean(0), exact, errors)


@pytest.mark.slow
def test_sampled_divergences_are_the_closed_forms() -> None:
    """KL and entropy of two Normals at draws of the first: values and gradients, score function and pathwise."""
    x = torch.zeros(1, 2, dtype=torch.float64)
    for estimators in ({"z": "pathwise"}, {"z": f2d.Score(baseline="leave-one-out")}):
        loc, scale = nn.Parameter(tensor(0.3, -1.0)), nn.Parameter(tensor(0.8, 1.2))
        bindings = {
            "q(z)": f2d.Normal(loc=loc, scale=scale),
            "p(z)": f2d.Normal(loc=0.2, scale=1.5),
            "p(x|z)": f2d.Normal(loc="z", scale=1.0),
        }
        formula = r"\max E_{q(z)}[log p(x|z)] - KL[q(z)||p(z)] + H[q(z)]"
        objective = f2d.compile(formula, bindings, estimators=estimators, samples=DRAWS, divergences="sampled")
        torch.manual_seed(4)
        estimates = torch.stack([gradient(objective, x) for _ in range(REPEATS)])
        law, prior = td.Normal(loc, scale), td.Normal(tensor(0.2, 0.2), tensor(1.5, 1.5))
        exact_value = closed(law, x) - td.kl_divergence(law, prior).sum() + law.entropy().sum()
        by_id = {id(loc): 0, id(scale): 1}
        found = torch.autograd.grad(exact_value, [loc, scale])
        exact = torch.cat([found[by_id[id(each)]] for each in objective.parameters()])
        errors = estimates.std(0) / REPEATS**0.5
        assert ((estimates.mean(0) - exact).abs() <= 6 * errors).all()


def test_baselines_reduce_the_variance() -> None:
    """Three bits under a cost far from 0: the variance of the gradient falls to a fifth, with eight draws to less."""
    torch.manual_seed(5)
    weights = nn.Parameter(torch.randn(3, dtype=torch.float64))
    x = torch.full((8, 3), 2.0, dtype=torch.float64)

    def variance(how: object) -> float:
        bindings = {"q(z)": f2d.Bernoulli(logits=weights), "p(x|z)": f2d.Normal(loc="z", scale=0.5)}
        objective = f2d.compile(BODY, bindings, estimators={"z": how}, samples=8)
        torch.manual_seed(6)
        return float(torch.stack([gradient(objective, x) for _ in range(200)]).var(0).sum())

    plain = variance("score")
    assert variance(f2d.Score(baseline="leave-one-out")) < plain / 5
    assert variance(f2d.Score(baseline="batch")) < plain / 5
    assert variance(f2d.Score(baseline=-20.0)) < plain / 5
