"""Sub- and superscripts: what they hold, how far they reach, and whether a superscript is a power.

Whatever the order in the text, the subscript is written first, then the superscripts that are labels or
indices (``x^{(i)}``, ``p^*``), then the power: ``\\|x\\|_2^2`` and ``\\|x\\|^2_2`` are one formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.syntax.extents import is_tight_colon
from formula2dgm.syntax.reader import Frame, Reader
from formula2dgm.syntax.scores import bracket_score
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import (
    ACCENT_WORDS,
    ACCENTS,
    BIG_OPERATORS,
    FUNCTIONS,
    GREEK,
    INDEX_LETTERS,
    INFINITIES,
    OPTIMISERS,
)

_MARKS = {"*": "star", "+": "plus", "-": "minus", "star": "star", "dagger": "dagger", "ast": "star"}
_ARROWS = {"->": "rightarrow", ":=": "leftarrow"}
MAX_ACCENTS = 16
_WITHOUT_SUBSCRIPT = frozenset({"NUM", "DOTS", "INF", "RARG", "REXP", "RDIV"})
OPEN_RANGES = frozenset({"<", "<=", ">", ">="})
_TRANSPOSED = frozenset({"top", "T", "intercal"})
_LABELLED_LOSSES = frozenset({"L", "J"})
_OPERATORS = FUNCTIONS.keys() | OPTIMISERS | BIG_OPERATORS | {"int"}
_ATOMS = {"name": "NAME", "number": "NUM", "dots": "DOTS", "infinity": "INF"}


@dataclass
class Scripts:
    """The written subscript, labels and power of one base, each with its brackets."""

    sub: list[Token] = field(default_factory=list)
    labels: list[Token] = field(default_factory=list)
    power: list[Token] = field(default_factory=list)

    @property
    def all(self) -> list[Token]:
        """All that is written behind the base, in its order."""
        return [*self.sub, *self.labels, *self.power]


def read_scripts(reader: Reader, frame: Frame, base: Token | None, kind: str) -> None:
    """Read the scripts that follow and write them in their order.

    ``base`` is the written name, if it is one; ``kind`` its terminal.
    """
    scripts = collect_scripts(reader, frame, base, kind)
    if kind == "RCALL" and _is_transposed(scripts):
        bracket_score(reader)
    if scripts.sub and kind in _WITHOUT_SUBSCRIPT:
        hint = "give what it stands on a name of its own and put the subscript on the name"
        refuse("F2D-0105", "a subscript needs a name or a bracket to stand on", scripts.sub[0].span, hint)
    if scripts.sub and kind not in ("NAME", "RNORM"):
        first, *inside, last = scripts.sub
        scripts.sub = [first.copy("ISUBL"), *inside, last.copy("ISUBR")] if inside else []
    reader.append(scripts.sub)
    reader.append(scripts.labels)
    reader.append(scripts.power)


def _is_transposed(scripts: Scripts) -> bool:
    return len(scripts.power) == 3 and scripts.power[1].text == "top"


def collect_scripts(reader: Reader, frame: Frame, base: Token | None, kind: str) -> Scripts:
    """Read the scripts that follow, without writing them."""
    found = Scripts()
    digits = False
    while (mark := reader.at(reader.i, frame.stop)) is not None and mark.kind == "script":
        reader.i += 1
        if mark.text == "'":
            _accent(base, "prime", mark)
            continue
        if reader.i >= frame.stop:
            what = "subscript" if mark.text == "_" else "superscript"
            refuse("F2D-0105", f"nothing follows this '{mark.text}'", mark.span, f"a {what} is missing")
        if mark.text == "_":
            if (word := _accent_word(reader)) is not None:
                _accent(base, word, mark)
                continue
            if found.sub and not digits:
                _twice(mark, "subscripts", "_{a, b}")
            inner = _subscript(reader, frame, mark)
            found.sub = [*found.sub[:-1], mark.implied("COMMA"), *inner[1:]] if found.sub else inner
            digits = mark.side == "digits"
        else:
            _superscript(reader, frame, base, kind, mark, found)
    return found


def _twice(mark: Token, what: str, example: str) -> None:
    refuse("F2D-0110", f"two {what} on one base", mark.span, f"use braces to say what belongs where: {example}")


def _accent(base: Token | None, accent: str, mark: Token) -> None:
    if base is None:
        refuse("F2D-0123", "this mark stands on no name", mark.span)
    if len(base.accents) == MAX_ACCENTS:
        refuse("F2D-0112", f"more than {MAX_ACCENTS} accents on one name", mark.span)
    base.accents += (accent,)


def _accent_word(reader: Reader) -> str | None:
    """``hat`` in ``x_hat`` and ``x_{hat}``, read."""
    token = reader.tokens[reader.i]
    braced = token.text == "{" and reader.partner[reader.i] == reader.i + 2
    word = reader.tokens[reader.i + 1] if braced else token
    if word.kind != "name" or word.text not in ACCENT_WORDS or word.accents or word.style:
        return None
    reader.i += 3 if braced else 1
    return ACCENTS.get(word.text, word.text)


# -- subscripts --------------------------------------------------------------------------------------------


def _subscript(reader: Reader, frame: Frame, mark: Token) -> list[Token]:
    """The subscript that begins here, in its brackets; an empty one is none."""
    token = reader.tokens[reader.i]
    if token.kind == "open" and reader.partner[reader.i] == reader.i + 1:
        reader.i += 2
        return [token.copy("SUBL"), token.copy("SUBR")]
    return reader.capture(lambda: read_argument(reader, frame, mark, "sub", "SUBL", "SUBR"))


def read_argument(reader: Reader, frame: Frame, mark: Token, kind: str, left: str, right: str) -> None:
    """A script's argument: a bracket, or one token."""
    token = reader.tokens[reader.i]
    if token.kind == "open":
        reader.bracket(kind, left, right)
        return
    reader.emit(left, token.implied(left))
    end = _unbraced(reader, frame, mark)
    reader.emit(right, end.after(right))


def _unbraced(reader: Reader, frame: Frame, mark: Token) -> Token:
    """One token, with a sign or a relation before it: ``x_t``, ``x_<t``, ``x^-1``, ``x_1:T``, ``x_z1``."""
    token = reader.tokens[reader.i]
    after = reader.at(reader.i + 1, frame.stop)
    if token.kind == "relation" and after is not None and token.text in OPEN_RANGES:
        reader.emit("REL", token)
        reader.i += 1
        token = reader.tokens[reader.i]
    elif token.is_op("*", "+", "-"):
        if token.text == "-" and after is not None and after.kind in _ATOMS:
            reader.emit("MINUS", token)
            reader.i += 1
            token = after
        else:
            reader.i += 1
            return reader.emit("NAME", token, _MARKS[token.text])
        if token.kind == "name" and token.text in _OPERATORS:
            refuse("F2D-0106", f"'{token.written}' has no argument here", token.span)
    if token.kind == "command":
        reader.deeper(token)
        reader.item(reader, Frame("unbraced", frame.stop, len(reader.out)))
        reader.depth -= 1
        return reader.out[-1]
    if token.kind not in _ATOMS:
        if token.kind == "bad":
            reader.refuse_bad()
        refuse("F2D-0105", f"nothing follows this '{mark.text}'", mark.span, f"'{token.written}' cannot stand there")
    made = reader.emit("INF" if token.text in INFINITIES else _ATOMS[token.kind], token)
    made.style = "" if token.text == "E" else token.style
    reader.i += 1
    digits = reader.at(reader.i, frame.stop)
    if digits is not None and digits.kind == "script" and digits.side == "digits" and token.kind == "name":
        if token.text in _OPERATORS:
            refuse("F2D-0106", f"'{token.text}' has no argument here", token.span)
        number = reader.tokens[reader.i + 1]
        reader.append([digits.copy("SUBL"), number.copy("NUM"), number.after("SUBR")])
        reader.i += 2
    elif reader.i + 1 < frame.stop and is_tight_colon(reader.tokens, reader.i) and not _ends_step(reader, frame):
        reader.emit("COLON", reader.tokens[reader.i])
        end = reader.tokens[reader.i + 1]
        made = reader.emit(_ATOMS[end.kind], end)
        reader.i += 2
    return made


def _ends_step(reader: Reader, frame: Frame) -> bool:
    """Whether the script before a colon belongs to one end of a range: ``x_{t_1:t_2}``, but not ``E_{z_1:T ~ q}``."""
    before = reader.tokens[reader.i - 3] if reader.i >= 3 else None
    return frame.kind in ("sub", "sup") and before is not None and before.text in INDEX_LETTERS


# -- superscripts ------------------------------------------------------------------------------------------


def _superscript(reader: Reader, frame: Frame, base: Token | None, kind: str, mark: Token, found: Scripts) -> None:
    """Read one superscript as a label, an index, a prime or a power of its base."""
    token = reader.tokens[reader.i]
    braced = token.text == "{"
    start = reader.i + 1 if braced else reader.i
    stop = reader.partner[reader.i] if braced else start + 1
    inside = reader.tokens[start:stop]
    if not inside:
        reader.i = stop + 1
        return
    if base is not None and all(t.text in ("prime", "'") for t in inside):
        base.accents += ("prime",) * len(inside)
        reader.i = stop + braced
    elif len(inside) == 1 and inside[0].text in _TRANSPOSED and _transposes(base, kind, inside[0]):
        _once(found.power, mark)
        found.power = [token.copy("SUPL"), inside[0].copy("NAME", "top"), token.copy("SUPR")]
        reader.i = stop + braced
    elif base is not None and braced and _power_and_index(reader, start, stop):
        _once([*found.power, *found.labels], mark)
        found.power = [token.copy("SUPL"), inside[0].copy("NUM"), token.copy("SUPR")]
        reader.i = start + 1
        found.labels = reader.capture(lambda: reader.bracket("sub", "IXL", "IXR"))
        reader.i = stop + 1
    elif base is not None and (label := _label(reader, frame, base, start, stop, braced)) is not None:
        _once(found.labels, mark)
        found.labels = label
    else:
        _once(found.power, mark)
        found.power = reader.capture(lambda: read_argument(reader, frame, mark, "sup", "SUPL", "SUPR"))


def _power_and_index(reader: Reader, start: int, stop: int) -> bool:
    """``\\sigma^{2(i)}``: a power and, in brackets, an index."""
    opens = start + 1 < stop and reader.tokens[start + 1].text == "(" and reader.partner[start + 1] == stop - 1
    return opens and reader.tokens[start].kind == "number" and reader.tokens[start + 2].kind == "name"


def _once(already: list[Token], mark: Token) -> None:
    if already:
        _twice(mark, "superscripts", "(x^a)^b")


def _transposes(base: Token | None, kind: str, exponent: Token) -> bool:
    """``x^T`` is a transpose; ``e^T`` and ``2^T`` are powers, and the T of ``sum_{t=1}^T`` is a bound."""
    if exponent.accents or kind == "BIG":
        return False
    return exponent.text != "T" or (kind != "NUM" and (base is None or base.text != "e"))


def _label(reader: Reader, frame: Frame, base: Token, start: int, stop: int, braced: bool) -> list[Token] | None:
    """The superscript of a name as an index or a label, read; None if it is a power."""
    first = reader.tokens[start]
    if stop == start + 1 and first.kind != "open":
        name = _label_name(reader, base, first, start, braced, frame.stop)
        if name is None:
            return None
        reader.i = stop + braced
        return [first.copy("IXL"), first.copy("NAME", name), first.copy("IXR")]
    digits = reader.tokens[start + 1 : stop]
    if first.kind == "name" and first.word and len(digits) == 2 and digits[0].side == "digits" and base.text != "e":
        return reader.capture(lambda: reader.bracket("sub", "IXL", "IXR"))
    whole = first.kind == "open" and (reader.partner[start] == stop - 1 or not braced)
    if whole and (braced or _is_index(reader, start, base)):
        reader.i = start
        made = reader.capture(lambda: reader.bracket("sub", "IXL", "IXR"))
        reader.i += braced
        return made
    if braced and (first.kind == "relation" or any(t.is_op(":", ",") for t in reader.directly_inside(start, stop))):
        return reader.capture(lambda: reader.bracket("sub", "IXL", "IXR"))
    return None


def _label_name(reader: Reader, base: Token, token: Token, i: int, braced: bool, stop: int) -> str | None:
    """What a one-token superscript is called as a label; None if it is a power."""
    if token.kind == "relation":
        return _ARROWS.get(token.text)
    if token.text in _MARKS and token.kind in ("operator", "name"):
        after = reader.at(i + 1, stop)
        signed = token.text == "-" and not braced and after is not None and after.start == token.end
        tight = signed and after is not None and (after.kind == "number" or (after.kind == "name" and not reader.latex))
        return None if tight else _MARKS[token.text]
    if token.kind != "name" or token.accents or token.text in GREEK | INFINITIES or base.text == "e":
        return None
    if token.style and token.text != "E":
        return None
    if len(token.text) > 1:
        return token.text
    return token.text if base.text in _LABELLED_LOSSES and token.text.isupper() else None


def _is_index(reader: Reader, start: int, base: Token) -> bool:
    """Whether an unbraced ``^(…)`` holds an index as in ``x^(i)``, and no power as in ``2^(n+1)``."""
    inside = reader.tokens[start + 1 : reader.partner[start]]
    if any(t.is_op(",") for t in inside):
        return True
    return len(inside) == 1 and inside[0].kind == "name" and base.text != "e"
