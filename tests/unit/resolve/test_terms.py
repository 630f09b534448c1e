"""Terms: their names and coefficients; contributions add up to the value."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from tests.support.reference import reference
from tests.support.small import Model, codes, program

ELBO = r"E_{q(z|x)}[\log p(x|z)] - \beta KL[q(z|x)||p(z)]"


def names(formula: str | list[str], **more: object) -> list[str]:
    return [each.name for each in program(formula, {**Model().bindings, **more}).objectives[0].terms]


def test_names_and_values() -> None:
    model = Model()
    judge = reference(r"\max " + ELBO, {**model.bindings, "beta": 4.0}, {"x": model.x}, {"z": model.eps}).run()
    assert_close(judge.terms, {"log p(x|z)": model.log_p(model.z()).mean(), "KL[q(z|x) || p(z)]": model.kl().mean()})
    assert_close(judge.contributions["KL[q(z|x) || p(z)]"], -4 * model.kl().mean())


def test_a_minus_in_front_of_a_bracket_turns_every_sign() -> None:
    model = Model()
    value = model.value(r"\min -(E_{q(z|x)}[\log p(x|z)] - KL[q(z|x)||p(z)])")
    assert_close(value, (model.kl() - model.log_p(model.z())).mean())


@pytest.mark.parametrize(
    ("formula", "factor"),
    [
        (r"\min \beta \frac12 KL[q(z|x)||p(z)]", 1.5),
        (r"\min \frac{\beta}{2} KL[q(z|x)||p(z)]", 1.5),
        (r"\min \frac{\beta KL[q(z|x)||p(z)]}{2}", 1.5),
        (r"\min \frac{KL[q(z|x)||p(z)]}{\beta}", 1 / 3),
        (r"\min_\phi (1 - \beta) KL[q(z|x)||p(z)]", -2.0),
        (r"\min \beta^2 KL[q(z|x)||p(z)]", 9.0),
        (r"\min \beta (\beta KL[q(z|x)||p(z)])", 9.0),
        (r"\min KL[q(z|x)||p(z)] \beta", 3.0),
        (r"\min E_{q(z|x)}[\beta KL[q(z|x)||p(z)]]", 3.0),
        (r"\min \frac1N \sum_{i=1}^N \beta KL[q(z|x_i)||p(z)]", 3.0),
        (r"\min 2 KL[q(z|x)||p(z)] - (-KL[q(z|x)||p(z)])", 3.0),
    ],
)
def test_no_coefficient_is_lost(formula: str, factor: float) -> None:
    model = Model()
    assert_close(model.value(formula, more={"beta": 3.0}), factor * model.kl().mean())


def test_division_by_zero_is_refused() -> None:
    assert codes(r"\max E_{q(z|x)}[\log p(x|z)] / 0", Model().bindings) == ["F2D-0220"]


def test_an_underbrace_names_its_term() -> None:
    formula = (
        r"\max \underbrace{E_{q(z|x)}[\log p(x|z)]}_{\text{fit}} - \underbrace{\beta KL[q(z|x)||p(z)]}_{\text{rate}}"
    )
    assert names(formula, beta=4.0) == ["fit", "rate"]
    model = Model()
    value = model.value(formula, more={"beta": 4.0})
    assert_close(value, (model.log_p(model.z()) - 4 * model.kl()).mean())


def test_equal_terms_have_names_of_their_own() -> None:
    assert names(r"\max E_{q(z|x)}[\log p(x|z)] + E_{q(z|x)}[\log p(x|z)]") == ["log p(x|z)", "log p(x|z)#2"]


def test_a_random_weight_stays_in_its_term() -> None:
    model, weight = Model(), nn.Linear(2, 1)
    judge = reference(
        r"\max E_{q(z|x)}[2 w(z) \log p(x|z)]", {**model.bindings, "w": weight}, {"x": model.x}, {"z": model.eps}
    ).run()
    z = model.z()
    (term,) = judge.terms.values()
    assert_close(term, (weight(z).squeeze(-1) * model.log_p(z)).mean())
    assert_close(judge.value, 2 * term)


def test_contributions_add_up() -> None:
    model = Model()
    formula = r"\max \alpha (E_{q(z|x)}[\log p(x|z) + \log p(z) - \log q(z|x)] - \beta(KL[q(z|x)||p(z)] - C)) / 2 + 1"
    more = {"alpha": 2.0, "beta": 3.0, "C": 5.0}
    judge = reference(formula, {**model.bindings, **more}, {"x": model.x}, {"z": model.eps}).run()
    assert_close(sum(judge.contributions.values(), torch.tensor(0.0)), judge.value.detach())


def test_named_parts_keep_their_signs() -> None:
    model = Model()
    statements = [
        r"\mathcal{L}_1 = E_{q(z|x)}[\log p(x|z)]",
        r"\mathcal{L}_2 = KL[q(z|x)||p(z)]",
        r"\mathcal{L} = \mathcal{L}_1 - \beta \mathcal{L}_2",
    ]
    assert_close(model.value(statements, more={"beta": 4.0}), (model.log_p(model.z()) - 4 * model.kl()).mean())


def test_a_sum_over_examples_without_reduction_is_one_number() -> None:
    """``mean`` is written: reduction="none" leaves nothing to reduce."""
    model = Model()
    value = model.value(r"\min \mathrm{mean}(KL[q(z|x)||p(z)])", {}, reduction="none")
    assert_close(value, model.kl().mean())
    assert_close(model.value(r"\min KL[q(z|x)||p(z)]", {}, reduction="none"), model.kl())
    assert_close(model.value(r"\min KL[q(z|x)||p(z)]", {}, reduction="sum"), model.kl().sum())
