r"""Sums over classes of the entries of one vector, ``\sum_{y'} \exp(f(x)[y'])``: against torch's cross entropy and the
energies of a classifier (Grathwohl et al. 2020) by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree

N, D, C = 5, 2, 3
SPACES = r"x \in \mathbb{R}^2; y \in \{1, \dots, 3\}"
LOG = r"\max_\theta E_{p_{data}(x, y)}[\log p_\theta(y|x)]"
CLASSIFIERS = [
    [LOG, r"\log p_\theta(y|x) = f_\theta(x)[y] - \log \sum_{y'} \exp(f_\theta(x)[y'])"],
    [LOG, r"p_\theta(y|x) = \frac{\exp(f_\theta(x)_y)}{\sum_{y'} \exp(f_\theta(x)_{y'})}"],
    [LOG, r"p_\theta(y|x) = \frac{e^{f_\theta(x)[y]}}{\sum_{k=1}^3 e^{f_\theta(x)[k]}}"],
    [LOG, r"p_\theta(y|x) = \exp(f_\theta(x)[y]) / \sum_{c \in \{1, \dots, 3\}} \exp(f_\theta(x)[c])"],
    [LOG, r"p_\theta(y|x) = \exp(f_{\theta,y}(x)) / \sum_{y'} \exp(f_{\theta,y'}(x))"],
    [LOG, r"p_\theta(y|x) = \frac{\exp(f_\theta(x)[y])}{\sum_{k=0}^{K-1} \exp(f_\theta(x)[k])}, K = 3"],
    [r"\max_\theta f_\theta(x)[y] - \log \sum_{y=1}^3 \exp(f_\theta(x)[y])"],
    ["max f_theta(x)[y] - log sum_{y'} exp(f_theta(x)[y'])"],
    [r"\max_\theta \log \mathrm{softmax}(f_\theta(x))_y"],
]
ENERGY = r"E_\theta(x) = -\log \sum_y \exp(f_\theta(x)[y])"
CHAIN = [
    r"\tilde x_k = \tilde x_{k-1} - \frac{\lambda}{2} \nabla_x E_\theta(\tilde x_{k-1}) + \omega_k",
    r"\omega_k \sim \mathcal{N}(0, \lambda I), \quad \tilde x_0 \sim \mathcal{N}(0, I), \quad K = 3; \lambda = 0.1",
]
JOINT = [
    r"\min_\theta -\mathbb{E}_{p_{data}(x, y)}[\log p_\theta(y|x)] + \mathbb{E}_{p_{data}(x)}[E_\theta(x)]"
    r" - \mathbb{E}[E_\theta(\mathrm{sg}[\tilde x_K])]",
    CLASSIFIERS[0][1],
    ENERGY,
    *CHAIN,
    SPACES,
]


def network(classes: int = C) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, classes)).double()


def data() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {"x": torch.randn(N, D).double(), "y": torch.tensor([0, 2, 1, 1, 0])}


@pytest.mark.parametrize("text", CLASSIFIERS)
def test_a_classifier_is_that_of_torch(text: list[str]) -> None:
    net, given = network(), data()
    objective = assert_agrees([*text, SPACES], {r"f_\theta": net}, given)
    assert_close(objective(**given).loss, cross_entropy(net(given["x"]), given["y"]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("text", CLASSIFIERS)
def test_a_default_network_has_an_entry_for_each_class(text: list[str]) -> None:
    objective = assert_defaults_agree([*text, SPACES], {})
    assert objective.f_theta(torch.randn(4, D).double()).shape == (4, C)


def test_classes_scaled_by_a_temperature() -> None:
    net, given = network(), data()
    text = [
        LOG,
        r"p_\theta(y|x) = \frac{\exp(f_\theta(x)[y] / \tau)}{\sum_{y'} \exp(f_\theta(x)[y'] / \tau)}, \tau = 0.5",
    ]
    found = assert_agrees([*text, SPACES], {r"f_\theta": net}, given)(**given).loss
    assert_close(found, cross_entropy(net(given["x"]) / 0.5, given["y"]), rtol=1e-12, atol=1e-12)


def test_the_joint_model_of_a_classifier_and_its_energy() -> None:
    """The chain by hand, from the noise that the objective is given."""
    net, given = network(), data()
    objective = assert_agrees(JOINT, {r"f_\theta": net}, given)
    noise = {"x_tilde_0": torch.randn(N, D).double(), "omega": torch.randn(N, 3, D).double()}
    point = noise["x_tilde_0"]
    for k in range(3):
        point = point.detach().requires_grad_()
        (slope,) = torch.autograd.grad(-net(point).exp().sum(1).log().sum(), point)
        point = point - 0.05 * slope + 0.1**0.5 * noise["omega"][:, k]
    energies = [-net(each).exp().sum(1).log().mean() for each in (given["x"], point.detach())]
    expected = cross_entropy(net(given["x"]), given["y"]) + energies[0] - energies[1]
    found = objective(**given, noise=noise).loss
    assert_close(found, expected, rtol=1e-10, atol=1e-10)
    weights = list(net.parameters())
    for ours, theirs in zip(torch.autograd.grad(found, weights), torch.autograd.grad(expected, weights), strict=True):
        assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    assert objective.sample(4)["x"].shape == (4, D)


def test_the_score_of_such_an_energy() -> None:
    net, given = network(), data()
    text = [
        r"\min_\theta E_{p_{data}(x)}[\|\nabla_x \log p_\theta(x)\|^2]",
        r"p_\theta(x) \propto \exp(-E_\theta(x))",
        ENERGY,
        SPACES,
    ]
    x = given["x"].clone().requires_grad_()
    (score,) = torch.autograd.grad(net(x).exp().sum(1).log().sum(), x)
    found = assert_agrees(text, {r"f_\theta": net}, {"x": given["x"]})(x=given["x"]).loss
    assert_close(found, (score**2).sum(1).mean(), rtol=1e-10, atol=1e-10)


def test_another_number_of_entries_than_of_classes_is_refused() -> None:
    objective = f2d.compile([*CLASSIFIERS[0], SPACES], {r"f_\theta": network(7)})
    with pytest.raises(FormulaError, match="a sum over 3 classes is of a vector with 7 entries"):
        objective(**data())


def test_a_sum_of_squares_runs_over_the_entries() -> None:
    objective: Any = f2d.compile(
        [r"\max_\theta f_\theta(x)[y] - \log \sum_{k=1}^3 (f_\theta(x)[k])^2", SPACES], scaffold=True
    )
    batch = data()
    scores = objective.f_theta(batch["x"])
    expected = scores[torch.arange(len(scores)), batch["y"]] - scores.square().sum(1).log()
    assert_close(objective(**batch).value, expected.mean())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ([r"\max_\theta f_\theta(x)[y] - \log \sum_{y'} \exp(f_\theta(x)[y'])", r"x \in \mathbb{R}^2"], "F2D-0411"),
        ([r"\max_\theta f_\theta(x)[y] - \sum_{k=2}^3 \exp(f_\theta(x)[k])", SPACES], "F2D-0416"),
        ([r"\max E_{t \sim U(0,1)}[f(x)[y] - \log \sum_{y'} \exp([t]_{y'})]", SPACES], "F2D-0544"),
    ],
)
def test_what_is_no_sum_over_classes_is_refused(text: list[str], code: str) -> None:
    with pytest.raises(FormulaError, match=code):
        f2d.compile(text, scaffold=True)
