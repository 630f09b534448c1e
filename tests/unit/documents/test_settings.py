"""Which numbers of running text are constants."""

from __future__ import annotations

import pytest

from .reading import statements

SUM = r"\[ L = \sum_{k=1}^K a_t b_k \]"
SAID = "L = sum_{k=1}^K a_t b_k"


@pytest.mark.parametrize(
    ("text", "constants"),
    [
        (r"We set $\beta = 4$.", ["beta = 4"]),
        (r"We set $\beta = 4$; with $\beta = 4$ it holds.", ["beta = 4"]),
        (r"Here $\beta = 10^{-3}$ and $T = 1000$.", ["beta = 10^{-3}", "T = 1000"]),
        (r"With $\beta = 4$ first, then $\beta = 2$.", []),
        (r"When $\beta = 0$ it is the sum.", []),
        (r"When $\beta = 0$ it is the sum; we use $\beta = 4$.", ["beta = 4"]),
        (r"The first is $k = 1$.", []),
        (r"The first is $t = 1$.", []),
        (r"We take $K = 8$.", ["K = 8"]),
        (r"We take $a = b$.", ["a = b"]),
        (r"If $a = b$ it is the sum.", []),
    ],
)
def test_a_number_that_running_text_gives_a_name(text: str, constants: list[str]) -> None:
    assert statements(f"{text} {SUM}") == [*constants, SAID]


def test_a_word_in_a_subscript_is_a_label() -> None:
    display = r"\[ \mathcal{L}_{\mathrm{JM}(\alpha)} = x - \alpha y \]"
    assert statements(rf"With $\alpha = 0.1$. {display}")[0] == "alpha = 0.1"


def test_what_a_display_sets_holds() -> None:
    assert statements(r"With $\beta = 2$ too. \[ \beta = 4 \]") == ["beta = 4"]


@pytest.mark.parametrize(
    "words",
    [r"\text{ at time }", r"\quad\text{when }", r"\text{if}\ ", r"\mbox{ for } &", r"\textrm{with noise until~}"],
)
def test_a_display_may_say_a_case(words: str) -> None:
    assert statements(rf"\[ p(x) = N(x; 0, I) {words} t = 1 \]") == ["p(x) = N(x; 0, I)"]


def test_a_case_inside_the_words_of_a_display() -> None:
    text = r"\[ p(x) = N(x; 0, I) \text{ at time $t = 1$ is narrow} \]"
    assert statements(text) == ["p(x) = N(x; 0, I)"]


@pytest.mark.parametrize("words", [r"\quad\text{with }", r"\text{ where }", r", \quad"])
def test_a_display_may_set_a_number_behind_words(words: str) -> None:
    assert statements(rf"\[ p(x) = N(x; 0, I) {words} t = 1 \]") == ["p(x) = N(x; 0, I)", "t = 1"]


def test_the_end_of_a_range_is_no_index() -> None:
    assert statements(r"Let $n = 8$. \[ L = \frac{1}{n} \sum_{i=1}^n x_i + x_n \]") == [
        "n = 8",
        "L = 1/n sum_{i=1}^n x_i + x_n",
    ]
