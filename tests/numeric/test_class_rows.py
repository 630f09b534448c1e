r"""Rows of classes, ``\mu_c`` of ``p(z|c) = N(z; \mu_c, \sigma_c^2 I)``: learned, or of a bound table, at the class."""

from __future__ import annotations

import pytest
import torch
from torch import distributions as td
from torch import nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees
from tests.support.default_agreement import assert_defaults_agree
from tests.support.small import assumed, codes

X = torch.randn(4, 2, dtype=torch.float64)
Y = torch.tensor([2, 0, 1, 2])
MU = torch.randn(3, 2, dtype=torch.float64)


def normal(loc: torch.Tensor, scale: torch.Tensor | float = 1.0) -> td.Distribution:
    return td.Independent(td.Normal(loc, scale), 1)


LABELLED = [
    r"\max \log p(x|y); p(x|y) = \mathcal{N}(x; \mu_y, I); y \in \{1,2,3\}",
    r"\max \log p(x|y); p(x|y) = \mathcal{N}(x; \mu_{y}, I); y \in \{1,\dots,3\}",
    "max log p(x|y); p(x|y) = N(x; mu_y, I); y in {1,2,3}",
    "max log p(x|y); p(x|y) = N(x; μ_y, I); y ∈ {1,2,3}",
]


@pytest.mark.parametrize("formula", LABELLED)
@pytest.mark.parametrize("key", [r"\mu", r"\mu_y"])
def test_a_bound_table_is_read_at_the_label(formula: str, key: str) -> None:
    objective = assert_agrees(formula, {key: nn.Parameter(MU.clone())}, {"x": X, "y": Y}, dims={"x": 2})
    out = objective(x=X, y=Y)
    table = MU.clone().requires_grad_()
    by_hand = normal(table[Y]).log_prob(X).mean()
    assert_close(out.value, by_hand)
    (ours,) = torch.autograd.grad(out.value, list(objective.parameters()))
    assert_close(ours, torch.autograd.grad(by_hand, table)[0])


@pytest.mark.parametrize("formula", LABELLED)
def test_learned_rows_are_read_at_the_label(formula: str) -> None:
    objective = assert_defaults_agree(formula, {"x": 2}, {"x": X, "y": Y})
    assert objective.mu_y.shape == (3, 2)
    assert_close(objective(x=X, y=Y).value, normal(objective.mu_y[Y]).log_prob(X).mean())


def test_clusters_of_a_latent() -> None:
    text = r"""\max E_{q(z|x) q(c|x)}[\log p(x|z) + \log p(z|c) - \log q(c|x)]
    p(z|c) = \mathcal{N}(z; \mu_c, \sigma_c^2 I)
    c \in \{1,\dots,3\}"""
    objective = assert_defaults_agree(text, {"x": 2, "z": 2}, {"x": X})
    eps = torch.randn(4, 2)
    posterior, log_q = objective.q_z_given_x(X), objective.q_c_given_x(X).log_softmax(1)
    z = posterior["loc"] + posterior["scale"] * eps
    rows = normal(objective.mu_c, objective.log_sigma_c.exp()).log_prob(z.unsqueeze(1))
    by_hand = (normal(objective.p_x_given_z(z)).log_prob(X) + (log_q.exp() * (rows - log_q)).sum(1)).mean()
    assert_close(objective(x=X, noise={"z": eps}).value, by_hand)


def test_clusters_of_a_bound_table() -> None:
    text = r"\max E_{q(k|x)}[\log p(x|k)]; p(x|k) = \mathcal{N}(x; \mu_k, I); k \in \{1,2,3\}"
    classes = nn.Linear(2, 3)
    objective = assert_agrees(text, {r"\mu": MU, "q(k|x)": f2d.Categorical(classes)}, {"x": X}, dims={"x": 2})
    weights = classes(X).softmax(1)
    by_hand = (weights * normal(MU).log_prob(X.unsqueeze(1))).sum(1).mean()
    assert_close(objective(x=X).value, by_hand)


def test_a_class_that_is_drawn() -> None:
    text = r"\max E_{q(k|x)}[\log p(x|k)]; p(x|k) = \mathcal{N}(x; \mu_k, I); k \in \{1,2,3\}"
    bindings = {r"\mu": MU, "q(k|x)": f2d.Categorical(nn.Linear(2, 3))}
    objective = f2d.compile(text, bindings, dims={"x": 2}, estimators={"k": "score"})
    torch.manual_seed(0)
    drawn = objective.example_noise(x=X)["k"].long()
    out = objective(x=X, noise={"k": drawn})
    assert_close(out.value, normal(MU[drawn]).log_prob(X).mean())


def test_centres_of_classes() -> None:
    text = r"\min E_{x,y}[\|f(x) - c_y\|^2]; y \in \{1,2,3\}"
    objective = assert_defaults_agree(text, {"x": 2, "c_y": 3}, {"x": X, "y": Y})
    assert_close(objective(x=X, y=Y).value, (objective.f(X) - objective.c_y[Y]).square().sum(1).mean())


def test_weights_of_classes_are_bound() -> None:
    text = r"\max E_{x,y}[w_y \log p(x|y)]; y \in \{1,2,3\}; p(x|y) = \mathcal{N}(x; \mu_y, I)"
    weights = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
    table = nn.Parameter(MU.clone())
    objective = assert_agrees(text, {"w": weights, r"\mu": table}, {"x": X, "y": Y}, dims={"x": 2})
    assert_close(objective(x=X, y=Y).value, (weights[Y] * normal(MU[Y]).log_prob(X)).mean())
    assert codes(text, {r"\mu": MU}, scaffold=True, dims={"x": 2}) == ["F2D-0203"]
    assert codes(text, {r"\mu": MU, "w_y": 2.0}, dims={"x": 2}) == []


def test_refusals() -> None:
    text = LABELLED[0]
    assert codes(text, {r"\mu": torch.zeros(4, 2)}, dims={"x": 2}) == ["F2D-0322"]
    assert codes(text, {r"\mu_y": torch.zeros(4, 2)}, dims={"x": 2}) == ["F2D-0322"]
    assert codes(text, {}, dims={"x": 2}) == ["F2D-0203"]
    assert codes(r"\min E_{q(k|x)}[\|x - f_k(x)\|^2]; k \in \{1,2,3\}", {}, scaffold=True, dims={"x": 2}) == [
        "F2D-0459"
    ]


@pytest.mark.parametrize(
    "formula",
    [
        r"\max E_{q(y|x)}[\log p(x_y|y)]; y \in \{1,2,3\}",  # x_y is a variable of its own
        r"\max E_{q(z|x)}[\log p(x|z)] + \lambda_y \log p(y|x); y \in \{1,2,3\}; \lambda_y = 4",  # a constant
        r"\max \log p(x|z); p(x|z) = \mathcal{N}(x; f(z), \sigma_x^2 I); x \in \mathbb{R}^2; z \in \mathbb{R}^2",
    ],
)
def test_labels_that_stay_labels(formula: str) -> None:
    said = assumed(formula, {}, scaffold=True, dims={"x": 2, "z": 2, "x_y": 2})
    assert "learned" not in said and "row of" not in said
