"""The importance-weighted bound that a model's own densities give: ``log_weight``, ``log_marginal``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch import distributions as td
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH
from formula2dgm.ir.program import Objective, Program, Term
from formula2dgm.runtime.reference import Reference
from tests.support.reference import resolved
from tests.support.small import STANDARD, Gaussian, Model

ELBO = r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]"
SPELLINGS = {
    "closed": ELBO,
    "one fraction": r"E_{q(z|x)}\left[\log \frac{p(x,z)}{q(z|x)}\right]",
    "sampled": "E_q(z|x)[log p(x|z) + log p(z) - log q(z|x)]",
    "unicode": "𝔼_{q(z|x)}[log p(x|z)] − KL[q(z|x) ‖ p(z)]",
    "negative": r"\min KL[q(z|x) \| p(z)] - E_{q(z|x)}[\log p(x|z)]",
    "weighted": r"E_{q(z|x)}[\log p(x|z)] - \beta KL[q(z|x) \| p(z)]; \beta = 4",
    "entropy": r"E_{q(z|x)}[\log p(x, z)] + H[q(z|x)]",
    "many draws": r"E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_k \frac{p(x,z_k)}{q(z_k|x)}]; K = 3",
}


def judged(
    formula: str, bindings: Mapping[str, object], data: Mapping[str, Tensor], noise: Mapping[str, Tensor]
) -> Tensor:
    """The mean of the weight's logarithm by the literal interpreter."""
    program, objects = resolved(formula, bindings)
    assert program.evidence is not None
    mean = program.arena.make(ir.Reduce, "mean", BATCH, program.evidence.log)
    term = Term("log weight", program.arena.make(ir.Const, 1), mean)
    weighed = replace(program, objectives=(Objective((term,), maximize=True),))
    networks = {name: value for name, value in objects.items() if isinstance(value, nn.Module)}
    tensors = {name: value for name, value in objects.items() if isinstance(value, Tensor)}
    return Reference(weighed, networks, data, {f"{k} generated": v for k, v in noise.items()}, {}, tensors).run().value


def _program(formula: str, bindings: Mapping[str, object]) -> Program:
    return resolved(formula, bindings)[0]


@pytest.mark.parametrize("formula", SPELLINGS.values(), ids=list(SPELLINGS))
def test_it_is_the_weight_of_the_model_however_the_objective_is_spelled(formula: str) -> None:
    model = Model()
    objective = f2d.compile(formula, model.bindings)
    found = objective.log_weight(model.x, noise={"z": model.eps})
    q = model.q.at(model.x)
    expected = model.log_p(model.z()) + STANDARD.log_prob(model.z()) - q.log_prob(model.z())
    assert_close(found, expected)
    assert_close(judged(formula, model.bindings, {"x": model.x}, {"z": model.eps}), expected.mean())


def test_the_bound_is_the_log_mean_of_weights_at_the_same_noise_whatever_is_computed_at_once() -> None:
    model = Model()
    objective = f2d.compile(ELBO, model.bindings)
    objective(x=model.x)
    loc, scale = model.q(model.x)
    torch.manual_seed(3)
    noise = [torch.randn(3, 2) for _ in range(5)]
    z = [loc + scale * each for each in noise]
    weights = [model.log_p(each) + STANDARD.log_prob(each) - model.q.at(model.x).log_prob(each) for each in z]
    expected = torch.logsumexp(torch.stack(weights), 0) - math.log(5)
    torch.manual_seed(3)
    found = objective.log_marginal(x=model.x, draws=5, at_once=1)
    assert_close(found, expected)
    assert not found.requires_grad
    for at_once, parts in ((2, (2, 2, 1)), (8, (5,))):
        torch.manual_seed(3)
        noise = [each for part in parts for each in torch.randn(part * 3, 2).split(3)]
        weights = [objective.log_weight(model.x, noise={"z": each}) for each in noise]
        torch.manual_seed(3)
        assert_close(
            objective.log_marginal(x=model.x, draws=5, at_once=at_once),
            torch.logsumexp(torch.stack(weights), 0) - math.log(5),
        )


def linear_gaussian() -> tuple[dict[str, object], Tensor, Tensor]:
    """x = W z + b + 0.7 noise and a wrong posterior; data, and log p(x) of each, which is Normal."""
    decoder, encoder = nn.Linear(2, 4), nn.Linear(4, 2)
    for each in decoder.parameters():
        each.requires_grad_(False)
    x = torch.randn(20, 4)
    covariance = decoder.weight @ decoder.weight.T + 0.49 * torch.eye(4)
    exact = td.MultivariateNormal(decoder.bias, covariance).log_prob(x)
    bindings = {
        "q(z|x)": f2d.Normal(loc=encoder, scale=0.8),
        "p(x|z)": f2d.Normal(loc=decoder, scale=0.7),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    return bindings, x, exact


def test_more_draws_come_nearer_to_the_exact_density_from_below() -> None:
    bindings, x, exact = linear_gaussian()
    objective = f2d.compile(ELBO, bindings)
    many = x.repeat(500, 1)
    elbo = objective(x=many).value.detach()
    bounds = [objective.log_marginal(x=many, draws=k).mean() for k in (1, 8, 64)]
    most = objective.log_marginal(x=x, draws=20_000, at_once=1_000).mean()
    assert abs(bounds[0] - elbo) < 0.05  # with one draw it is the evidence lower bound
    assert elbo < bounds[1] < bounds[2] < exact.mean()
    assert abs(most - exact.mean()) < 0.01


def test_the_true_posterior_gives_the_density_itself_by_one_draw() -> None:
    torch.manual_seed(1)
    x = torch.randn(5, 2)
    loc, scale = nn.Linear(2, 2), 0.5
    with torch.no_grad():  # z ~ N(0, I), x|z ~ N(z, I): z|x ~ N(x / 2, I / 2)
        loc.weight.copy_(torch.eye(2) / 2)
        loc.bias.zero_()
    bindings = {"q(z|x)": f2d.Normal(loc=loc, scale=math.sqrt(scale)), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    objective = f2d.compile([ELBO, "p(x|z) = N(x; z, I)"], bindings)
    exact = td.Independent(td.Normal(0.0, math.sqrt(2)), 0).log_prob(x).sum(1)
    assert_close(objective.log_marginal(x=x, draws=1), exact)


def test_several_latents_in_the_order_of_their_posteriors() -> None:
    q1, q2, p1, px = Gaussian(2), Gaussian(2), Gaussian(2), Gaussian(2)
    bindings = {
        "q(z_1|x)": f2d.Normal(q1),
        "q(z_2|z_1)": f2d.Normal(q2),
        "p(z_1|z_2)": f2d.Normal(p1),
        "p(x|z_1)": f2d.Normal(px),
        "p(z_2)": f2d.Normal(loc=0.0, scale=1.0),
    }
    formula = (
        r"E_{q(z_1|x) q(z_2|z_1)}[\log p(x|z_1)] - E_{q(z_1|x)}[KL[q(z_2|z_1) \| p(z_2)]]"
        r" + E_{q(z_1|x) q(z_2|z_1)}[\log p(z_1|z_2) - \log q(z_1|x)]"
    )
    x, noise = torch.randn(3, 2), {"z_1": torch.randn(3, 2), "z_2": torch.randn(3, 2)}
    z1 = q1(x)[0] + q1(x)[1] * noise["z_1"]
    z2 = q2(z1)[0] + q2(z1)[1] * noise["z_2"]
    joint = px.at(z1).log_prob(x) + p1.at(z2).log_prob(z1) + STANDARD.log_prob(z2)
    expected = joint - q1.at(x).log_prob(z1) - q2.at(z1).log_prob(z2)
    assert_close(f2d.compile(formula, bindings).log_weight(x, noise=noise), expected)
    assert_close(judged(formula, bindings, {"x": x}, noise), expected.mean())


def test_what_the_model_only_reads_stands_behind_the_bar() -> None:
    q, p = Gaussian(2, 2), Gaussian(2, 2)
    bindings = {"q(z|x,y)": f2d.Normal(q), "p(x|z,y)": f2d.Normal(p), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    formula = r"E_{q(z|x,y)}[\log p(x|z,y)] - KL[q(z|x,y) \| p(z)]"
    found = _program(formula, bindings).evidence
    assert found is not None
    assert found.name == "log p(x|y)"
    x, y, eps = torch.randn(3, 2), torch.randn(3, 2), torch.randn(3, 2)
    z = q(x, y)[0] + q(x, y)[1] * eps
    expected = p.at(z, y).log_prob(x) + STANDARD.log_prob(z) - q.at(x, y).log_prob(z)
    assert_close(f2d.compile(formula, bindings).log_weight(x, y, noise={"z": eps}), expected)


def test_a_posterior_of_all_data_beside_those_of_some() -> None:
    q, qx, p, py = Gaussian(2, 2), Gaussian(2), Gaussian(2), Gaussian(2)
    bindings = {
        "q(z|x,y)": f2d.Normal(q),
        "q(z|x)": f2d.Normal(qx),
        "p(x|z)": f2d.Normal(p),
        "p(y|z)": f2d.Normal(py),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }
    formula = (
        r"E_{q(z|x,y)}[\log p(x|z) + \log p(y|z)] - KL[q(z|x,y) \| p(z)] + E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]"
    )
    x, y, eps = torch.randn(3, 2), torch.randn(3, 2), torch.randn(3, 2)
    z = q(x, y)[0] + q(x, y)[1] * eps
    joint = p.at(z).log_prob(x) + py.at(z).log_prob(y) + STANDARD.log_prob(z)
    found = f2d.compile(formula, bindings).log_weight(x, y, noise={"z": eps})
    assert_close(found, joint - q.at(x, y).log_prob(z))


@pytest.mark.parametrize("how", ["enumerate", "score", "straight-through"])
def test_a_category_is_drawn_however_its_gradient_is_estimated(how: str) -> None:
    logits, means = nn.Linear(2, 3), nn.Linear(3, 2)
    bindings = {
        "q(y|x)": f2d.Categorical(logits, one_hot=True),
        "p(x|y)": f2d.Normal(loc=means, scale=1.0),
        "p(y)": f2d.Categorical(logits=torch.zeros(3), one_hot=True),
    }
    formula = r"E_{q(y|x)}[\log p(x|y)] - KL[q(y|x) \| p(y)]"
    objective = f2d.compile(formula, bindings, estimators={"y": how})
    x = torch.randn(4, 2)
    each = torch.stack([td.Normal(means(row), 1.0).log_prob(x).sum(1) for row in torch.eye(3)])
    exact = torch.logsumexp(each - math.log(3), 0)
    assert_close(objective.log_marginal(x=x, draws=20_000, at_once=1_000), exact, rtol=0, atol=0.05)
    assert bool((objective.log_marginal(x=x, draws=1) - exact).abs().max() > 0)


WITHOUT = {
    "no latent": ("log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0)}),
    "no prior": ("E_q(z|x)[log p(x|z)]", {"q(z|x)": f2d.Normal(Gaussian(2)), "p(x|z)": f2d.Normal(Gaussian(2))}),
    "a generator": (
        r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]",
        {
            "D": nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()),
            "G": nn.Linear(2, 2),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2),
        },
    ),
    "a squared error": (
        r"\min E_{q(z|x)}[\|x - f(z)\|^2] + KL[q(z|x) \| p(z)]",
        {"q(z|x)": f2d.Normal(Gaussian(2)), "f": nn.Linear(2, 2), "p(z)": f2d.Normal(loc=0.0, scale=1.0)},
    ),
    "a mask": (
        r"E_{(x, m) \sim D} [m E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]]",
        {
            "q(z|x)": f2d.Normal(Gaussian(2)),
            "p(x|z)": f2d.Normal(Gaussian(2)),
            "p(z)": f2d.Normal(loc=0.0, scale=1.0),
        },
    ),
    "drawn weights": (
        r"E_{q(w)}[\log p(x|w)] - \frac1N KL[q(w) \| p(w)]; N = 10",
        {
            "q(w)": f2d.Normal(loc=nn.Parameter(torch.zeros(2)), scale=1.0),
            "p(x|w)": f2d.Normal(loc=nn.Linear(2, 2), scale=1.0),
            "p(w)": f2d.Normal(loc=0.0, scale=1.0),
        },
    ),
    "steps": (
        r"\sum_t E_{q(z_t|x_t)}[\log p(x_t|z_t)] - KL[q(z_t|x_t) \| p(z_t)]",
        {
            "q(z_t|x_t)": f2d.Normal(Gaussian(2)),
            "p(x_t|z_t)": f2d.Normal(Gaussian(2)),
            "p(z_t)": f2d.Normal(loc=0.0, scale=1.0),
        },
    ),
    "relaxed draws": (
        r"E_{q(y|x)}[\log p(x|y)] - KL[q(y|x) \| p(y)]",
        {
            "q(y|x)": f2d.Categorical(nn.Linear(2, 3), one_hot=True),
            "p(x|y)": f2d.Normal(loc=nn.Linear(3, 2), scale=1.0),
            "p(y)": f2d.Categorical(logits=torch.zeros(3), one_hot=True),
            "options": {"estimators": {"y": "relaxed"}},
        },
    ),
    "a certain code": (
        r"E_{q(z|x)}[\log p(x|z) + \log p(z)]; q(z|x) = \delta(z - f(x))",
        {"f": nn.Linear(2, 2), "p(x|z)": f2d.Normal(Gaussian(2)), "p(z)": f2d.Normal(loc=0.0, scale=1.0)},
    ),
}


@pytest.mark.parametrize(("formula", "bindings"), WITHOUT.values(), ids=list(WITHOUT))
def test_where_it_is_not_defined_it_is_not_written(formula: str, bindings: dict[str, object]) -> None:
    options = {key: value for key, value in bindings.items() if key == "options"}.get("options", {})
    objective = f2d.compile(formula, {key: value for key, value in bindings.items() if key != "options"}, **options)
    assert objective._facts.program.evidence is None
    assert "log_marginal" not in objective.source
    with pytest.raises(f2d.FormulaError, match="F2D-0685"):
        objective.log_marginal(x=torch.zeros(3, 2))
    data = {each.name: torch.zeros(3, 2) for each in objective.inputs}
    with pytest.raises(f2d.FormulaError, match="F2D-0685"):
        f2d.fit(objective, data, validation=data, tighter=4, progress=False)


def test_what_it_is_given_is_looked_at() -> None:
    objective = f2d.compile(ELBO, Model().bindings)
    with pytest.raises(f2d.FormulaError, match="F2D-0601"):
        objective.log_marginal()
    with pytest.raises(f2d.FormulaError, match="F2D-0694.*draws=0"):
        objective.log_marginal(x=torch.zeros(3, 2), draws=0)
    with pytest.raises(f2d.FormulaError, match="x"):
        objective.log_marginal(x=torch.full((3, 2), math.nan))


def test_training_in_memory_measures_it_on_validation_data() -> None:
    bindings, x, exact = linear_gaussian()
    objective = f2d.compile(ELBO, bindings)
    history = f2d.fit(objective, x, epochs=2, validation=x, tighter=50, progress=False)
    name = "validation: log p(x) >= (50 draws)"
    assert len(history.curve(name)) == 2
    assert all(entry["validation: value"] < entry[name] < exact.mean() for entry in history)
    assert f2d.evaluate(objective, x, tighter=50)["log p(x) >= (50 draws)"] == history[-1][name]
    with pytest.raises(f2d.FormulaError, match="F2D-0694.*tighter=-1"):
        f2d.fit(objective, x, validation=x, tighter=-1, progress=False)
    with pytest.raises(f2d.FormulaError, match="F2D-0694.*validation="):
        f2d.fit(objective, x, tighter=50, progress=False)


def test_latents_that_are_drawn_from_the_model_cancel() -> None:
    """p(y|x) = E_q(z|x)[q(y|z)], as in the information bottleneck: the weight is the likelihood alone."""
    q, p = Gaussian(2), Gaussian(2)
    bindings = {"q(z|x)": f2d.Normal(q), "q(y|z)": f2d.Normal(p), "r(z)": f2d.Normal(loc=0.0, scale=1.0)}
    formula = r"\max E_{q(z|x)}[\log q(y|z)] - \beta KL[q(z|x) \| r(z)]; \beta = 0.1"
    found = _program(formula, bindings).evidence
    assert found is not None
    assert (found.name, found.ratio, found.draws) == ("log q(y|x)", "q(y|z)", ("q(z|x)",))
    x, y, eps = torch.randn(3, 2), torch.randn(3, 2), torch.randn(3, 2)
    z = q(x)[0] + q(x)[1] * eps
    assert_close(f2d.compile(formula, bindings).log_weight(x, y, noise={"z": eps}), p.at(z).log_prob(y))
