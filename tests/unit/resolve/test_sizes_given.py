"""A size for a category is left out: its values are counted."""

from __future__ import annotations

import pytest

import formula2dgm as f2d
from formula2dgm.diagnostics import FormulaError

LABELLED = [r"\max \log q(y|x) + \sum_{y_u} q(y_u|x_u) \log p(y_u)", r"y \in \{1, \dots, 3\}"]


@pytest.mark.parametrize("name", ["y", "y_u"])
@pytest.mark.parametrize("size", [3, 5])
def test_the_size_of_a_category_is_left_out(name: str, size: int) -> None:
    objective = f2d.compile(LABELLED, scaffold=True, dims={"x": 4, "x_u": 4, name: size})
    assert objective(**objective.example_batch(5)).loss.isfinite()
    warned = [each.code for each in objective.diagnostics if each.code == "F2D-0706"]
    assert warned == ([] if size == 3 else ["F2D-0706"])


def test_without_it_the_values_are_counted() -> None:
    objective = f2d.compile(LABELLED, scaffold=True, dims={"x": 4, "x_u": 4})
    assert objective(**objective.example_batch(5)).loss.isfinite()


def test_rows_of_a_mixture_ask_for_the_size_of_the_data() -> None:
    formula = r"p(x) = \sum_{k=1}^3 \pi_k N(x; \mu_k, \sigma_k^2 I)"
    with pytest.raises(FormulaError) as caught:
        f2d.distribution(formula, scaffold=True)
    assert [each.code for each in caught.value.diagnostics] == ["F2D-0609"]
    assert f2d.distribution(formula, scaffold=True, dims={"x": 2}).sample(5)["x"].shape == (5, 2)
