r"""Names of several letters that one formula defines and another one uses.

``SNR(t) = ...`` or ``\mathrm{SNR}(t) = ...`` says of the letters SNR that they are one name; ``w SNR(t)`` in another
formula of the same model is then a product of two factors, and not of four.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from formula2dgm.documents.document import Document
from formula2dgm.syntax import tree
from formula2dgm.syntax.scanner import is_latex
from formula2dgm.syntax.vocabulary import ACCENTS, FOLDED, GREEK, LATEX_WORDS

_LETTERS = re.compile(r"[A-Za-z]{2,}")
#: Words that mean something without a definition.
_KNOWN = LATEX_WORDS | GREEK | FOLDED.keys() | ACCENTS.keys()
#: Commands before whose braces a run of letters is one name already.
_UPRIGHT = re.compile(r"\\(?:math[a-z]+|text[a-z]*|operatorname\*?|rm|mbox)\s*\{\s*$")
_DEFINES = frozenset({"=", ":=", "~", "~=", "<=", ">=", "propto"})


def names_set_apart(documents: Iterable[Document]) -> frozenset[str]:
    """The names of several letters that the documents define, where another place may read them letter by letter."""
    documents = list(documents)
    defined = {letters for each in documents for letters in _defined(each)} - _KNOWN
    return frozenset(each for each in defined if any(_stands_bare(each, other) for other in documents))


def _defined(document: Document) -> Iterator[str]:
    """The letters left of what defines a name, draws from it, or is drawn."""
    for entry in document.entries:
        for statement in entry.statements:
            match statement.body:
                case tree.Chain(members=(left, *_), relations=(relation, *_)) if relation in _DEFINES:
                    head = left.head if isinstance(left, tree.Call) else left
                    if isinstance(head, tree.Symbol) and not head.style and _LETTERS.fullmatch(head.letter):
                        yield head.letter


def _stands_bare(name: str, document: Document) -> bool:
    """Whether the letters stand in a formula of LaTeX with nothing that says that they are one name."""
    bare = re.compile(rf"(?<![A-Za-z\\]){name}(?![A-Za-z])")
    texts = (each.formula.text for each in document.entries if not document.is_text or is_latex(each.formula.text))
    return any(not _UPRIGHT.search(text[: found.start()][-30:]) for text in texts for found in bare.finditer(text))
