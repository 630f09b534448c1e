"""Whatever is typed ends in a result or in a located error with a code: never in another exception."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.answers import check, compute
from tests.support.mutations import KINDS, VOCABULARY, changed, seeds

PLACES = st.integers(0, 400)
CHANGES = st.lists(
    st.tuples(st.sampled_from(KINDS), PLACES, PLACES, st.sampled_from(VOCABULARY)), min_size=1, max_size=3
)
FORMULAS = st.builds(changed, st.sampled_from(seeds()), CHANGES)


def examples(count: int) -> settings:
    """So many examples, the same in every run, however long one takes."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


@examples(600)
@given(FORMULAS)
def test_a_changed_formula_is_read_or_refused(text: str) -> None:
    check(text)


@pytest.mark.filterwarnings("ignore")
@examples(300)
@given(FORMULAS)
def test_what_the_check_accepts_computes(text: str) -> None:
    if not check(text):
        compute(text)


@pytest.mark.parametrize("text", seeds())
def test_the_unchanged_formulas(text: str) -> None:
    if not check(text):
        compute(text)


@examples(200)
@given(st.text(st.sampled_from("()[]{}|_^\\,;=~+-/ xyzpqkKE01∑‖\n$%&"), max_size=30))
def test_noise_is_refused_with_a_place(text: str) -> None:
    check(text)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@examples(6000)
@given(FORMULAS)
def test_many_changed_formulas(text: str) -> None:
    if not check(text):
        compute(text)
