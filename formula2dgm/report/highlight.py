"""Python source as lines of HTML, its comments, strings, numbers and keywords told apart."""

from __future__ import annotations

import io
import keyword
import tokenize
from html import escape

_KINDS = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}


def highlighted(source: str) -> list[str]:
    """One piece of HTML for each line.

    >>> highlighted("return 2  # two")
    ['<b class="keyword">return</b> <b class="number">2</b>  <b class="comment"># two</b>']
    """
    lines = source.splitlines()
    marks: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = "keyword" if keyword.iskeyword(token.string) else _KINDS.get(token.type)
        if kind is None:
            continue
        for number in range(token.start[0], token.end[0] + 1):
            start = token.start[1] if number == token.start[0] else 0
            end = token.end[1] if number == token.end[0] else len(lines[number - 1])
            marks[number - 1].append((start, end, kind))
    return [_line(text, found) for text, found in zip(lines, marks, strict=True)]


def _line(text: str, marks: list[tuple[int, int, str]]) -> str:
    out, done = "", 0
    for start, end, kind in marks:
        out += escape(text[done:start]) + f'<b class="{kind}">{escape(text[start:end])}</b>'
        done = end
    return out + escape(text[done:])
