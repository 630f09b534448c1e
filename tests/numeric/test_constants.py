"""Laws of numbers alone: their event shape counts in entropies, divergences and draws."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

import formula2dgm as f2d


def standard(loc: float = 0.0, scale: float = 1.0) -> Independent:
    return Independent(Normal(torch.full((4,), loc), torch.full((4,), scale)), 1)


def test_the_entropy_of_a_constant_law() -> None:
    normal = f2d.compile("H[p(x)]", {"p(x)": f2d.Normal(loc=0.0, scale=2.0, event_shape=4)}, maximize=True)
    torch.testing.assert_close(normal().value, standard(scale=2.0).entropy())
    bits = f2d.compile("H[p(x)]", {"p(x)": f2d.Bernoulli(logits=0.5, event_shape=4)}, maximize=True)
    torch.testing.assert_close(bits().value, Bernoulli(logits=torch.full((4,), 0.5)).entropy().sum())


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (lambda: f2d.Normal(loc=0.0, scale=1.0, event_shape=4), lambda: f2d.Normal(loc=1.0, scale=2.0, event_shape=4)),
        (
            lambda: f2d.Normal(loc=nn.Parameter(torch.zeros(())), scale=1.0, event_shape=4),
            lambda: f2d.Normal(loc=1.0, scale=2.0, event_shape=4),
        ),
        (
            lambda: f2d.Normal(loc=0.0, scale=1.0, event_shape=4),
            lambda: f2d.Normal(loc=nn.Parameter(torch.ones(4)), scale=2.0),
        ),
        (
            lambda: f2d.Normal(loc=torch.zeros(4), scale=1.0),
            lambda: f2d.Normal(loc=1.0, scale=nn.Parameter(torch.full((4,), 2.0))),
        ),
    ],
)
def test_the_divergence_of_two_laws_without_a_network(left, right) -> None:
    objective = f2d.compile("KL[q(x) || p(x)]", {"q(x)": left(), "p(x)": right()}, maximize=False)
    torch.testing.assert_close(objective().value.detach(), kl_divergence(standard(), standard(1.0, 2.0)))


def test_samples_and_means_of_a_constant_law() -> None:
    normal = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=2.0, scale=1.0, event_shape=4)})
    assert normal.sample(3)["x"].shape == (3, 4)
    torch.testing.assert_close(normal.sample(3, mean=True)["x"], torch.full((3, 4), 2.0))
    bits = f2d.compile("log p(x)", {"p(x)": f2d.Bernoulli(logits=0.0, event_shape=4)})
    assert set(bits.sample(50)["x"].unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(bits.sample(3, mean=True)["x"], torch.full((3, 4), 0.5))


def test_an_objective_without_data_draws_a_batch() -> None:
    bindings = {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3), "f": nn.Linear(3, 1)}
    objective = f2d.compile("E_{z ~ p(z)}[f(z)]", bindings, maximize=True)
    noise = torch.randn(7, 3)
    wanted = bindings["f"](noise).mean()
    torch.testing.assert_close(objective(batch_size=7, noise={"z": noise}).value, wanted)
    assert objective(**objective.example_batch(5), noise=objective.example_noise(5)).value.dim() == 0
