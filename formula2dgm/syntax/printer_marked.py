r"""LaTeX in which pieces are marked with a name, ``\class{NAME}{...}``: what typesetters in browsers know."""

from __future__ import annotations

from collections.abc import Mapping

from formula2dgm.spans import Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.printer_latex import LatexPrinter


class MarkedPrinter(LatexPrinter):
    """Marks the outermost node at each place that has a name.

    >>> from formula2dgm.syntax import parse_one
    >>> found = parse_one("log p(x|z) + log p(z)")
    >>> print(MarkedPrinter({found.terms[1].span: "prior"}).formula(found))
    \\log p(x \\mid z) + \\class{prior}{\\log p(z)}
    """

    def __init__(self, names: Mapping[Span, str]):
        self._names = names
        self._inside: list[Span] = []

    def text(self, node: tree.Node, level: int) -> str:
        name = self._names.get(node.span)
        if name is None or node.span in self._inside:
            return super().text(node, level)
        self._inside.append(node.span)
        text = super().text(node, level)
        self._inside.pop()
        return rf"\class{{{name}}}{{{text}}}"
