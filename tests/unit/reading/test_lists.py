"""Lists with an ellipsis as runs."""

from __future__ import annotations

import pytest

from tests.readings.golden import read

RUNS = {
    "a history": (r"p(x_t|x_1, \dots, x_{t-1})", "p(x_t|x_{1:t-1})", "x_1, ..., x_{t-1} is x_{1:t-1}"),
    "three of them": (r"p(y|x_1, x_2, \dots, x_T, c)", "p(y|x_{1:T}, c)", "x_1, x_2, ..., x_T is x_{1:T}"),
    "from the present on": (r"q(z_t|x_t, \ldots, x_T)", "q(z_t|x_{t:T})", "x_t, ..., x_T is x_{t:T}"),
    "backwards": (r"p(x_t|x_{t-1}, \ldots, x_1)", "p(x_t|x_{1:t-1})", "x_{t-1}, ..., x_1 is x_{1:t-1}"),
    "backwards over an order": (
        r"p(x_t|x_{t-1}, \dots, x_{t-p})",
        "p(x_t|x_{t-p:t-1})",
        "x_{t-1}, ..., x_{t-p} is x_{t-p:t-1}",
    ),
    "of one of two indices": (
        r"p(c_{t,0}, \ldots, c_{t,15}|z)",
        "p(c_{t, 0:15}|z)",
        "c_{t, 0}, ..., c_{t, 15} is c_{t, 0:15}",
    ),
    "two lists": (r"p(x_1, \dots, x_T, z_1, \dots, z_T)", "p(x_{1:T}, z_{1:T})", "z_1, ..., z_T is z_{1:T}"),
    "behind another name": (r"f(c, x_1, \dots, x_T)", "f(c, x_{1:T})", "x_1, ..., x_T is x_{1:T}"),
    "sums": (r"\sum_{z_1} \cdots \sum_{z_T} p(x, z)", "sum_{z_{1:T}} p(x, z)", "z_1, ..., z_T is z_{1:T}"),
    "variables of a sum": (r"\sum_{z_1, \dots, z_T} p(x, z)", "sum_{z_{1:T}} p(x, z)", "z_1, ..., z_T is z_{1:T}"),
    "differentials": (r"\int p(x, z) dz_1 \cdots dz_T", "int p(x, z) dz_{1:T}", "z_1, ..., z_T is z_{1:T}"),
}


@pytest.mark.parametrize(("text", "meant", "note"), RUNS.values(), ids=RUNS)
def test_a_list_is_a_run(text: str, meant: str, note: str) -> None:
    found = read(text)
    assert found.errors == [] and found.texts == [meant]
    assert note in found.notes


@pytest.mark.parametrize("text", [r"f(x_1, \dots, y_T)", r"f(\dots, x_T)", r"f(x_{1,1}, \dots, x_{T,2})"])
def test_what_is_no_list_of_one_name_stays(text: str) -> None:
    found = read(text)
    assert "..." in found.texts[0] and found.notes == ()
