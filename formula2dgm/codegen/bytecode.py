"""Generated text as Python's own code: compiled where it is written, which checks it, and kept for who runs it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from types import CodeType

#: How many texts are kept. A model is compiled again for other networks, not for hundreds of other formulas.
KEPT = 64


@lru_cache(maxsize=KEPT)
def bytecode(source: str) -> CodeType:
    """The code of a text, under a file name made of its hash. Raises ``SyntaxError`` if it is no Python."""
    return compile(source, f"<formula2dgm {digest(source)}>", "exec")


def digest(source: str) -> str:
    """What tells one text from another in names."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]
