"""A model as canonical text in one of three spellings, that reads back as the same model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from formula2dgm.report.unicode_text import to_unicode
from formula2dgm.syntax import parse, tree
from formula2dgm.syntax.printer_latex import LatexPrinter

Spelling = Literal["ascii", "latex", "unicode"]
SPELLINGS: tuple[Spelling, ...] = ("ascii", "latex", "unicode")


def model_text(statements: Sequence[tree.Statement], spelling: Spelling = "ascii") -> str:
    """The statements, one a line; in LaTeX as one display to paste, aligned at the relations if there are several.

    >>> from formula2dgm.syntax import parse
    >>> print(model_text(parse("z~N(0,I) ; log p(x|z)")[0]), end="")
    z ~ N(0, I)
    log p(x|z)
    """
    if spelling != "latex":
        return "".join(f"{line}\n" for line in lines(statements, spelling))
    if len(statements) == 1:
        return f"\\[ {statements[0].latex()} \\]\n"
    rows = " \\\\\n".join(f"  {each}" for each in _separated(statements, _aligned, " \\\\ "))
    return f"\\begin{{align*}}\n{rows}\n\\end{{align*}}\n" if statements else ""


def lines(statements: Sequence[tree.Statement], spelling: Spelling) -> list[str]:
    """A line for each statement; it ends in ``;`` where the next one would continue it."""
    spell = tree.Statement.latex if spelling == "latex" else to_unicode if spelling == "unicode" else str
    return _separated(statements, lambda each: _checked(each, spell), "\n")


def _separated(
    statements: Sequence[tree.Statement], spell: Callable[[tree.Statement], str], separator: str
) -> list[str]:
    """The statements' texts; a ``;`` closes one that the next would continue, separated as they are."""
    texts = [spell(each) for each in statements]
    for number in range(len(texts) - 1):
        both = tuple(statements[number : number + 2])
        if parse(separator.join(texts[number : number + 2]))[0] != both:
            texts[number] += ";"
    return texts


def _checked(statement: tree.Statement, spell: Callable[[tree.Statement], str]) -> str:
    """The statement's text, in plain letters where the spelling would not read back."""
    text = spell(statement)
    return text if parse(text)[0] == (statement,) else str(statement)


def _aligned(statement: tree.Statement) -> str:
    """A row of an aligned display: the mark stands before the first relation."""
    body, text = statement.body, statement.latex()
    if not isinstance(body, tree.Chain):
        return f"& {text}"
    relation = LatexPrinter().relation(body.relations[0])
    left = text.find(f" {relation} ", len(body.members[0].latex()))
    return f"& {text}" if left < 0 else f"{text[:left]} &{text[left + 1 :]}"
