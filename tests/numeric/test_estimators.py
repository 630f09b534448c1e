"""Estimated gradients: generated code = literal reference; their exact mean = the enumerated gradient."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.discrete_models import BATCH, X, Z, bits, classes, data, hierarchy, net, normals, prior_of

ELBO = "E_q(z|x)[log p(x|z) + log p(z) - log q(z|x)]"
IWAE = r"E_{z_{1:K} ~ q(z|x)}[log 1/K sum_{k=1}^K p(x|z_k) p(z_k)/q(z_k|x)]"


@pytest.fixture(autouse=True)
def double() -> Any:
    torch.manual_seed(1)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


HIERARCHICAL = "E_{q(z_1|x) q(z_2|z_1)}[log p(x|z_1) + log p(z_1|z_2) + log p(z_2) - log q(z_1|x) - log q(z_2|z_1)]"
LEAVE = f2d.Score(baseline="leave-one-out")
MIXED = {"z": f2d.Score(baseline="batch")}

AGREEING: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "score": (ELBO, bits, {"estimators": {"z": "score"}}),
    "score by the density": (ELBO, bits, {"estimators": {"q(z|x)": "score"}}),
    "score of classes": (ELBO, classes, {"estimators": {"z": "score"}}),
    "score of a pathwise family": (ELBO, normals, {"estimators": {"z": "score"}}),
    "several draws": (ELBO, bits, {"estimators": {"z": "score"}, "samples": 3}),
    "written draws": (IWAE, lambda: bits() | {"K": 3}, {"estimators": {"z": "score"}}),
    "mean of written draws": (
        "E_{z_{1:K} ~ q(z|x)}[1/K sum_{k=1}^K log p(x|z_k)] - KL[q(z|x) || p(z)]",
        lambda: bits() | {"K": 3},
        {"estimators": {"z": LEAVE}},
    ),
    "one term": ("E_q(z|x)[log p(x|z) p(z)/q(z|x)]", bits, {"estimators": {"z": "score"}}),
    "leave one out": (ELBO, bits, {"estimators": {"z": LEAVE}, "samples": 4}),
    "others of the batch": (ELBO, bits, {"estimators": MIXED}),
    "others of the batch, several draws": (ELBO, bits, {"estimators": MIXED, "samples": 2}),
    "a number": (ELBO, bits, {"estimators": {"z": f2d.Score(baseline=-2.5)}}),
    "a number behind a sign": (
        "E_q(z|x)[log q(z|x) - 2 log p(x|z) - log p(z)]",
        bits,
        {"estimators": {"z": f2d.Score(baseline=2.5)}, "maximize": False},
    ),
    "a network": (ELBO, lambda: bits() | {"b": net(X, 1)}, {"estimators": {"z": f2d.Score(baseline="b(x)")}}),
    "a hierarchy": (HIERARCHICAL, hierarchy, {"estimators": {"z_1": "score", "z_2": "score"}}),
    "a hierarchy, both enumerated": (HIERARCHICAL, hierarchy, {}),
    "a hierarchy, one enumerated": (HIERARCHICAL, hierarchy, {"estimators": {"z_1": "score"}}),
    "a hierarchy, the other enumerated": (HIERARCHICAL, hierarchy, {"estimators": {"z_2": "score"}}),
    "a hierarchy with baselines": (
        HIERARCHICAL,
        hierarchy,
        {"estimators": {"z_1": f2d.Score(baseline=1.0), "z_2": LEAVE}, "samples": 2},
    ),
    "a divergence under the draws of a parent": (
        "E_q(z_1|x)[log p(x|z_1)] - KL[q(z_1|x) q(z_2|z_1) || p(z_1) p(z_2|z_1)]",
        lambda: hierarchy() | {"p(z_1)": f2d.Bernoulli(probs=0.3), "p(z_2|z_1)": f2d.Bernoulli(net(Z, 1))},
        {"estimators": {"z_1": "score"}},
    ),
    "a sampled divergence": (
        "KL[q(z|x) || p(z)] - E_q(z|x)[log p(x|z)]",
        bits,
        {"estimators": {"z": "score"}, "divergences": "sampled"},
    ),
    "a statement": (["z ~ q(z|x)", r"\max log p(x|z) + log p(z) - log q(z|x)"], bits, {"estimators": {"z": "score"}}),
    "a statement with a baseline": (
        ["z ~ q(z|x)", r"\max log p(x|z) + log p(z) - log q(z|x)"],
        bits,
        {"estimators": {"z": f2d.Score(baseline=-3.0)}},
    ),
    "a square": ("(E_q(z|x)[log p(x|z)])^2", bits, {"estimators": {"z": "score"}, "maximize": True}),
    "a product": ("E_q(z|x)[log p(x|z)] * E_q(z|x)[log p(z)]", bits, {"estimators": {"z": "score"}, "maximize": True}),
    "relaxed bits": ("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", bits, {"estimators": {"z": "relaxed"}}),
    "relaxed classes": (
        "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
        classes,
        {"estimators": {"z": f2d.Relaxed(temperature=0.7)}, "samples": 2},
    ),
    "annealed": (
        "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]",
        lambda: classes() | {"tau": 0.8},
        {"estimators": {"z": f2d.Relaxed(temperature="tau")}},
    ),
    "relaxed densities": (ELBO, classes, {"estimators": {"z": f2d.Relaxed(0.7, densities="relaxed")}}),
    "mass of relaxed classes": (ELBO, classes, {"estimators": {"z": f2d.Relaxed(0.7, densities="mass")}}),
    "mass of relaxed bits": (ELBO, bits, {"estimators": {"z": f2d.Relaxed(0.7, densities="mass")}}),
    "straight through bits": (ELBO, bits, {"estimators": {"z": "straight-through"}}),
    "straight through classes": (ELBO, classes, {"estimators": {"z": "straight-through"}, "samples": 2}),
}


@pytest.mark.parametrize("name", AGREEING)
def test_generated_code_is_the_reference(name: str) -> None:
    formula, model, options = AGREEING[name]
    assert_agrees(formula, model(), data(), **options)


# -- the mean of the estimate, summed over all draws ---------------------------------------------------


def gradients(objective: f2d.Objective, **arguments: Any) -> Tensor:
    """All gradients of the loss in one vector; those of no parameter are zero."""
    loss = objective(**arguments).loss
    found = torch.autograd.grad(loss, list(objective.parameters()), allow_unused=True, materialize_grads=True)
    return torch.cat([each.flatten() for each in found])


def words(*shape: int) -> Tensor:
    """All tensors of bits of a shape."""
    count = int(torch.tensor(shape).prod())
    return torch.tensor(list(product((0.0, 1.0), repeat=count))).reshape(-1, *shape)


def mean_gradient(objective: f2d.Objective, logits: Tensor, x: Tensor, draws: int) -> Tensor:
    """The gradients' mean over all bits [draws, batch, Z] that q draws, with their probabilities."""
    total: Tensor = torch.zeros(())
    for z in words(draws, *logits.shape):
        log = torch.distributions.Bernoulli(logits=logits).log_prob(z).sum()
        noise = z if draws > 1 else z[0]
        total = total + log.exp().detach() * gradients(objective, x=x, noise={"z": noise})
    return total


UNBIASED: dict[str, tuple[Any, int]] = {
    "no baseline": ("score", 1),
    "two draws": ("score", 2),
    "leave one out": (f2d.Score(baseline="leave-one-out"), 2),
    "the other example": (f2d.Score(baseline="batch"), 1),
    "the other example, two draws": (f2d.Score(baseline="batch"), 2),
    "a number": (f2d.Score(baseline=-3.0), 1),
    "a network": (f2d.Score(baseline="b(x)"), 1),
}


FORMULAS = (ELBO, "E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", "E_q(z|x)[log p(x,z)/q(z|x)]")


@pytest.mark.parametrize(
    ("formula", "name"),
    [(formula, name) for formula in FORMULAS for name in UNBIASED if formula == ELBO or UNBIASED[name][1] == 1],
)
def test_the_mean_over_all_draws_is_the_enumerated_gradient(formula: str, name: str) -> None:
    """Not a Monte Carlo test: the mean is a finite sum."""
    choice, samples = UNBIASED[name]
    model = bits() | ({"b": net(X, 1)} if name == "a network" else {})
    x = torch.randint(2, (2, X)).double()
    estimated = f2d.compile(formula, model, estimators={"z": choice}, samples=samples)
    plain = {key: each for key, each in model.items() if key != "b"}
    exact = f2d.compile(formula, plain, estimators={"z": "enumerate"})
    q = estimated.get_submodule("q_z_given_x")
    found = mean_gradient(estimated, q(x).detach(), x, samples)
    by_name = dict(zip([key for key, _ in named_entries(estimated)], found, strict=True))
    expected = dict(zip([key for key, _ in named_entries(exact)], gradients(exact, x=x), strict=True))
    for key, each in by_name.items():
        assert_close(each, expected.get(key, torch.zeros(())), rtol=1e-9, atol=1e-10)


def named_entries(objective: f2d.Objective) -> list[tuple[str, int]]:
    return [(f"{name}[{i}]", i) for name, each in objective.named_parameters() for i in range(each.numel())]


def test_a_bound_of_several_draws_has_the_score_of_all_of_them() -> None:
    """The gradient of E[log mean_k w_k], K = 2, over all pairs of draws, by autograd through the sum itself."""
    model = bits() | {"K": 2}
    objective = f2d.compile(IWAE, model, estimators={"z": "score"})
    x = torch.randint(2, (1, X)).double()
    q, p = objective.get_submodule("q_z_given_x"), objective.get_submodule("p_x_given_z")
    prior = torch.distributions.Bernoulli(logits=prior_of(objective))
    law = torch.distributions.Bernoulli(logits=q(x))
    exact: Tensor = torch.zeros(())
    for z in words(2, 1, Z):
        likelihood = torch.distributions.Bernoulli(logits=p(z)).log_prob(x).sum(-1)
        weights = likelihood + prior.log_prob(z).sum(-1) - law.log_prob(z).sum(-1)
        bound = torch.logsumexp(weights, 0) - torch.log(torch.tensor(2.0))
        exact = exact + law.log_prob(z).sum().exp() * bound.sum()
    parameters = list(objective.parameters())
    expected = torch.autograd.grad(-exact, parameters)
    found = mean_gradient(objective, q(x).detach(), x, 2)
    assert_close(found, torch.cat([each.flatten() for each in expected]), rtol=1e-9, atol=1e-10)


STATEMENT = "z ~ q(z|x)"


@pytest.mark.parametrize(
    ("formula", "choice"),
    [
        ([STATEMENT, r"\max \log p(x|z) + \log p(z)"], "score"),
        ([STATEMENT, r"\max \log p(x|z) + E_{q(z|x)}[\log p(z)]"], "score"),
        ([STATEMENT, r"\max E_z[\log p(x|z)] - 2 \log q(z|x)"], f2d.Score(baseline="batch")),
        (r"\max E_{q(z|x)}[\max(\log p(x|z), \log p(z))]", f2d.Score(baseline=-1.0)),
        (r"\max E_{q(z|x)}[\log p(x|z) - \log q(z)]", "score"),
        (r"\max E_{q(z|x)}[-3 \log p(x|z) - \log p(z)]", f2d.Score(baseline=4.0)),
    ],
)
def test_the_mean_gradient_is_that_of_the_mean_value(formula: Any, choice: Any) -> None:
    """sum_z q(z|x) value(z) moves along a direction as the mean gradient says; log q(z) couples the examples."""
    objective = f2d.compile(formula, bits(), estimators={"z": choice})
    x = torch.randint(2, (2, X)).double()
    q = objective.get_submodule("q_z_given_x")
    parameters = list(objective.parameters())
    direction = [torch.randn_like(each) for each in parameters]

    def mean_value(step: float) -> Tensor:
        with torch.no_grad():
            for each, way in zip(parameters, direction, strict=True):
                each += step * way
            law = torch.distributions.Bernoulli(logits=q(x))
            values = [law.log_prob(z).sum().exp() * objective(x=x, noise={"z": z}).loss for z in words(2, Z)]
            for each, way in zip(parameters, direction, strict=True):
                each -= step * way
        return torch.stack(values).sum()

    along = torch.cat([each.flatten() for each in direction]) @ mean_gradient(objective, q(x).detach(), x, 1)
    assert_close(along, (mean_value(1e-5) - mean_value(-1e-5)) / 2e-5, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("estimators", [{"z_1": "score", "z_2": "score"}, {"z_1": "score"}, {"z_2": "score"}])
def test_a_hierarchy_has_the_enumerated_gradient(estimators: dict[str, str]) -> None:
    model, x = hierarchy(), torch.randint(2, (1, X)).double()
    estimated = f2d.compile(HIERARCHICAL, model, estimators=estimators)
    exact = f2d.compile(HIERARCHICAL, model)
    first, second = exact.get_submodule("q_z_1_given_x"), exact.get_submodule("q_z_2_given_z_1")
    drawn = [name for name in ("z_1", "z_2") if name in estimators]
    total: Tensor = torch.zeros(())
    for z in words(1, Z) if "z_1" in estimators else [None]:
        enumerated_parent = z is None
        parents = words(1, Z) if enumerated_parent else z
        logits = second(parents).detach()
        for child in words(*logits.shape) if "z_2" in estimators else [None]:
            log: Tensor = torch.zeros(())
            if z is not None:
                log = log + torch.distributions.Bernoulli(logits=first(x)).log_prob(z).sum()
            if child is not None:
                log = log + torch.distributions.Bernoulli(logits=logits).log_prob(child).sum()
            noise = {name: each for name, each in (("z_1", z), ("z_2", child)) if name in drawn}
            total = total + log.exp().detach() * gradients(estimated, x=x, noise=noise)
    names = [key for key, _ in named_entries(estimated)]
    expected = dict(zip([key for key, _ in named_entries(exact)], gradients(exact, x=x), strict=True))
    assert_close(total, torch.stack([expected[key] for key in names]), rtol=1e-9, atol=1e-10)


def test_a_cost_has_no_score_of_draws_that_it_does_not_depend_on() -> None:
    """log p(x|z_1) does not depend on z_2: alone, it trains nothing of q(z_2|z_1), in any single estimate."""
    model, x = hierarchy(), torch.randint(2, (2, X)).double()
    objective = f2d.compile(
        "E_{q(z_1|x) q(z_2|z_1)}[log p(x|z_1) + 0 * log p(z_2)]", model, estimators={"z_1": "score", "z_2": "score"}
    )
    objective(x=x).loss.backward()
    assert all((each.grad == 0).all() for each in objective.get_submodule("q_z_2_given_z_1").parameters())
    assert any((each.grad != 0).any() for each in objective.get_submodule("q_z_1_given_x").parameters())


def test_the_value_is_the_formula_s() -> None:
    model, x = bits(), torch.randint(2, (BATCH, X)).double()
    objective = f2d.compile(ELBO, model, estimators={"z": f2d.Score(baseline=7.0)})
    z = torch.randint(2, (BATCH, Z)).double()
    q, p = objective.get_submodule("q_z_given_x"), objective.get_submodule("p_x_given_z")
    prior = prior_of(objective)
    law = torch.distributions.Bernoulli
    expected = law(logits=p(z)).log_prob(x).sum(-1) + law(logits=prior).log_prob(z).sum(-1)
    expected = expected - law(logits=q(x)).log_prob(z).sum(-1)
    assert_close(objective(x=x, noise={"z": z}).value, expected.mean(), rtol=1e-12, atol=1e-12)


def test_nested_expectations_with_the_mean_of_the_other_examples() -> None:
    """The inner baseline is a mean over examples of what has the value of their costs: the outer one is a mean, too."""
    formula = "E_{q(z_1|x)}[E_{q(z_2|z_1)}[log p(x|z_1) + log p(z_1|z_2) + log p(z_2) - log q(z_2|z_1)]]"
    model, baseline = hierarchy(), f2d.Score(baseline="batch")
    objective = f2d.compile(formula, model, estimators={"z_1": baseline, "z_2": baseline})
    x = torch.randint(2, (2, X)).double()
    q, inner, p, middle = (
        objective.get_submodule(name)
        for name in ("q_z_1_given_x", "q_z_2_given_z_1", "p_x_given_z_1", "p_z_1_given_z_2")
    )
    prior = torch.distributions.Bernoulli(logits=prior_of(objective))
    parameters = list(objective.parameters())
    law = torch.distributions.Bernoulli(logits=q(x))
    mean: Tensor = torch.zeros(())
    found = torch.zeros(sum(each.numel() for each in parameters))
    for first in words(*q(x).shape):
        below = torch.distributions.Bernoulli(logits=inner(first))
        for second in words(*inner(first).shape):
            weight = (law.log_prob(first).sum() + below.log_prob(second).sum()).exp()
            cost = torch.distributions.Bernoulli(logits=p(first)).log_prob(x).sum(-1)
            cost = cost + torch.distributions.Bernoulli(logits=middle(second)).log_prob(first).sum(-1)
            cost = cost + prior.log_prob(second).sum(-1) - below.log_prob(second).sum(-1)
            mean = mean + weight * cost.mean()
            found += weight.detach() * gradients(objective, x=x, noise={"z_1": first, "z_2": second})
    expected = torch.autograd.grad(-mean, parameters)
    assert_close(found, torch.cat([each.flatten() for each in expected]), rtol=1e-9, atol=1e-10)
