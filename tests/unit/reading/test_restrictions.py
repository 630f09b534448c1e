"""Statements that say only over what an index runs."""

from __future__ import annotations

import pytest

from tests.readings.golden import read

CHAIN = r"z_t = f(z_{t-1})"


@pytest.mark.parametrize(
    "restriction",
    [r"t \geq 1", r"t > 1", r"1 \le t \le T", r"t \in \{1, \dots, T\}", r"t \in [1, T]"],
)
def test_a_restriction_of_a_step_is_left_out_with_a_note(restriction: str) -> None:
    found = read(rf"{CHAIN}, \quad {restriction}")
    assert found.errors == [] and found.texts == ["z_t = f(z_{t-1})"]
    (note,) = found.notes
    assert note.endswith("says over what t runs, and nothing more")


def test_a_restriction_of_two_times() -> None:
    found = read(r"\log p(z_{t_2}|z_{t_1}) \quad \text{where } t_1 < t_2")
    assert found.texts == ["log p(z_{t_2}|z_{t_1})"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (r"\mathbb{E}_t[f(x_t, t)]; t \in [0, 1]", "t in [0, 1]"),
        (r"\max_\theta f(\theta); g(\theta) \le 1", "g(theta) <= 1"),
        (r"E_{q(z|x)}[\log p(x|z)]; z > 0", "z > 0"),
        (r"\sum_k \pi_k p(x|k); k \in \{1, \dots, 3\}", "k in {1, ..., 3}"),
    ],
)
def test_a_restriction_of_a_value_stays(text: str, kept: str) -> None:
    assert kept in read(text).texts
