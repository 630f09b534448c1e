"""Every broken input is refused with exactly the message a person has read and approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad.update import inputs, message


@pytest.mark.parametrize("path", inputs(), ids=lambda path: path.stem)
def test_message(path: Path) -> None:
    found = message(path)
    assert "error[F2D-" in found, "the input is accepted"
    assert found == path.with_suffix(".expected").read_text("utf-8"), "python tests/bad/update.py rewrites the messages"
