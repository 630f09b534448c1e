r"""What stands beside a formula and says nothing of it: tags, remarks behind wide space, the range of an index."""

from __future__ import annotations

import re
from string import ascii_lowercase

from formula2dgm.syntax.nesting import closing
from formula2dgm.syntax.tokens import Token

_WIDE = frozenset({"quad"})
_MARKS = frozenset({"*", "dagger", "ddagger", "star", "ast"})
_DEFINES = re.compile(r";?\s*(where|with|let|for|if|and|when)\b", re.IGNORECASE)
MAX_TAG = 16
INDICES = frozenset({*ascii_lowercase, "tau"})
_IN_RANGES = frozenset({"name", "number", "dots", "script", "open", "close"})


def without_tags(tokens: list[Token]) -> list[Token]:
    """The scanned tokens without brackets behind wide space that hold a number, a mark or words: ``\\quad (*)``.

    Brackets that hold the range of an index may stand behind any space.
    """
    out: list[Token] = []
    i = 0
    while i < len(tokens):
        wide = bool(out) and out[-1].kind == "break" and out[-1].text in _WIDE
        apart = bool(out) and out[-1].end < tokens[i].start
        end = _tag_end(tokens, i, wide) if (wide or apart) and tokens[i].text in ("(", "[") else -1
        if end < 0:
            out.append(tokens[i])
        i = max(end, i) + 1
    return out


def _tag_end(tokens: list[Token], i: int, wide: bool) -> int:
    """Where the tag whose bracket opens at ``i``, behind wide space or not, ends; -1 where it is none."""
    length = closing(tokens[i : i + MAX_TAG], 0)
    close = i + length if length > 0 else -1
    inside = tokens[i + 1 : close]
    words = bool(inside) and all(each.kind == "text" for each in inside)
    marked = len(inside) == 1 and (inside[0].kind == "number" or inside[0].text in _MARKS)
    if close < 0 or not (is_range_of_index(inside) or (wide and (words or marked))):
        return -1
    after = close + 1
    while after < len(tokens) and (tokens[after].text in (".", ",", ";") or tokens[after].text == "softline"):
        after += 1
    ends = after == len(tokens) or tokens[after].kind in ("break", "align", "close")
    return close if ends else -1


def without_remarks(tokens: list[Token]) -> list[Token]:
    r"""The tokens without what stands from a text that begins with ``;`` to the end of its row: ``\text{; } c > 0``.

    A text that goes on with ``where`` or ``let`` defines something, and a ``;`` alone separates.
    """
    out: list[Token] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token.text != "prose" or not token.side.startswith(";") or _DEFINES.match(token.side):
            out.append(token)
        elif token.side == ";" and not (out and out[-1].kind == "break" and out[-1].text in _WIDE):
            out.append(token.copy("operator", ";"))
        else:
            i = _row_end(tokens, i)
    return out


def _row_end(tokens: list[Token], start: int) -> int:
    """Where the row ends, or the bracket around it."""
    depth = 0
    for n in range(start, len(tokens)):
        depth += (tokens[n].kind == "open") - (tokens[n].kind == "close")
        if depth < 0 or (depth == 0 and tokens[n].kind == "break" and tokens[n].text in ("row", "newline")):
            return n
    return len(tokens)


def is_range_of_index(statement: list[Token]) -> bool:
    r"""Whether this says only over what an index runs: ``t = 1, \dots, T``, ``t = T, T - 1, \dots, 1``, ``t = 1:T``."""
    if len(statement) < 5 or not statement[1].is_op("="):
        return False
    index, _, first, *rest = statement
    runs = any(each.kind == "dots" for each in rest) or (rest[0].is_op(":") and not any(t.is_op(",") for t in rest))
    letter = index.kind == "name" and index.text in INDICES and not index.accents
    simple = all(each.kind in _IN_RANGES or each.is_op(",", "-", "+", ".", ":") for each in rest)
    return runs and letter and first.kind in ("number", "name") and simple and rest[-1].kind != "dots"
