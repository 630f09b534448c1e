"""Characters one at a time: what each of Unicode's letters, signs and script characters writes as tokens."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from formula2dgm.spans import Source
from formula2dgm.syntax import unicode_symbols
from formula2dgm.syntax.lexical import number_text, pieces
from formula2dgm.syntax.markdown import FENCE
from formula2dgm.syntax.tokens import BadToken, Token

_RANGE_END = re.compile(r"[A-Za-z]|\d+")
_LAST_BINDERS = re.compile(r"[^\W\d_](,[^\W\d_])*\[")


class Characters(ABC):
    """Writes tokens of a source.

    open_script   where the last run of script characters ends, and its mark
    range_from    where a token of full size that still belongs to it begins
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.out: list[Token] = []
        self.open_script: tuple[int, str] = (0, "")
        self.range_from = -1

    @abstractmethod
    def _known_command(self, name: str, start: int, end: int) -> None:
        """Write what a command of LaTeX spells."""

    def _add(self, kind: str, text: str, start: int, end: int) -> Token:
        if kind == "number":
            text = number_text(text)
        elif kind == "script" and text == "**":
            text = "^"
        elif text == "@":
            text = "dot"
        token = Token(self.source, kind, text, start, end)
        if self.open_script == (start, "_") and self._goes_on(text, end):
            self.range_from = end
            self.out.insert(-1, token)
            return token
        if start == self.range_from:
            self.out.insert(-1, token)
            self.open_script = (end, "_")
            return token
        self.out.append(token)
        return token

    def _bad(self, start: int, end: int, code: str, message: str, hint: str | None = None) -> None:
        at = Token(self.source, "bad", self.source.text[start:end], start, end)
        self.out.append(BadToken(at, code, message, hint))

    def _line_comment(self, start: int) -> int:
        """Where a line that begins with ``#`` ends; -1 if something stands before the ``#``."""
        text = self.source.text
        if text[text.rfind("\n", 0, start) + 1 : start].strip():
            return -1
        end = text.find("\n", start)
        return len(text) if end < 0 else end

    def _other(self, char: str, start: int, end: int) -> int:
        if char == "#" and (line_end := self._line_comment(start)) >= 0:
            return line_end
        if (fence := FENCE.match(self.source.text, start)) is not None:
            return fence.end()
        command = unicode_symbols.command_of(char)
        script = unicode_symbols.script_of(char)
        letter = unicode_symbols.letter_of(char)
        plain = unicode_symbols.plain_of(char)
        if char in unicode_symbols.COMBINING and self.out and self.out[-1].kind == "name":
            self.out[-1].accents += (unicode_symbols.COMBINING[char],)
            self.out[-1].end = end
        elif command is not None:
            self._known_command(command, start, end)
        elif script is not None:
            self._unicode_script(*script, start, end)
        elif letter is not None and letter[0].isascii() and letter[0].isalnum():
            self._add("name" if letter[0].isalpha() else "number", letter[0], start, end).style = letter[1]
        elif letter is not None and unicode_symbols.command_of(letter[0]):
            self._known_command(unicode_symbols.command_of(letter[0]) or "", start, end)
        elif plain is not None:
            for kind, text in pieces(plain):
                self._add(kind, text, start, end)
        elif (accented := unicode_symbols.accented_of(char)) is not None:
            self._add("name", accented[0], start, end).accents += (accented[1],)
        else:
            self._bad(start, end, "F2D-0101", f"unexpected character {char!r}")
        return end

    def _unicode_script(self, mark: str, char: str, start: int, end: int) -> None:
        """Neighbouring script characters are one script: ``x⁻¹``, ``zₜ₋₁``."""
        if self.open_script == (start, mark):
            self.out.pop()
        elif self._lists_scripts(mark, start):
            comma = self.out.pop()
            self.out[-1] = comma
        else:
            self._add("script", mark, start, end)
            self._add("open", "{", start, end)
        last = self.out[-1]
        if last.kind in ("number", "name") and last.end == start and char.isdigit():
            last.text, last.end = last.text + char, end
            char = ""
        command = unicode_symbols.command_of(char)
        for kind, text in [("name", command)] if command else pieces(char):
            self._add(kind, text, start, end)
        self._add("close", "}", start, end)
        self.open_script = (end, mark)

    def _goes_on(self, text: str, end: int) -> bool:
        """Whether a subscript goes on in letters of full size: ``x₀:T``, ``𝔼ₜ,ε[…]``."""
        if text == ":":
            return _RANGE_END.match(self.source.text, end) is not None
        if text != "," or not _LAST_BINDERS.match(self.source.text, end):
            return False
        opener = max(n for n, token in enumerate(self.out) if token.kind == "open")
        return opener > 1 and self.out[opener - 2].text == "E" and self.out[opener - 2].style == "bb"

    def _lists_scripts(self, mark: str, start: int) -> bool:
        """Whether a comma or a colon is all there is between script characters: ``𝔼ₜ,ₓ``, ``x₁:ₜ``."""
        if len(self.out) < 2 or not self.out[-1].is_op(",", ":") or self.out[-1].end != start:
            return False
        return self.open_script == (self.out[-1].start, mark)
