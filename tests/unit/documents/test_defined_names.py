r"""Names of several letters: what one formula defines, every formula of the model spells as one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from formula2dgm.driver import read

USE = r"\min_\theta w SNR(t) \alpha + E[x]"
READ = "min_theta w SNR(t) alpha + E[x]"


@pytest.mark.parametrize(
    "text",
    [
        [USE, r"SNR(t) = \frac{a}{b}"],
        [USE, "SNR(t) = a / b"],
        [rf"{USE}, \quad SNR(t) = \frac{{a}}{{b}}"],
        [rf"{USE}, \quad \text{{where }} SNR(t) = \frac{{a}}{{b}}"],
        [rf"{USE}, \quad a = 1, SNR(t) = \frac{{a}}{{b}}"],
        [rf"{USE}; \mathrm{{SNR}}(t) = \frac{{a}}{{b}}"],
        [USE, r"SNR \sim \mathcal{U}(0, 1)"],
        [f"We minimise\n\n$$ {USE} $$\n\nwhere\n\n$$ \\mathrm{{SNR}}(t) = \\frac{{a}}{{b}}. $$"],
    ],
)
def test_what_is_defined_is_one_name_everywhere(text: list[str], tmp_path: Path) -> None:
    if text[0].startswith("We"):
        (tmp_path / "text.md").write_text(text[0])
        assert READ in map(str, read(tmp_path / "text.md").statements)
    else:
        assert str(read(text).statements[0]) == READ


def test_lower_case_letters_and_scripts() -> None:
    first, second = read([r"\min_\theta \frac{1}{snr_t} + 2snr_t^2 \alpha + E[x]", r"snr_t = \frac{1}{t}"]).statements
    assert str(first) == "min_theta 1/snr_t + 2 snr_t^2 alpha + E[x]"
    assert str(second) == "snr_t = 1/t"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ([r"\max_\theta \log p(x) \alpha", r"logp(x) = \frac12"], "max_theta (log p(x)) alpha"),
        ([r"\min \alpha ab + E[x]", r"a = 1"], "min alpha a b + E[x]"),
    ],
)
def test_what_is_no_name_stays_a_product(text: list[str], first: str) -> None:
    assert str(read(text).statements[0]) == first
