r"""TeX's own view of a text: control sequences, braces and single characters, and how arguments are taken from them.

Macros are expanded here, before the scanner sees a formula, because what a macro writes may be any piece of text: one
half of a pair of brackets, a subscript without its base, the name of an environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from formula2dgm.records import dataclass
from formula2dgm.spans import Source

_TEX = re.compile(
    r"(?P<comment>%[^\n]*\n?)|(?P<command>\\[A-Za-z@]+|\\.)|(?P<space>\s+)|(?P<parameter>\#+\d)|(?P<other>.)", re.DOTALL
)
MAX_UNCLOSED = 20
ERROR = "\ufdd0"  # no character: it stands in an expanded text where an error is


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of a macro; ``parent`` is the use that wrote it, if it was not the author."""

    name: str
    parent: Use | None
    depth: int


class Refusal(NamedTuple):
    """Why a token cannot be read."""

    code: str
    message: str
    hint: str | None


class TexToken(NamedTuple):
    """A control sequence, a brace, a blank, or one character.

    start, end   its place in the source; for what a macro wrote, the place of the macro's use
    use          the use of a macro that wrote it, None for the author's own
    refusal      why there is an error in its place
    """

    text: str
    start: int
    end: int
    use: Use | None = None
    refusal: Refusal | None = None

    @property
    def name(self) -> str:
        r"""``x`` for ``\x``; empty for a character."""
        return self.text[1:] if len(self.text) > 1 and self.text[0] == "\\" else ""


def tex_tokens(source: Source, start: int, end: int) -> Iterator[TexToken]:
    """The tokens of a range, without its comments."""
    for found in _TEX.finditer(source.text, start, end):
        if found.lastgroup != "comment":
            yield TexToken(found.group(), found.start(), found.end())


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str, ...]:
    r"""The texts of the tokens of a macro's body, in which a line's end is a space.

    >>> pieces(r"\frac{#1} 2")
    ('\\frac', '{', '#1', '}', ' ', '2')
    """
    found = [(match.lastgroup, match.group()) for match in _TEX.finditer(text)]
    return tuple(" " if kind == "space" else piece for kind, piece in found if kind != "comment")


def written(tokens: Sequence[TexToken]) -> str:
    r"""Tokens as TeX would write them into a file: a control word has a space behind it only before a letter.

    >>> written([TexToken(each, 0, 0) for each in (r"\log", "x", r"\|", "y")])
    '\\log x\\|y'
    """
    out: list[str] = []
    for token in tokens:
        if token.text[0].isalnum() and out and out[-1][:1] == "\\" and out[-1][-1].isalpha():
            out.append(" ")
        out.append(token.text)
    return "".join(out)


class Input:
    """Tokens to be read, with what was read and put back; ``reach`` is how far in the source reading has come."""

    def __init__(self, tokens: Iterator[TexToken]):
        self.tokens = tokens
        self.waiting: list[TexToken] = []
        self.reach = 0
        self.unclosed = 0

    def take(self) -> TexToken | None:
        """The next token; None at the end."""
        token = self.waiting.pop() if self.waiting else next(self.tokens, None)
        if token is not None and token.end > self.reach:
            self.reach = token.end
        return token

    def put_back(self, tokens: Sequence[TexToken]) -> None:
        """Let these be read next."""
        self.waiting.extend(reversed(tokens))

    def peek(self) -> TexToken | None:
        """The next token, which stays."""
        if not self.waiting:
            token = next(self.tokens, None)
            if token is None:
                return None
            self.waiting.append(token)
        return self.waiting[-1]

    def drop_from(self, depth: int) -> None:
        """Forget what was put back since so many tokens waited."""
        del self.waiting[depth:]

    def drop_all(self) -> None:
        """Forget all that is still to be read."""
        self.waiting.clear()
        self.tokens = iter(())

    def skip_blanks(self) -> list[TexToken]:
        """Read the blanks that come next."""
        blanks: list[TexToken] = []
        while (token := self.peek()) is not None and token.text.isspace():
            blanks.append(token)
            self.waiting.pop()
        return blanks

    def follows(self, text: str) -> bool:
        """Whether this token comes next, behind blanks; it is read only if it does."""
        blanks = self.skip_blanks()
        token = self.peek()
        if token is None or token.text != text:
            self.put_back(blanks)
            return False
        self.take()
        return True

    def group(self) -> list[TexToken] | None:
        """What the braces hold that come next; None, and nothing is read, if there are none or they never close."""
        return self.bracketed("{", "}")

    def argument(self) -> list[TexToken] | None:
        """A group, or one token; None if neither can be an argument."""
        inside = self.group()
        if inside is not None:
            return inside
        blanks = self.skip_blanks()
        token = self.peek()
        if token is None or token.text in ("{", "}", "&", "$", "\\\\", "\\end"):
            self.put_back(blanks)
            return None
        self.take()
        return [token]

    def bracketed(self, opener: str, closer: str) -> list[TexToken] | None:
        """What stands between two delimiters, if the first comes next; delimiters inside come in pairs or in braces."""
        reach, blanks = self.reach, self.skip_blanks()
        first = self.peek()
        inside = None
        if first is not None and first.text == opener and self.unclosed < MAX_UNCLOSED:
            self.take()
            inside = self._until_closed(opener, closer)
            if inside is None:
                self.put_back([first])
        if inside is None:
            self.put_back(blanks)
            self.reach = reach
        return inside

    def until(self, delimiter: Sequence[str]) -> list[TexToken] | None:
        """What comes before a sequence of tokens outside braces; one pair of braces around it all is taken off."""
        found: list[TexToken] = []
        depth = 0
        while self.unclosed < MAX_UNCLOSED and (token := self.take()) is not None:
            found.append(token)
            depth += (token.text == "{") - (token.text == "}")
            if depth < 0:
                break
            if depth == 0 and [each.text for each in found[-len(delimiter) :]] == list(delimiter):
                return without_braces(found[: len(found) - len(delimiter)])
        self.unclosed += 1
        self.put_back(found)
        return None

    def _until_closed(self, opener: str, closer: str) -> list[TexToken] | None:
        """What comes before the delimiter that closes the one just read; nothing is read if none does."""
        inside: list[TexToken] = []
        depth, braces, reach = 1, 0, self.reach
        while (token := self.take()) is not None:
            text = token.text
            if opener != "{":
                braces += (text == "{") - (text == "}")
            if braces == 0:
                depth += 1 if text == opener and opener != closer else -1 if text == closer else 0
            if depth == 0:
                return inside
            inside.append(token)
            if braces < 0:
                break
        if token is None:
            self.unclosed += 1
        self.put_back(inside)
        self.reach = reach
        return None


def without_braces(tokens: list[TexToken]) -> list[TexToken]:
    """The tokens without one pair of braces around all of them."""
    if len(tokens) < 2 or tokens[0].text != "{" or tokens[-1].text != "}":
        return tokens
    depth = 0
    for each in tokens[:-1]:
        depth += (each.text == "{") - (each.text == "}")
        if depth == 0:
            return tokens
    return tokens[1:-1]


def stripped(tokens: Sequence[TexToken]) -> list[TexToken]:
    """The tokens without blanks at the ends."""
    kept = list(tokens)
    while kept and kept[-1].text.isspace():
        kept.pop()
    while kept and kept[0].text.isspace():
        kept.pop(0)
    return kept


def between_braces(tokens: Sequence[TexToken], command: TexToken, end: int) -> list[TexToken]:
    """The tokens in the braces that stood between a command and ``end``."""
    if command.use is not None:
        return [command._replace(text="{"), *tokens, command._replace(text="}", end=max(end, command.end))]
    return [TexToken("{", command.end, command.end + 1), *tokens, TexToken("}", end - 1, end)]
