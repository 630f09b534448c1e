r"""What a macro is: a name, how its arguments are written, and what it writes.

``\newcommand``, ``\def``, ``\NewDocumentCommand``, ``\DeclarePairedDelimiter`` and all their kin end in one
:class:`Macro`; ``definitions`` finds them, ``expansion`` uses them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from formula2dgm.records import dataclass
from formula2dgm.syntax.macros.tex import Input, TexToken, pieces

Kind = Literal["mandatory", "optional", "required", "star", "group", "until", "literal", "marks"]
NO_VALUE, TRUE, FALSE = "\\NoValue", "\\BooleanTrue", "\\BooleanFalse"


@dataclass(frozen=True, slots=True)
class Parameter:
    r"""How one argument is written.

    mandatory   in braces, or one token
    optional    between ``opener`` and ``closer``; else ``default``, or no value if that is None
    required    the same, but it must be there
    star        ``opener`` (``*``) or nothing: true or false
    group       in braces, or ``default``
    until       all that comes before the tokens ``opener``
    literal     the tokens ``opener``, which are no argument
    marks       an argument for each token of ``opener``, written behind it (``_`` and ``^``) in any order
    """

    kind: Kind
    opener: str = ""
    closer: str = ""
    default: str | None = None

    @property
    def count(self) -> int:
        return {"literal": 0, "marks": len(self.opener)}.get(self.kind, 1)


MANDATORY = Parameter("mandatory")


@dataclass(frozen=True, slots=True)
class Macro:
    r"""``\name`` writes ``body`` with its arguments in the places ``#1``, ``#2`` …

    is_standard   ``body`` is one command, meant as LaTeX means it whatever macros are called like it (``\let``)
    warning       what to tell where the macro is used
    problem       why it cannot be used
    """

    name: str
    parameters: tuple[Parameter, ...] = ()
    body: str = ""
    is_standard: bool = False
    warning: str | None = None
    problem: str | None = None

    @property
    def count(self) -> int:
        """The number of arguments."""
        return sum(each.count for each in self.parameters)

    @property
    def default(self) -> str | None:
        """What the first argument is where it is left out; None if it cannot be."""
        first = next(iter(self.parameters), MANDATORY)
        return (first.default or "") if first.kind == "optional" else None


def mandatory(count: int) -> tuple[Parameter, ...]:
    """So many arguments in braces."""
    return (MANDATORY,) * count


def read_arguments(given: Input, macro: Macro, use: TexToken) -> list[list[TexToken]] | None:
    """The arguments that follow a macro's name; None if one is missing."""
    found: list[list[TexToken]] = []
    for parameter in macro.parameters:
        more = _read(given, parameter, use)
        if more is None:
            return None
        found += more
    return found


def _read(given: Input, parameter: Parameter, use: TexToken) -> list[list[TexToken]] | None:
    """What one parameter takes: no argument, one, or several."""
    opener = parameter.opener
    match parameter.kind:
        case "mandatory":
            found = given.argument()
        case "optional":
            found = given.bracketed(opener, parameter.closer)
            found = _default(parameter, use) if found is None else found
        case "required":
            found = given.bracketed(opener, parameter.closer)
        case "star":
            found = _tokens(TRUE if given.follows(opener) else FALSE, use)
        case "group":
            found = given.group()
            found = _default(parameter, use) if found is None else found
        case "until":
            found = given.until(pieces(opener))
        case "literal":
            return [] if all(given.follows(each) for each in pieces(opener) if each != " ") else None
        case "marks":
            return _marks(given, parameter, use)
    return None if found is None else [found]


def _marks(given: Input, parameter: Parameter, use: TexToken) -> list[list[TexToken]] | None:
    found: dict[str, list[TexToken]] = {}
    while mark := next((each for each in parameter.opener if each not in found and given.follows(each)), None):
        argument = given.argument()
        if argument is None:
            return None
        found[mark] = argument
    return [found.get(each) or _tokens(NO_VALUE, use) for each in parameter.opener]


def _default(parameter: Parameter, use: TexToken) -> list[TexToken]:
    return _tokens(NO_VALUE if parameter.default is None else parameter.default, use)


def _tokens(text: str, use: TexToken) -> list[TexToken]:
    return [TexToken(each, use.start, use.end, use.use) for each in pieces(text)]


def fill(body: str, arguments: Sequence[Sequence[TexToken]], like: TexToken) -> Iterator[TexToken]:
    """What a macro writes: its body with the arguments in it; its own tokens are written by the use of ``like``."""
    for text in pieces(body):
        number = _number(text)
        if number is None:
            yield like._replace(text=text[1:] if text[:2] == "##" else text)
        elif 0 < number <= len(arguments):
            yield from arguments[number - 1]


def length(body: str, arguments: Sequence[Sequence[TexToken]]) -> int:
    """How many tokens ``fill`` will write."""
    sizes = [len(each) for each in arguments]
    numbers = [_number(text) for text in pieces(body)]
    return sum(1 if n is None else sizes[n - 1] if 0 < n <= len(sizes) else 0 for n in numbers)


def _number(text: str) -> int | None:
    """The argument that a token of a body stands for."""
    return int(text[1]) if len(text) == 2 and text[0] == "#" and text[1].isdecimal() else None
