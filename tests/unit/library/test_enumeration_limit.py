"""What the compiler refuses to sum over is what the library refuses to list."""

from __future__ import annotations

import math

import pytest
import torch

from formula2dgm.library.enumeration import all_words
from formula2dgm.resolve.draws.estimated_draws import LARGEST_SUM


def test_both_draw_the_line_at_the_same_number() -> None:
    places = round(math.log2(LARGEST_SUM))
    assert 2**places == LARGEST_SUM
    assert len(all_words(2, (places,), torch.device("cpu"))) == LARGEST_SUM
    with pytest.raises(ValueError, match="too many"):
        all_words(2, (places + 1,), torch.device("cpu"))
