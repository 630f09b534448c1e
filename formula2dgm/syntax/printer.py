"""The canonical printer: ``parse(to_ascii(tree))`` and ``parse(to_latex(tree))`` give the tree back.

Brackets leave no trace in the tree, so they are printed where the reading rules need them and nowhere else.
The two dialects differ in spelling (``printer_ascii``, ``printer_latex``); where brackets go is decided here.
"""

from __future__ import annotations

from formula2dgm.syntax import tree


def to_ascii(node: tree.Node) -> str:
    """The canonical plain text of a node.

    >>> from formula2dgm.syntax import parse_one
    >>> to_ascii(parse_one(r"\\mathbb{E}_{q(z\\mid x)}\\left[\\log p(x\\mid z)\\right]"))
    'E_q(z|x)[log p(x|z)]'
    """
    from formula2dgm.syntax.printer_ascii import AsciiPrinter

    return AsciiPrinter().formula(node)


def to_latex(node: tree.Node) -> str:
    """The canonical LaTeX of a node.

    >>> from formula2dgm.syntax import parse_one
    >>> print(to_latex(parse_one("KL[q(z|x) || p(z)]")))
    \\mathrm{KL}\\left[q(z \\mid x) \\,\\|\\, p(z)\\right]
    """
    from formula2dgm.syntax.printer_latex import LatexPrinter

    return LatexPrinter().formula(node)
