"""Where the grammar, the templates and the pages of error codes are.

In a checkout they stand at the top level of the repository, beside the package; in a wheel they ship
inside it. This is the only module that knows.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent


def _folder(shipped: str, checkout: str) -> Path:
    inside = PACKAGE / shipped
    return inside if inside.is_dir() else PACKAGE.parent / checkout


def grammar() -> Path:
    """The folder of ``formula.lark``.

    >>> (grammar() / "formula.lark").is_file()
    True
    """
    return _folder("grammar", "grammar")


def templates() -> Path:
    """The folder of the templates of written modules."""
    return _folder("templates", "templates")


def errors() -> Path:
    """The folder of the pages ``F2D-NNNN.md``."""
    return _folder("errors", "docs/errors")


def examples() -> Path:
    """The folder of the example models, one ``.tex`` each."""
    return _folder("examples", "examples")


def error_page(code: str) -> str | None:
    """The text of an error code's page, or None where there is no such code.

    >>> error_page("F2D-0101").splitlines()[0]
    '# F2D-0101: unexpected character'
    """
    path = errors() / f"{code}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else None
