"""What the arguments of ``compile`` and its kin may be: a slip is refused before anything reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.spans import Source

_TEXTS = (str, Path, Source)


def check_formula(formula: object) -> None:
    """Raise for what is no text, path, or list of them."""
    pieces = [formula] if isinstance(formula, _TEXTS) or not isinstance(formula, Sequence) else list(formula)
    wrong = [each for each in pieces if not isinstance(each, _TEXTS)]
    if isinstance(formula, bytes) or wrong:
        kind = type(formula if isinstance(formula, bytes) else wrong[0]).__name__
        raise _refused(f"a formula is a text, a path, or a list of them, not a {kind}", "F2D-0709")


def check_mapping(name: str, given: object, example: str) -> None:
    """Raise for an option that is no mapping from names."""
    if not isinstance(given, Mapping):
        raise _refused(f"{name} is a {type(given).__name__}, not a mapping from names: write {name}={example}")
    for key in given:
        if not isinstance(key, str):
            raise _refused(f"a key of {name} is the text of a name, not a {type(key).__name__}: write {name}={example}")


def check_texts(name: str, given: object, example: str) -> None:
    """Raise for an option that is no list of texts."""
    if isinstance(given, bytes) or not isinstance(given, Sequence) or not all(isinstance(each, str) for each in given):
        raise _refused(f"{name} is no list of texts: write {name}={example}")


def _refused(message: str, code: str = "F2D-0708") -> FormulaError:
    return FormulaError(Diagnostic(code, "error", message))
