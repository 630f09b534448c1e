"""Every view of a program says the same: text, JSON, graphs."""

from __future__ import annotations

import json

import pytest
from torch import nn

import formula2dgm as f2d

ELBO = r"E_q(z|x)[log p(x|z)] - \beta KL[q(z|x) || p(z)]"


@pytest.fixture(scope="module")
def objective() -> f2d.Objective:
    return f2d.compile(ELBO, scaffold=True, dims={"x": 4, "z": 2})


def test_explain_names_terms_sharing_and_assumptions(objective: f2d.Objective) -> None:
    text = objective.explain()
    assert "maximise" in text
    assert "KL[q(z|x) || p(z)]   times -beta" in text
    assert "KL of q(z|x) and p(z) in closed form (Normal, Normal)" in text
    assert "estimated at z ~ q(z|x), pathwise" in text
    assert "q(z|x): one call, used by the draw of z, KL[q(z|x) || p(z)]" in text
    assert "beta is 1.0" in text


def test_explain_says_what_was_chosen_of_a_family() -> None:
    logits = nn.Linear(3, 5)
    objective = f2d.compile(
        "log p(y|x) + log p(x)",
        {"p(y|x)": f2d.Categorical(logits, one_hot=True), "p(x)": f2d.DiscretizedLogistic(loc=0.0, scale=1.0, bins=16)},
    )
    text = objective.explain()
    assert "p(y|x) is a Categorical of one-hot values" in text
    assert "p(x) is a DiscretizedLogistic of bins=16, low=0.0, high=1.0" in text


def test_the_contract_is_plain_data_with_places_and_lines(objective: f2d.Objective) -> None:
    found = json.loads(json.dumps(f2d.describe(ELBO, dims={"x": 4, "z": 2})))
    terms = found["objectives"][0]["terms"]
    assert [each["id"] for each in terms] == ["term-1.1", "term-1.2"]
    place = terms[1]["range"]
    assert ELBO[place["start"] : place["end"]] == "KL[q(z|x) || p(z)]"
    lines = objective.source.splitlines()
    assert any("kl_normal_standard" in lines[number - 1] for number in terms[1]["lines"])


def test_the_factor_graph_has_data_and_latents(objective: f2d.Objective) -> None:
    graph = objective.graph
    assert dict(graph.nodes(data="kind")) == {"x": "data", "z": "latent"}
    edges = {(a, b): label for a, b, label in graph.edges(data="density")}
    assert edges == {("x", "z"): "q(z|x)", ("z", "x"): "p(x|z)"}
