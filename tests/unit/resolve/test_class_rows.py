"""Rows of classes are read at classes, and at no number."""

from __future__ import annotations

import pytest

import formula2dgm as f2d


@pytest.mark.parametrize("number", ["0", "3"])
def test_a_row_at_a_number_is_refused(number: str) -> None:
    text = rf"\max E_{{q(z|x) q(c|x)}}[\log p(x|z) + \log p(z|{number}) + \log p(c) - \log q(z|x) - \log q(c|x)]"
    said = [r"p(z|c) = \mathcal{N}(z; \mu_c, \sigma_c^2 I)", r"c \in \{1, \dots, 10\}"]
    with pytest.raises(f2d.FormulaError, match="F2D-0322"):
        f2d.compile([text, *said], scaffold=True, dims={"x": 3, "z": 2})
