"""Names that say time: the letters of its steps, ``t``, and of the last of them, ``T``."""

from __future__ import annotations

TIME_LETTERS = frozenset(("t", "s"))
TIME_BOUNDS = frozenset(("T", "tau"))
