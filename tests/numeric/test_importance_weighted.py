"""The importance-weighted family, each bound from its formula: IWAE, CIWAE, MIWAE, Renyi, VampPrior, resampling."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import Calls
from tests.support.reference import reference
from tests.support.small import STANDARD, Model

K, M = 4, 3
DRAWN = r"z_{1:K} \sim q(z|x)"
IWAE = rf"\mathbb{{E}}_{{{DRAWN}}}\left[\log \frac1K \sum_{{k=1}}^K \frac{{p(x,z_k)}}{{q(z_k|x)}}\right]"


@pytest.fixture(autouse=True)
def _double() -> object:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(before)


def log_weights(model: Model, eps: Tensor) -> Tensor:
    """log p(x, z) - log q(z|x), [draws..., batch]."""
    flat = eps.reshape(-1, *eps.shape[-2:])
    z = [model.z(each) for each in flat]
    weights = [model.log_p(each) + STANDARD.log_prob(each) - model.q.at(model.x).log_prob(each) for each in z]
    return torch.stack(weights).reshape(eps.shape[:-1])


def mean_exp(weights: Tensor) -> Tensor:
    return torch.logsumexp(weights, 0) - math.log(len(weights))


def check(
    formula: str | list[str],
    model: Model,
    noise: Tensor,
    expected: Tensor,
    more: dict[str, object],
    calls: int = 1,
    **data: Tensor,
) -> None:
    """Generated code and reference, value and gradient; the encoder is called so often."""
    bound = {**model.bindings, **more}
    weights = [*model.q.parameters(), *model.p.parameters()]
    slope = torch.autograd.grad(expected, weights, retain_graph=True)
    counter = Calls(model.q)
    found = f2d.compile(formula, bound)(x=model.x, noise={"z": noise}).value
    assert counter.calls == calls
    judge = reference(formula, bound, {"x": model.x}, {"z": noise}).run().value
    for value in (found, judge):
        assert_close(value, expected)
        assert_close(torch.autograd.grad(value, weights, retain_graph=True), slope)


def test_iwae() -> None:
    model, eps = Model(), torch.randn(K, 3, 2)
    check(IWAE, model, eps, mean_exp(log_weights(model, eps)).mean(), {"K": K})


def test_ciwae() -> None:
    """A share of the ELBO and the rest of the IWAE, over the same draws."""
    model, eps = Model(), torch.randn(K, 3, 2)
    weights = log_weights(model, eps)
    text = [
        r"\mathcal{L}_{ELBO} = \mathbb{E}_{q(z|x)}[\log \frac{p(x,z)}{q(z|x)}]",
        rf"\mathcal{{L}}_{{IWAE}} = {IWAE}",
        r"\mathcal{L} = \beta \mathcal{L}_{ELBO} + (1 - \beta) \mathcal{L}_{IWAE}",
    ]
    expected = (0.3 * weights.mean(0) + 0.7 * mean_exp(weights)).mean()
    check(text, model, eps, expected, {"K": K, "beta": 0.3})


@pytest.mark.parametrize(
    "formula",
    [
        rf"\frac1M \sum_{{m=1}}^M {IWAE}",
        r"\mathbb{E}_{z_{1:M,1:K} \sim q(z|x)}\left[\frac1M\sum_{m=1}^M \log \frac1K\sum_{k=1}^K "
        r"\frac{p(x,z_{m,k})}{q(z_{m,k}|x)}\right]",
        r"\mathbb{E}_{z_{m,k} \sim q(z|x)}\left[\frac1M\sum_{m=1}^M \log \frac1K\sum_{k=1}^K "
        r"\frac{p(x,z_{m,k})}{q(z_{m,k}|x)}\right]",
    ],
)
def test_miwae(formula: str) -> None:
    model, eps = Model(), torch.randn(M, K, 3, 2)
    expected = mean_exp(log_weights(model, eps).transpose(0, 1)).mean()
    check(formula, model, eps, expected, {"K": K, "M": M})


@pytest.mark.parametrize("alpha", [0.0, 0.5, 2.0, -1.0])
def test_the_renyi_bound(alpha: float) -> None:
    model, eps = Model(), torch.randn(K, 3, 2)
    formula = (
        r"\max \mathbb{E}_{z_{1:K} \sim q(z|x)}\left[\frac{1}{1-\alpha} \log \frac1K \sum_{k=1}^K "
        r"\left(\frac{p(x,z_k)}{q(z_k|x)}\right)^{1-\alpha}\right]"
    )
    expected = (mean_exp((1 - alpha) * log_weights(model, eps)) / (1 - alpha)).mean()
    check(formula, model, eps, expected, {"K": K, "alpha": alpha})


def test_weights_that_sum_to_one() -> None:
    """Self-normalised importance sampling: two indices run over the same draws."""
    model, eps = Model(), torch.randn(K, 3, 2)
    text = [
        r"w(z) = \frac{p(x,z)}{q(z|x)}",
        r"\max \mathbb{E}_{z_{1:K} \sim q(z|x)}"
        r"\left[\sum_{k=1}^K \frac{w(z_k)}{\sum_{j=1}^K w(z_j)} \log p(x|z_k)\right]",
    ]
    weights = log_weights(model, eps).softmax(0)
    likelihood = torch.stack([model.log_p(model.z(each)) for each in eps])
    check(text, model, eps, (weights * likelihood).sum(0).mean(), {"K": K})


@pytest.mark.parametrize("given", ["u_k", "x=u_k"])
@pytest.mark.parametrize("written", ["a density", "a divergence"])
def test_a_prior_made_of_the_posterior_at_learned_inputs(given: str, written: str) -> None:
    """p(z) is the mixture of q(z|u_k): one call of the encoder for the data, one for all inputs together."""
    model = Model()
    inputs = nn.Parameter(torch.randn(K, 2))
    z, post = model.z(), model.q.at(model.x)
    prior = mean_exp(torch.stack([model.q.at(each.expand(1, 2)).log_prob(z) for each in inputs]))
    expected = (model.log_p(z) + prior - post.log_prob(z)).mean()
    bound = {key: value for key, value in model.bindings.items() if key != "p(z)"} | {"u": inputs}
    bodies = {
        "a density": r"\mathbb{E}_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]",
        "a divergence": r"\mathbb{E}_{q(z|x)}[\log p(x|z)] - D_{KL}(q(z|x)\|p(z))",
    }
    text = [rf"p(z) = \frac1K \sum_{{k=1}}^K q(z|{given})", bodies[written]]
    counter = Calls(model.q)
    found = f2d.compile(text, bound)(x=model.x, noise={"z": model.eps}).value
    assert counter.calls == 2
    judge = reference(text, bound, {"x": model.x}, {"z": model.eps}).run().value
    for value in (found, judge):
        assert_close(value, expected)
        assert_close(torch.autograd.grad(value, [inputs, *model.q.parameters()]), slopes(expected, inputs, model))


def slopes(expected: Tensor, inputs: Tensor, model: Model) -> tuple[Tensor, ...]:
    return torch.autograd.grad(expected, [inputs, *model.q.parameters()], retain_graph=True)


def test_default_inputs_have_the_shape_of_the_data() -> None:
    text = [
        r"p(z) = \frac1K \sum_{k=1}^K q(z|u_k)",
        r"\mathbb{E}_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]",
    ]
    objective = f2d.compile(text, {"K": 7}, scaffold=True, dims={"x": 3, "z": 2})
    objective(x=torch.randn(5, 3)).loss.backward()
    shapes = {name: tuple(each.shape) for name, each in objective.named_parameters() if "." not in name}
    assert shapes == {"u": (7, 3)} and objective.u.grad.any()
    assert any("u_k are learned" in each for each in objective.assumptions)


@pytest.mark.parametrize("other", ["j", "l", "n"])
def test_weights_defined_by_a_name_and_normalised_along_a_second_index(other: str) -> None:
    """Self-normalised importance sampling, the weights a definition that both indices read."""
    model, eps = Model(), torch.randn(K, 3, 2)
    weights = log_weights(model, eps)
    shares = weights.softmax(0)
    expected = (shares * torch.stack([model.log_p(model.z(each)) for each in eps])).sum(0).mean()
    text = [
        rf"\max \mathbb{{E}}_{{{DRAWN}}}"
        rf"\left[\sum_{{k=1}}^K \frac{{w_k}}{{\sum_{{{other}=1}}^K w_{other}}} \log p(x|z_k)\right]",
        r"w_k = \frac{p(x, z_k)}{q(z_k|x)}",
    ]
    check(text, model, eps, expected, {"K": K})


def test_a_draw_without_its_index_under_the_sum_is_an_assumption() -> None:
    """p(x, z) beside q(z_k|x) under a sum over k: z is z_k, and that is said."""
    model, eps = Model(), torch.randn(K, 3, 2)
    text = IWAE.replace("p(x,z_k)", "p(x,z)")
    check(text, model, eps, mean_exp(log_weights(model, eps)).mean(), {"K": K})
    assert "z under the sum over k is z_k" in f2d.compile(text, {**model.bindings, "K": K}).assumptions
