"""Which estimator a draw gets, what is refused with which choices, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import formula2dgm as f2d

ELBO = r"\max E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)]"


def bits(**more: object) -> dict[str, object]:
    return {
        "q(z|x)": f2d.Bernoulli(nn.Linear(4, 3)),
        "p(x|z)": f2d.Bernoulli(nn.Linear(3, 4)),
        "p(z)": f2d.Bernoulli(probs=0.5),
        **more,
    }


def counts() -> dict[str, object]:
    return {
        "q(z|x)": f2d.Poisson(nn.Sequential(nn.Linear(4, 3), nn.Softplus())),
        "p(x|z)": f2d.Bernoulli(nn.Linear(3, 4)),
    }


def refusal(formula: Any, bindings: dict[str, object], **options: Any) -> tuple[str, str]:
    """The code of the first error, and its text."""
    with pytest.raises(f2d.FormulaError) as error:
        f2d.compile(formula, bindings, **options)
    return error.value.diagnostics[0].code, str(error.value)


@pytest.mark.parametrize("key", ["z", "q(z|x)", r"q(z \mid x)"])
def test_a_key_is_a_formula(key: str) -> None:
    objective = f2d.compile(ELBO, bits(), estimators={key: "score"})
    assert [site.estimator for site in objective.sites] == ["score"]


def test_a_density_counts_before_its_variable() -> None:
    objective = f2d.compile(ELBO, bits(), estimators={"z": "enumerate", "q(z|x)": "score"})
    assert [site.estimator for site in objective.sites] == ["score"]


@pytest.mark.parametrize(
    ("choice", "estimator"),
    [("score", "score"), (f2d.Relaxed(densities="mass"), "relaxed"), ("straight-through", "straight-through")],
)
def test_every_view_says_the_estimator(choice: object, estimator: str) -> None:
    objective = f2d.compile(ELBO, bits(), estimators={"z": choice})
    assert [site.estimator for site in objective.sites] == [estimator]
    assert [site["estimator"] for site in objective.contract["sites"]] == [estimator]
    said = {"score": "score function", "relaxed": "relaxation", "straight-through": "straight-through"}[estimator]
    assert any(said in each for each in objective.assumptions)
    assert {"score": "score function's", "relaxed": "relaxed", "straight-through": "straight_through("}[
        estimator
    ] in objective.source
    assert "gradient" in objective.explain()


def test_a_normal_is_pathwise_and_a_small_discrete_draw_is_enumerated() -> None:
    model = bits() | {"q(z|x)": f2d.Normal(loc=nn.Linear(4, 3), scale=1.0), "p(z)": f2d.Normal(loc=0.0, scale=1.0)}
    assert [site.estimator for site in f2d.compile(ELBO, model).sites] == ["pathwise"]
    assert f2d.compile(ELBO, bits()).sites == ()


def test_a_discrete_draw_that_nothing_is_learned_before_needs_no_estimator() -> None:
    model = {"p(x|z)": f2d.Bernoulli(nn.Linear(3, 4))}
    for law in (f2d.Poisson(rate=2.0, event_shape=3), f2d.Poisson(rate=torch.tensor([1.0, 2.0, 3.0]))):
        objective = f2d.compile(r"\max E_{q(z)}[\log p(x|z)]", {"q(z)": law, **model})
        assert [site.estimator for site in objective.sites] == ["detached"]


def test_a_written_sum_is_enumerated() -> None:
    formula = r"\max \sum_y q(y|x) \log p(x|y)"
    model = {"q(y|x)": f2d.Categorical(nn.Linear(4, 3), one_hot=True), "p(x|y)": f2d.Bernoulli(nn.Linear(3, 4))}
    assert f2d.compile(formula, model, estimators={"y": "enumerate"}).sites == ()
    assert refusal(formula, model, estimators={"y": "score"})[0] == "F2D-0431"


# -- refusals ------------------------------------------------------------------------------------------


def test_a_draw_without_an_estimator_lists_the_choices() -> None:
    code, text = refusal(r"\max E_{q(z|x)}[\log p(x|z)]", counts())
    assert code == "F2D-0404"
    assert 'estimators={"z": "score"}' in text and "enumerate" not in text
    code, text = refusal([r"z \sim q(z|x)", r"\max \log p(x|z)"], bits())
    assert code == "F2D-0404"
    for each in ("score", "relaxed", "straight-through"):
        assert f'estimators={{"z": "{each}"}}' in text
    assert "E_{z ~ q(z|x)}[...]" in text


@pytest.mark.parametrize(
    ("law", "choice"),
    [
        (lambda: f2d.Bernoulli(nn.Linear(4, 3)), "pathwise"),
        (lambda: f2d.Normal(loc=nn.Linear(4, 3), scale=1.0), "enumerate"),
        (lambda: f2d.Normal(loc=nn.Linear(4, 3), scale=1.0), "relaxed"),
        (lambda: f2d.Poisson(nn.Linear(4, 3)), "straight-through"),
        (lambda: f2d.Poisson(nn.Linear(4, 3)), "enumerate"),
        (lambda: f2d.Uniform(low=nn.Linear(4, 3), high=9.0), "score"),
    ],
)
def test_an_estimator_that_does_not_fit_is_refused_with_those_that_do(law: Any, choice: str) -> None:
    code, text = refusal(r"\max E_{q(z|x)}[\log p(x|z)]", bits() | {"q(z|x)": law()}, estimators={"z": choice})
    assert code == "F2D-0430"
    assert 'estimators={"z": ' in text and f'"z": "{choice}"' not in text


def test_several_draws_are_not_enumerated() -> None:
    formula = r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K p(x|z_k)]"
    assert refusal(formula, bits(K=3), estimators={"z": "enumerate"})[0] == "F2D-0430"


def test_an_estimator_for_what_nothing_draws_is_refused() -> None:
    assert refusal(ELBO, bits(), estimators={"y": "score"})[0] == "F2D-0431"
    assert refusal(ELBO, bits(), estimators={"p(z)": "score"})[0] == "F2D-0431"
    assert refusal(ELBO, bits(), estimators={"z + 1": "score"})[0] == "F2D-0431"


@pytest.mark.parametrize("choice", ["reinforce", 3, f2d.Relaxed(temperature=-1.0), f2d.Score(baseline=float("nan"))])
def test_a_choice_that_does_not_exist_is_refused(choice: object) -> None:
    assert refusal(ELBO, bits(), estimators={"z": choice})[0] == "F2D-0708"


def test_a_baseline_of_the_other_draws_wants_some() -> None:
    assert refusal(ELBO, bits(), estimators={"z": f2d.Score(baseline="leave-one-out")})[0] == "F2D-0432"


def test_one_bound_of_several_draws_has_no_cost_of_each() -> None:
    formula = r"\max E_{z_{1:K} \sim q(z|x)}[\log \frac1K \sum_{k=1}^K p(x|z_k)]"
    found = refusal(formula, bits(K=3), estimators={"z": f2d.Score(baseline="leave-one-out")})
    assert found[0] == "F2D-0432" and "one cost together" in found[1]


def test_a_baseline_does_not_read_the_draw() -> None:
    code, _ = refusal(ELBO, bits(b=nn.Linear(3, 1)), estimators={"z": f2d.Score(baseline="b(z)")})
    assert code.startswith("F2D-")
    assert refusal(ELBO, bits(), estimators={"z": f2d.Score(baseline="b(")})[0].startswith("F2D-")


def test_a_weight_of_all_examples_has_no_baseline_of_other_examples() -> None:
    model = {
        "q(w)": f2d.Bernoulli(logits=nn.Parameter(torch.zeros(4))),
        "p(x|w)": f2d.Bernoulli(nn.Linear(4, 4)),
        "N": 10,
    }
    formula = r"\max E_{q(w)}[\sum_{i=1}^N \log p(x_i|w)]"
    f2d.compile(formula, model, estimators={"w": "score"})
    assert refusal(formula, model, estimators={"w": f2d.Score(baseline="batch")})[0] == "F2D-0432"


def test_a_log_density_of_a_relaxed_value_is_a_choice() -> None:
    code, text = refusal(ELBO, bits(), estimators={"z": "relaxed"})
    assert code == "F2D-0433" and 'densities="relaxed"' in text and 'densities="mass"' in text


@pytest.mark.parametrize("choice", ["relaxed", "straight-through"])
def test_a_category_s_number_is_not_relaxed(choice: str) -> None:
    model = {"q(y|x)": f2d.Categorical(nn.Linear(4, 3)), "p(x|y)": f2d.Bernoulli(nn.Linear(3, 4))}
    code, text = refusal(r"\max E_{q(y|x)}[\log p(x|y)]", model, estimators={"y": choice})
    assert code == "F2D-0435" and "one_hot=True" in text


def test_check_reports_it() -> None:
    found = f2d.check(ELBO, bits(), estimators={"y": "score"})
    assert [each.code for each in found] == ["F2D-0431"]


def test_a_vector_with_too_many_values_is_refused_where_it_is_drawn() -> None:
    """2^20 values: known from the space alone, before anything runs."""
    text = [r"\max E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) || p(z)]", r"z \in \{0,1\}^{20}", r"x \in \{0,1\}^{8}"]
    found = f2d.check(text, scaffold=True)
    assert [each.code for each in found if each.severity == "error"] == ["F2D-0404"]
    assert "20 entries" in found[0].message
    assert not [each for each in f2d.check(text, scaffold=True, estimators={"z": "score"}) if each.severity == "error"]
    few = [text[0], r"z \in \{0,1\}^{8}", text[2]]
    assert not [each for each in f2d.check(few, scaffold=True) if each.severity == "error"]
