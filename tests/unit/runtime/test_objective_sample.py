"""Objective.sample: flows, mixtures, marginals and conditional models draw what they score."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import formula2dgm as f2d
from formula2dgm import flows
from tests.support.small import Gaussian

EXAMPLES = Path(__file__).parents[3] / "examples"
NORMAL = f2d.Normal(loc=0.0, scale=1.0, event_shape=2)


@pytest.mark.parametrize("name", ["real_nvp", "gaussian_mixture"])
def test_examples_are_drawn_and_scored(name: str) -> None:
    torch.manual_seed(0)
    objective = f2d.compile(EXAMPLES / f"{name}.tex", dims={"x": 2})
    x = objective.sample(7)["x"].detach()
    assert x.shape == (7, 2)
    torch.testing.assert_close(objective.log_prob(x=x).mean(), objective(x=x).value)
    assert "def sample(" in objective.source
    assert objective.sample()["x"].shape == (1, 2)


def test_a_flow_draws_what_its_inverse_makes_noise() -> None:
    f = flows.AffineCoupling([1, 0], flows.Conditioner(2, 4), bound=2.0)
    objective = f2d.compile([r"\log p(x)", "z = f(x)", r"z \sim N(0, I)"], {"f": f}, dims={"x": 2}, maximize=True)
    z = torch.randn(5, 2)
    torch.testing.assert_close(f(objective.sample(5, noise={"z": z})["x"])[0], z)


def test_a_flow_of_noise_without_a_known_size_asks_for_it() -> None:
    f = flows.AffineCoupling([1, 0], flows.Conditioner(2, 4), bound=2.0)
    objective = f2d.compile([r"\log p(x)", "z = f(x)", r"z \sim N(0, I)"], {"f": f}, maximize=True)
    with pytest.raises(f2d.FormulaError) as caught:
        objective.sample(5)
    assert caught.value.diagnostics[0].code == "F2D-0610"


def test_a_mixture_draws_its_components() -> None:
    torch.manual_seed(0)
    text = [r"\log p(x)", "p(x) = 0.25 N(x; -5, 1) + 0.75 N(x; 5, 1)"]
    objective = f2d.compile(text, dims={"x": 1}, maximize=True)
    x = objective.sample(4000)["x"]
    # a share of 0.75 among 4000 has a standard error of 0.007
    assert abs(float((x > 0).float().mean()) - 0.75) < 0.042
    assert abs(float(x[x > 0].mean()) - 5) < 0.12


def test_a_mixture_as_a_prior() -> None:
    bindings = {
        "q(z|x)": f2d.Normal(Gaussian(2)),
        "p(x|z)": f2d.Normal(Gaussian(2)),
        "pi": torch.tensor([0.5, 0.5]),
        "mu": torch.tensor([[-9.0, -9.0], [9.0, 9.0]]),
    }
    text = [r"E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", r"p(z) = \sum_{k=1}^2 \pi_k N(z; \mu_k, I)"]
    drawn = f2d.compile(text, bindings).sample(50)
    assert list(drawn) == ["z", "x"]
    assert bool((drawn["z"].abs() > 3).all())


def test_a_marginal_draws_what_it_sums_over() -> None:
    bindings = {
        "p(x|z)": f2d.Normal(loc=nn.Embedding(3, 2), scale=1.0),
        "p(z)": f2d.Categorical(probs=torch.tensor([0.5, 0.3, 0.2])),
    }
    objective = f2d.compile([r"\log p(x)", r"p(x) = \sum_z p(x|z) p(z)"], bindings, maximize=True)
    drawn = objective.sample(6)
    assert drawn["z"].shape == (6,) and drawn["x"].shape == (6, 2)
    marginal = objective.as_distribution().marginalize("z")
    torch.testing.assert_close(marginal.log_prob(x=drawn["x"]).mean(), objective(x=drawn["x"]).value)


def test_a_posterior_refined_by_a_flow_takes_no_part() -> None:
    bindings = {
        "q_0(z_0|x)": f2d.Normal(loc=nn.Linear(3, 2), scale=0.5),
        "p(x|z)": f2d.Normal(loc=nn.Linear(2, 3), scale=1.0),
        "p(z)": NORMAL,
        "f": flows.Planar(2),
    }
    text = [r"E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]", "z = f(z_0)", r"z_0 \sim q_0(z_0|x)"]
    assert list(f2d.compile(text, bindings).sample(4)) == ["z", "x"]


def test_a_conditional_model_is_given_its_condition() -> None:
    bindings = {
        "q(z|x,y)": f2d.Normal(Gaussian(2, 2)),
        "p(x|z,y)": f2d.Normal(Gaussian(2, 2)),
        "p(z|y)": f2d.Normal(Gaussian(2)),
    }
    objective = f2d.compile(r"\max E_{q(z|x,y)}[\log p(x|z,y)] - KL[q(z|x,y)||p(z|y)]", bindings)
    drawn = objective.sample(5, y=torch.zeros(3, 2))
    assert drawn["x"].shape == drawn["z"].shape == (5, 3, 2)
    with pytest.raises(f2d.FormulaError) as caught:
        objective.sample(5)
    assert caught.value.diagnostics[0].code == "F2D-0601"


def test_latents_given() -> None:
    bindings = {"q(z|x)": f2d.Normal(Gaussian(2)), "p(x|z)": f2d.Normal(Gaussian(2)), "p(z)": NORMAL}
    objective = f2d.compile(r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)]", bindings)
    assert list(objective.sample(5, z=torch.zeros(3, 2))) == ["x"]
