"""Macros: ``\\newcommand``, ``\\def``, ``\\DeclareMathOperator`` and their use.

What a macro writes stands, for every error message, where the author used the macro.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.spans import Source, Span
from formula2dgm.syntax.scanner import scan
from formula2dgm.syntax.tokens import BadToken, Token
from formula2dgm.syntax.vocabulary import FONTS

MAX_DEPTH = 32
MAX_TOKENS = 100_000
MAX_ERRORS = 20

_DEFINITION = re.compile(
    r"\\(?P<how>newcommand|renewcommand|providecommand|DeclareRobustCommand|DeclareMathOperator|DeclarePairedDelimiterXPP"
    r"|DeclarePairedDelimiterX|DeclarePairedDelimiter"
    r"|def|gdef|edef|let)(?P<star>\*?)\s*(?P<brace>\{?)\s*\\(?P<name>[A-Za-z]+)\s*(?P<close>\}?)"
)
_COUNT = re.compile(r"\s*\[(\d)\]")
_DEFAULT = re.compile(r"\s*\[((?:[^\[\]{}]|\{[^{}]*\})*)\]")
_PARAMETERS = re.compile(r"\s*((?:#\d)*)\s*(?==?)")
_LET = re.compile(r"\s*=?\s*\\([A-Za-z]+)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


@dataclass(frozen=True)
class Macro:
    """``\\name`` with ``count`` arguments; ``default`` is the first one's where it is optional."""

    name: str
    count: int
    default: str | None
    body: str


@dataclass(frozen=True)
class Definitions:
    """The macros of a text, where they are written, and what is wrong with them."""

    macros: dict[str, Macro]
    places: tuple[tuple[int, int], ...]
    diagnostics: tuple[Diagnostic, ...]


def definitions(source: Source) -> Definitions:
    r"""All macro definitions of a text.

    >>> definitions(Source(r"\newcommand{\E}[2][q]{\mathbb{E}_{#1}[#2]}")).macros["E"].default
    'q'
    """
    macros: dict[str, Macro] = {}
    places: list[tuple[int, int]] = []
    wrong: list[Diagnostic] = []
    position = 0
    while len(wrong) < MAX_ERRORS and (found := _DEFINITION.search(source.text, position)):
        position = found.end()
        read = _definition(source.text, found)
        if read is None:
            span = Span(source, found.start(), found.end())
            message = f"the definition of \\{found['name']} has no body"
            wrong.append(Diagnostic("F2D-0117", "error", message, span, r"write \newcommand{\name}[1]{body}"))
            places.append((found.start(), position))
            continue
        macro, position = read
        if macro.name not in FONTS:
            macros[macro.name] = macro
        places.append((found.start(), position))
    return Definitions(macros, tuple(places), tuple(wrong))


def _definition(text: str, found: re.Match[str]) -> tuple[Macro, int] | None:
    """The macro whose head was found, and where its definition ends."""
    how, name, end = found["how"], found["name"], found.end()
    if how == "let":
        other = _LET.match(text, end)
        return (Macro(name, 0, None, "\\" + other[1]), other.end()) if other else None
    if how in ("def", "gdef", "edef"):
        parameters = _PARAMETERS.match(text, end)
        body = _group(text, parameters.end() if parameters else end)
        return (Macro(name, parameters[1].count("#") if parameters else 0, None, body[0]), body[1]) if body else None
    count = None if how in ("DeclareMathOperator", "DeclarePairedDelimiter") else _COUNT.match(text, end)
    end = count.end() if count else end
    default = _DEFAULT.match(text, end) if count else None
    end = default.end() if default else end
    body = _group(text, end)
    if body is None:
        return None
    if how == "DeclareMathOperator":
        return Macro(name, 0, None, "\\operatorname{" + body[0] + "}"), body[1]
    if how == "DeclarePairedDelimiter":
        right = _group(text, body[1])
        return (Macro(name, 1, None, f"{body[0]} #1 {right[0]}"), right[1]) if right else None
    if how == "DeclarePairedDelimiterX":
        right = _group(text, body[1])
        inside = _group(text, right[1]) if right else None
        if right is None or inside is None:
            return None
        shown = inside[0].replace("\\delimsize", "")
        return Macro(name, int(count[1]) if count else 1, None, f"{body[0]} {shown} {right[0]}"), inside[1]
    return Macro(name, int(count[1]) if count else 0, default[1] if default else None, body[0]), body[1]


def _group(text: str, position: int) -> tuple[str, int] | None:
    """What stands in the braces that open here, and where they end."""
    while position < len(text) and text[position].isspace():
        position += 1
    if not text.startswith("{", position):
        return None
    depth = 0
    for found in _BRACE.finditer(text, position):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if depth == 0:
            return text[position + 1 : found.start()], found.end()
    return None


def given_macros(texts: Sequence[str]) -> dict[str, Macro]:
    """The macros of ``macros=[…]``: definitions as LaTeX writes them."""
    return {name: macro for text in texts for name, macro in definitions(Source(text, "<macros>")).macros.items()}


def expand(tokens: Iterable[Token], macros: dict[str, Macro]) -> list[Token]:
    """The tokens with every use of a macro replaced by what it stands for."""
    if not macros:
        return list(tokens)
    return _Expander(macros).expand(list(tokens), 0)


class _Expander:
    def __init__(self, macros: dict[str, Macro]):
        self.macros = macros
        self.names = frozenset(macros)
        self.made = 0
        self.bodies: dict[str, list[Token]] = {}

    def expand(self, tokens: list[Token], depth: int) -> list[Token]:
        out: list[Token] = []
        i = 0
        while i < len(tokens):
            token = tokens[i]
            i += 1
            if token.kind == "command" and token.text == "ifthenelse":
                chosen, i = _choice(tokens, i)
                out += [BadToken(token, "F2D-0102", "\\ifthenelse is read only with \\equal")] if chosen is None else \
                    self.expand(chosen, depth + 1)  # fmt: skip
                continue
            macro = self.macros.get(token.text) if token.kind == "command" else None
            if macro is None:
                out.append(token)
                continue
            arguments, i = _arguments(tokens, i, macro, token, self.names)
            if arguments is None:
                plural = "an argument" if macro.count == 1 else f"{macro.count} arguments"
                out.append(BadToken(token, "F2D-0117", f"\\{macro.name} takes {plural}"))
                continue
            made = self._body(macro, token, arguments, tokens[i - 1].end)
            self.made += len(made)
            if depth >= MAX_DEPTH or self.made > MAX_TOKENS:
                out.append(BadToken(token, "F2D-0117", f"\\{macro.name} is defined by itself or grows without end"))
                return out
            out += self.expand(made, depth + 1)
        return out

    def _body(self, macro: Macro, use: Token, arguments: list[list[Token]], end: int) -> list[Token]:
        if macro.name not in self.bodies:
            self.bodies[macro.name] = scan(Source(macro.body, use.source.name), latex=True, macros=self.names)
        made: list[Token] = []
        for token in self.bodies[macro.name]:
            if token.kind == "parameter":
                number = int(token.text)
                made += arguments[number - 1] if number <= len(arguments) else []
            elif token.kind == "break" and token.text == "softline":
                continue
            elif isinstance(token, BadToken):
                place = Token(use.source, "bad", token.text, use.start, end)
                made.append(BadToken(place, token.diagnostic.code, token.diagnostic.message, token.diagnostic.hint))
            else:
                copy = Token(use.source, token.kind, token.text, use.start, max(end, use.end), token.side, token.word)
                copy.style = token.style
                if token.kind == "text":
                    copy.text = _with_arguments(token.text, arguments)
                made.append(copy)
        return made


def _with_arguments(text: str, arguments: list[list[Token]]) -> str:
    for number, tokens in enumerate(arguments, 1):
        text = text.replace(f"#{number}", " ".join(token.text for token in tokens))
    return text


def _arguments(tokens: list[Token], i: int, macro: Macro, use: Token,
               names: frozenset[str]) -> tuple[list[list[Token]] | None, int]:  # fmt: skip
    """What follows a macro's name as its arguments, and where they end."""
    found: list[list[Token]] = []
    count = macro.count
    if macro.default is not None:
        count -= 1
        close = _closing(tokens, i, "[", "]") if i < len(tokens) and tokens[i].text == "[" else None
        if close is not None:
            found.append(tokens[i + 1 : close])
            i = close + 1
        else:
            default = scan(Source(macro.default), latex=True, macros=names)
            found.append([Token(use.source, t.kind, t.text, use.start, use.end, t.side, t.word) for t in default])
    for _ in range(count):
        while i < len(tokens) and tokens[i].kind in ("break", "tilde") and tokens[i].text in ("softline", "~"):
            i += 1
        if i >= len(tokens) or tokens[i].kind == "close":
            return None, i
        close = _closing(tokens, i, "{", "}") if tokens[i].text == "{" else i
        if close is None:
            return None, i
        found.append(tokens[i + 1 : close] if close > i else [tokens[i]])
        i = close + 1
    return found, i


def _choice(tokens: list[Token], i: int) -> tuple[list[Token] | None, int]:
    """The branch that ``\\ifthenelse{\\equal{a}{b}}{yes}{no}`` takes, and where it ends."""
    groups: list[list[Token]] = []
    for _ in range(3):
        close = _closing(tokens, i, "{", "}") if i < len(tokens) and tokens[i].text == "{" else None
        if close is None:
            return None, i
        groups.append(tokens[i + 1 : close])
        i = close + 1
    test = groups[0]
    if len(test) < 5 or test[0].text != "equal" or test[-1].text != "}":
        return None, i
    close = _closing(test, 1, "{", "}")
    if close is None:
        return None, i
    left, right = [t.text for t in test[2:close]], [t.text for t in test[close + 2 : -1]]
    return groups[1] if left == right else groups[2], i


def _closing(tokens: list[Token], i: int, opener: str, closer: str) -> int | None:
    depth = 0
    for n in range(i, len(tokens)):
        if tokens[n].kind == "open" and tokens[n].text == opener:
            depth += 1
        elif tokens[n].kind == "close" and tokens[n].text == closer:
            depth -= 1
            if depth == 0:
                return n
    return None
