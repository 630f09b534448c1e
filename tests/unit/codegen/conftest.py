"""The hand-made programs of the numeric tests are those of these tests too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "numeric"))
