r"""What authors define to begin and end displays: ``\def\be{\begin{equation}}``, ``\newenvironment{elbo}…``."""

from __future__ import annotations

import re
from dataclasses import field
from functools import cached_property

from formula2dgm.documents.blanking import Braces
from formula2dgm.documents.formulas import ENVIRONMENTS, Layout
from formula2dgm.records import dataclass
from formula2dgm.syntax.macros.macro import Macro

_PIECE = re.compile(
    r"\\\\|\\(?P<how>begin|end)\s*\{\s*(?P<name>[A-Za-z]+\*?)\s*\}|(?P<open>\\\[)|(?P<close>\\\])|(?P<dollars>\$\$)"
    r"|\\(?P<command>[A-Za-z]+)"
)
_NEW_ENVIRONMENT = re.compile(
    r"\\(?:re)?new(?:environment)\*?\s*\{\s*(?P<name>[A-Za-z]+\*?)\s*\}\s*(?:\[(?P<count>\d)\])?\s*(?P<default>\[[^\]]*\])?"
)
_LABEL = re.compile(r"\\label\s*\{\s*([^{}]*?)\s*\}")
_DEPTH = 8
SQUARE, DOLLARS, ROUND, ESCAPED_SQUARE, ESCAPED_ROUND = "\\[", "$$", "\\(", "\\\\[", "\\\\("
BLOCK = "$$\n"  # on a line of its own, in Markdown
_PARAGRAPH = r"\n[ \t>]*\n"
# For each delimiter that begins a formula: what ends it, and what shows that it was never ended.
_DELIMITERS = {
    SQUARE: (r"\\\]", rf"\\\[|{_PARAGRAPH}"),
    ROUND: (r"\\\)", rf"\\\(|{_PARAGRAPH}"),
    ESCAPED_SQUARE: (r"\\\\\]", r"\\\\\["),
    ESCAPED_ROUND: (r"\\\\\)", rf"\\\\\(|{_PARAGRAPH}"),
    DOLLARS: (r"\$\$", _PARAGRAPH),
    BLOCK: (r"\$\$", r"(?!)"),
    "$": (r"\$", _PARAGRAPH),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a text does to displays: it leaves one open, closes one, holds whole ones."""

    opens: str | None = None
    closes: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A macro or an environment of the author's; ``opens`` is the display it begins."""

    count: int
    optional: bool
    body: str
    opens: str

    def labels(self, arguments: list[str]) -> tuple[str, ...]:
        """The labels that its use with these arguments sets."""
        body = self.body
        for number, each in enumerate(arguments, 1):
            body = body.replace(f"#{number}", each)
        return labels_in(body)


@dataclass(frozen=True)
class Shortcuts:
    """All shortcuts of a document.

    begin      commands that begin a display
    end        commands that end one, with what they end
    whole      commands that set a whole display
    environments   those that are defined around a display
    labels     commands that set a label
    """

    begin: dict[str, Shortcut] = field(default_factory=dict)
    end: dict[str, str] = field(default_factory=dict)
    whole: dict[str, Shortcut] = field(default_factory=dict)
    environments: dict[str, Shortcut] = field(default_factory=dict)
    labels: dict[str, Shortcut] = field(default_factory=dict)
    _closers: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def layout(self, environment: str) -> Layout | None:
        """How an environment sets what it holds; None if it is no display."""
        name = environment.rstrip("*")
        if environment in self.environments:
            return self.layout(self.environments[environment].opens) or Layout()
        return ENVIRONMENTS.get(name)

    @cached_property
    def beginning(self) -> str:
        """A pattern of everything by which an environment's display begins."""
        names = [*ENVIRONMENTS, *self.environments]
        begin = rf"\\begin\s*\{{\s*(?:{'|'.join(map(re.escape, names))})\*?\s*\}}"
        commands = "|".join(map(re.escape, sorted(self.begin)))
        return rf"{begin}|\\(?:{commands})(?![A-Za-z])" if commands else begin

    def closer(self, environment: str) -> re.Pattern[str]:
        """What ends a display (the group ``end``), or shows that it was never ended (the group ``again``)."""
        if environment not in self._closers:
            end, again = _DELIMITERS.get(environment) or (
                rf"\\end\s*\{{\s*{re.escape(environment)}\s*\}}",
                self.beginning,
            )
            commands = "|".join(re.escape(name) for name, what in self.end.items() if what == environment)
            end += rf"|\\(?:{commands})(?![A-Za-z])" if commands else ""
            self._closers[environment] = re.compile(rf"(?P<end>{end})|(?P<again>{again})|\\[^A-Za-z]", re.DOTALL)
        return self._closers[environment]


def labels_in(text: str) -> tuple[str, ...]:
    return tuple(_LABEL.findall(text))


def new_environments(text: str) -> list[tuple[int, int, str, Shortcut]]:
    r"""The ``\newenvironment`` of a text: its range, its name, what its beginning does (``opens`` not yet known)."""
    found: list[tuple[int, int, str, Shortcut]] = []
    braces = Braces(text)
    for head in _NEW_ENVIRONMENT.finditer(text):
        bodies, stop = braces.arguments(head.end(), 2)
        if len(bodies) == 2:
            shortcut = Shortcut(int(head["count"] or 0), head["default"] is not None, bodies[0], "")
            found.append((head.start(), stop, head["name"], shortcut))
    return found


def find_shortcuts(macros: dict[str, Macro], environments: dict[str, Shortcut]) -> Shortcuts:
    """The macros and environments that begin and end displays."""
    effects = _Effects(macros, environments)
    out = Shortcuts()
    for name, macro in macros.items():
        effect = effects.of_macro(name)
        shortcut = Shortcut(macro.count, macro.default is not None, macro.body, effect.opens or "")
        if effect.opens:
            out.begin[name] = shortcut
        if effect.closes:
            out.end[name] = effect.closes
        if effect.whole and not effect.opens and not effect.closes:
            out.whole[name] = shortcut
        if macro.count and "\\label" in macro.body:
            out.labels[name] = shortcut
    for name, each in environments.items():
        if opens := effects.of_text(each.body, 0).opens:
            out.environments[name] = Shortcut(each.count, each.optional, each.body, opens)
    return out


class _Effects:
    def __init__(self, macros: dict[str, Macro], environments: dict[str, Shortcut]):
        self.macros = macros
        self.environments = environments
        self.known: dict[str, Effect] = {}

    def of_macro(self, name: str, depth: int = 0) -> Effect:
        if name not in self.known:
            self.known[name] = Effect()  # what a macro that uses itself does there
            self.known[name] = self.of_text(self.macros[name].body, depth)
        return self.known[name]

    def of_text(self, text: str, depth: int) -> Effect:
        opens: str | None = None
        closes: str | None = None
        whole = False
        if depth > _DEPTH:
            return Effect()
        for found in _PIECE.finditer(text):
            begins, ends = self._piece(found, depth)
            if ends is not None and opens == ends:
                opens, whole = None, True
            elif begins is not None and opens is None:
                opens = begins
                closes = closes or (ends if ends == begins else None)
            elif ends is not None and opens is None:
                closes = closes or ends
        return Effect(opens, closes, whole)

    def _piece(self, found: re.Match[str], depth: int) -> tuple[str | None, str | None]:
        """What a piece begins and what it ends; ``$$`` may be either."""
        name = found["name"]
        if name is not None:
            if name.rstrip("*") not in ENVIRONMENTS and name not in self.environments:
                return None, None
            return (name, None) if found["how"] == "begin" else (None, name)
        if found["dollars"] is not None:
            return DOLLARS, DOLLARS
        if found["open"] is not None:
            return SQUARE, None
        if found["close"] is not None:
            return None, SQUARE
        if found["command"] in self.macros:
            effect = self.of_macro(found["command"], depth + 1)
            return effect.opens, effect.closes
        return None, None
