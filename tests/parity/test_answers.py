"""The predecessor's other cases through the public interface, to each case's own tolerance."""

from __future__ import annotations

import json
from collections import Counter

import pytest
import torch

from tests.parity import distributions, series, transformations
from tests.parity.programs import OBJECTIVES
from tests.support import cases

ANSWERS = distributions.ANSWERS | transformations.ANSWERS | series.ANSWERS


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.filterwarnings("ignore:.*strictly between 0 and 1")
def test_value(name: str) -> None:
    found, expected = ANSWERS[name](), cases.expected(name)
    if expected.numel() == 1:  # stated once where it is the same for every example
        expected = expected.reshape(()).expand(found.shape)
    tolerance = cases.case(name)["tolerance"]
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_every_case_is_answered_once() -> None:
    known = [each["name"] for each in json.loads(cases.FILE.read_text("utf-8"))["cases"]]
    assert Counter([*OBJECTIVES, *ANSWERS]) == Counter(known)
    assert len(known) == 77
