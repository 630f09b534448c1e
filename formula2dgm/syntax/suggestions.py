"""What an author may have meant by a command that no one knows."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache

from formula2dgm.syntax.vocabulary import KNOWN_COMMANDS


@lru_cache(maxsize=256)
def unknown_command(name: str, macros: frozenset[str]) -> str:
    """The hint for an unknown command: the known one that is spelled most like it.

    >>> unknown_command("mathcl", frozenset())
    'did you mean \\\\mathcal?'
    """
    near = get_close_matches(name[:40], sorted(KNOWN_COMMANDS | macros), 1, 0.6)
    return f"did you mean \\{near[0]}?" if near else "define it with \\newcommand, or write the name plainly"
