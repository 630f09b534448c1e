"""What is written for many formulas is what it was: see ``update.py``."""

from __future__ import annotations

import pytest

from tests.written.update import digest, digests


@pytest.mark.parametrize(("name", "expected"), digests().items(), ids=[*digests()])
def test_what_is_written_is_what_it_was(name: str, expected: str) -> None:
    assert digest(name) == expected, f"{name}: python tests/written/update.py writes its digest, if that was meant"
