"""What trained in the survey of published equations still does; the table of the others is in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import formula2dgm as f2d
from tests.survey.given import givens
from tests.survey.judgement import judgement
from tests.survey.measure import compiled, equations, is_trainable, measure

PAGE = Path(__file__).parents[2] / "docs" / "survey.md"
TRAINABLE = [row for row in equations() if is_trainable(row)]
JUDGED = judgement()
GIVENS = givens()
GIVEN = [row for row in TRAINABLE if row["id"] in GIVENS]
TRAINING = [row for row in TRAINABLE if row["id"] not in JUDGED.missing]


@pytest.mark.slow
@pytest.mark.parametrize("row", TRAINING, ids=lambda row: row["id"])
def test_an_equation_still_trains(row: dict[str, Any]) -> None:
    outcome = measure(row)
    assert outcome.status == "trains", f"{outcome.code} {outcome.reason}"


@pytest.mark.slow
@pytest.mark.parametrize("row", GIVEN, ids=lambda row: row["id"])
def test_a_refused_equation_trains_with_what_it_asks_for(row: dict[str, Any]) -> None:
    given = GIVENS[row["id"]].applied(row)
    outcome = measure(given)
    assert outcome.status == "trains", f"{outcome.code} {outcome.reason}"
    found = f2d.verify(
        given["latex"],
        seeds=1,
        macros=given["macros"],
        **{"dims": compiled(given).origin.dims, **given["options"]},
    )
    assert found.agrees, found.mismatches


def test_additions_are_to_equations_that_are_refused() -> None:
    assert GIVENS.keys() <= JUDGED.missing.keys()
    for row in GIVEN:
        given = GIVENS[row["id"]]
        assert given.why
        assert given.applied(row) != row  # each printed text stands in the equation


def test_the_table_names_surveyed_objectives() -> None:
    ids = {row["id"] for row in TRAINABLE}
    assert JUDGED.missing.keys() <= ids
    assert JUDGED.stands_in.keys() <= ids - JUDGED.missing.keys()
    assert JUDGED.source_errors.keys() <= {row["id"] for row in equations()}


def test_the_page_says_how_many_train() -> None:
    found = re.search(r"\*\*(\d+) of (\d+) train", PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert [int(each) for each in found.groups()] == [len(TRAINING), len(TRAINABLE)], "run `make survey`"
    added = re.search(r"with what they ask for, (\d+) of (\d+) train", PAGE.read_text(encoding="utf-8"))
    assert added is not None
    assert [int(each) for each in added.groups()] == [len(TRAINING) + len(GIVENS), len(TRAINABLE)], "run `make survey`"
