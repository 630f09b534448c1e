"""Names as people write them: ``z_1`` with its one below, ``x_hat`` with its hat above, ``theta`` as a letter."""

from __future__ import annotations

import re

from formula2dgm.records import dataclass
from formula2dgm.report.unicode_text import GREEK

#: What an accent of a name is called, as a sign of its own and as one that combines with the letter before it.
ACCENTS = {"hat": ("ˆ", "\u0302"), "tilde": ("˜", "\u0303"), "bar": ("¯", "\u0304"), "dot": ("˙", "\u0307")}
#: Words of a name that stand for signs: above it at its end, within a sum below it.
_ABOVE = {"prime": "′", "star": "∗", "minus": "−", "plus": "+"}
_SIGNS = {"minus": "−", "plus": "+"}
_STYLE = re.compile(r"^(?:cal|bb)(?=[A-Z]$)")
_NAME = re.compile(r"[^\W\d_]+\d*(?:_\w+?(?=_|\b))*")
_SMALL = 0.68


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a label: its text, whether it stands lower or higher, upright or not, and an accent above it."""

    text: str
    level: int = 0
    italic: bool = True
    accent: str = ""

    @property
    def scale(self) -> float:
        """Its size beside that of the label."""
        return _SMALL if self.level else 1.0


def label_runs(text: str) -> tuple[Run, ...]:
    """A name or a density, piece by piece.

    >>> [each.text for each in label_runs("q_phi(z_1|x)")]
    ['q', 'φ', '(', 'z', '1', ' | ', 'x', ')']
    """
    runs: list[Run] = []
    at = 0
    for found in _NAME.finditer(text):
        runs += _between(text[at : found.start()])
        runs += _name_runs(found[0])
        at = found.end()
    return tuple(runs + _between(text[at:]))


def _between(text: str) -> list[Run]:
    return [Run(text.replace("|", " | ").replace("||", " ‖ "), italic=False)] if text else []


def _name_runs(name: str) -> list[Run]:
    """The letter, its primes and signs above, its labels below, accents on the piece that they follow."""
    letter, *rest = name.split("_")
    digits = re.fullmatch(r"(\D+?)(\d+)", letter)
    if digits:
        letter, rest = digits[1], [digits[2], *rest]
    pieces: list[list[str]] = [[_STYLE.sub("", letter), ""]]
    above = ""
    for i, each in enumerate(rest):
        if each in ACCENTS and not pieces[-1][1]:
            pieces[-1][1] = each
        elif each in _ABOVE and (i == len(rest) - 1 or each == "prime"):
            above += _ABOVE[each]
        else:
            pieces.append([_STYLE.sub("", each), ""])
    runs = [_letters(pieces[0][0], 0, pieces[0][1])]
    if above:
        runs.append(Run(above, 1, False))
    return runs + _below(pieces[1:])


def _below(pieces: list[list[str]]) -> list[Run]:
    """Labels with commas between them, but ``n + 1`` as a sum."""
    runs: list[Run] = []
    for i, (text, accent) in enumerate(pieces):
        if i and text not in _SIGNS and pieces[i - 1][0] not in _SIGNS:
            runs.append(Run(",", -1, False))
        runs.append(Run(_SIGNS[text], -1, False) if text in _SIGNS else _letters(text, -1, accent))
    return runs


def _letters(text: str, level: int, accent: str = "") -> Run:
    """One letter is slanted, a Greek one too; a word or a number is upright."""
    shown = GREEK.get(text, text)
    return Run(shown, level, len(shown) == 1 and not shown.isdigit(), accent)


def width(runs: tuple[Run, ...], size: float) -> float:
    """About how wide a label is."""
    return sum(len(each.text) * size * each.scale * (0.36 if each.text in "(),| | " else 0.58) for each in runs)
