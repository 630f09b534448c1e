"""What ``objective.explain()`` gives: a text that a notebook shows as a page and that can be saved as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formula2dgm.report.explain import explain_text
from formula2dgm.report.page import explain_page, in_frame


class Explanation(str):
    """How each term is computed, what is shared, what was assumed: a ``str`` for a terminal.

    A notebook shows :attr:`html`, one self-contained page with the typeset formula, the factor graph and the code side
    by side; :meth:`save` writes it.
    """

    _contract: dict[str, Any]
    _source: str

    def __new__(cls, contract: dict[str, Any], source: str) -> Explanation:
        made = super().__new__(cls, explain_text(contract))
        made._contract, made._source = contract, source
        return made

    @property
    def html(self) -> str:
        """The page."""
        return explain_page(self._contract, self._source)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        Path(path).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        return in_frame(self.html)
