"""``\\underbrace{body}_{label}`` and its plain spelling ``underbrace(body, "label")``."""

from __future__ import annotations

import re

from formula2dgm.spans import visible
from formula2dgm.syntax.functions import read_tex_argument
from formula2dgm.syntax.reader import Frame, Reader
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import FUNCTIONS, GREEK, RELATIONS

_COMMAND = re.compile(r"\\([A-Za-z]+)\s*|\\(.)")
_NOT_LABEL = re.compile(r"[{}$\"\\&%~#]")
_SHOWN = {"mid": "|", "vert": "|", "Vert": "||", "parallel": "||", "|": "||", "sum": "sum", "ell": "ell", "_": "_"}


def read_underbrace(reader: Reader, frame: Frame) -> None:
    """Read a braced body and what stands below or above it."""
    token = reader.tokens[reader.i]
    reader.i += 1
    if not reader.opens(reader.i, frame, "{"):
        refuse("F2D-0119", "\\underbrace is missing its argument", token.span)
    close = reader.partner[reader.i]
    mark = reader.at(close + 1, frame.stop)
    labelled = mark is not None and mark.is_op("_", "^")
    _term_or_factor(reader, token)
    if not labelled:
        reader.bracket("group", "LPAR", "RPAR")
        return
    reader.emit("BRACE", token)
    read_tex_argument(reader, frame, token)
    reader.i += 1
    reader.emit("STR", *_label(reader, frame, token))


def _term_or_factor(reader: Reader, token: Token) -> None:
    """A body with a sign of its own is one more term of the sum around it."""
    first = reader.tokens[reader.i + 1]
    if reader.operand and first.is_op("+", "-"):
        reader.emit("PLUS", token.implied("PLUS"))


def _label(reader: Reader, frame: Frame, brace: Token) -> tuple[Token, str]:
    """The label's token and its text; the label is skipped."""
    token = reader.at(reader.i, frame.stop)
    if token is None:
        refuse("F2D-0105", "nothing follows the mark of this brace's label", brace.span)
    if token.kind != "open":
        reader.i += 1
        return token, clean_label(token.written) or token.text
    close = reader.partner[reader.i]
    start, end = token.end, reader.tokens[close].start
    inside = reader.tokens[reader.i + 1 : close]
    reader.i = close + 1
    written = _expanded(token.source.text[:end], start, inside)
    return token, clean_label(written) or " ".join(each.text for each in inside) or "label"


def _expanded(text: str, start: int, inside: list[Token]) -> str:
    """A label as it was written, but for its texts, in which macros are expanded."""
    pieces: list[str] = []
    for each in inside:
        if each.prose and each.start >= start:
            pieces += [text[start : each.start], each.prose]
            start = each.end
    return "".join([*pieces, text[start:]])


def clean_label(text: str) -> str:
    """A label as plain text: without braces, of commands only what they show, nothing that steers how text is shown.

    >>> clean_label(r"\\text{rate of } q_\\phi")
    'rate of q_phi'
    """
    return visible(" ".join(_NOT_LABEL.sub("", _COMMAND.sub(_shown, text)).split()))


def _shown(command: re.Match[str]) -> str:
    name = command[1] or command[2]
    if name in GREEK:
        return f"{name} "
    if name in RELATIONS:
        return f" {RELATIONS[name]} "
    return _SHOWN.get(name) or (f"{FUNCTIONS[name]} " if name in FUNCTIONS else "")


def read_ascii_underbrace(reader: Reader, frame: Frame) -> None:
    """``underbrace(body, "label")``."""
    token = reader.tokens[reader.i]
    opener = reader.i + 1
    close = reader.partner[opener]
    comma, string = reader.at(close - 2), reader.at(close - 1)
    if comma is None or string is None or not comma.is_op(",") or string.kind != "string":
        refuse("F2D-0119", "underbrace needs a body and a label in quotes", token.span,
               'write underbrace(KL[q(z|x) || p(z)], "rate")')  # fmt: skip
    reader.i = opener
    _term_or_factor(reader, token)
    reader.emit("BRACE", token)
    reader.emit("LARG", reader.tokens[opener])
    reader.i += 1
    reader.deeper(token)
    reader.walk(Frame("group", close - 2, len(reader.out)))
    reader.depth -= 1
    reader.emit("RARG", comma)
    reader.emit("STR", string, clean_label(string.text) or "label")
    reader.i = close + 1
