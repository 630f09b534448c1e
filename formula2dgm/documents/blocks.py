"""The blocks of a Markdown text: fences of mathematics, code, comments, a YAML head."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import field

from formula2dgm.documents.blanking import blank
from formula2dgm.records import dataclass

_MARKER = r"(?:[-*+]|\d{1,9}[.)])[ \t]+"
QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
#: The same in a list, where it stands as deep as the list does.
LISTED_QUOTE = re.compile(rf"[ \t]*(?:{_MARKER})*(?:>[ \t]?)+")
_FENCE = re.compile(
    rf"[ \t]*(?:{_MARKER})?(?P<fence>`{{3,}}|~{{3,}}|:{{3,}}(?=[ \t]*(?:\{{math\}}|$)))[ \t]*(?P<info>[^`\n]*)$"
)
_MATH = re.compile(r"math|\{\.?math\}.*")
_LIST = re.compile(rf"[ \t]*{_MARKER}")
#: What has an indented body of prose: an admonition, a tab, a footnote, a definition.
_OPENS_BODY = re.compile(r"(?P<indent>[ ]*)(?:(?:!!!|\?\?\?\+?)[ ]+\w|===[+!]?[ ]+[\"']|\[\^[^\]\s]+\]:|:[ ]{1,3}\S)")
_HEAD = re.compile(r"---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_DISPLAYS = re.compile(r"^[ \t>]*\$\$", re.MULTILINE)
_CODE = re.compile(r"<!--|\$`[^`\n]+`\$|\\`|(?P<run>`+)")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence of mathematics: where its ticks begin and end, and where its inside does."""

    opened: int
    start: int
    end: int
    closed: int
    ended: bool


@dataclass(slots=True)
class Blocks:
    """``text`` with all that is no prose blanked; the mathematical fences; where the prose begins."""

    text: str
    fences: list[Fence] = field(default_factory=list)
    begin: int = 0


def blocks_of(text: str) -> Blocks:
    """Take a Markdown text apart."""
    head = _HEAD.match(text)
    begin = head.end() if head else 0
    walk = _Walk(text, begin)
    walk.run()
    return Blocks(_without_code(blank(text, walk.blanked)), walk.fences, begin)


class _Walk:
    """From line to line: which stand in fences, which are code because they are indented."""

    def __init__(self, text: str, begin: int):
        self.text = text
        self.begin = begin
        self.fences: list[Fence] = []
        self.blanked: list[tuple[int, int]] = []
        self.fence: tuple[str, bool, int, int] | None = None  # its ticks, whether mathematics, begin, inside
        self.in_list = self.in_display = False
        self.block = ""  # of an indented block: code or prose
        self.bodies: list[int] = []  # how far the bodies around a line are indented
        self.after_blank = True

    def run(self) -> None:
        start = self.begin
        for line in self.text[self.begin :].splitlines(keepends=True):
            self._line(start, line.rstrip("\n"), start + len(line))
            start += len(line)
        if self.fence is not None:
            self._end_fence(start, start, ended=False)

    def _line(self, start: int, line: str, after: int) -> None:
        quote = (LISTED_QUOTE if self.in_list else QUOTE).match(line)
        prose = line[quote.end() :] if quote else line
        found = _FENCE.match(prose)
        if self.fence is not None:
            ticks = self.fence[0]
            if found and not found["info"] and found["fence"].startswith(ticks):
                self._end_fence(start, after, ended=True)
            return
        if found and (found["info"] or found["fence"][0] != ":"):
            self.fence = (found["fence"], _MATH.fullmatch(found["info"].strip()) is not None, start, after)
            return
        self._prose(start, prose, after, quote is not None)

    def _end_fence(self, end: int, closed: int, ended: bool) -> None:
        assert self.fence is not None
        _, mathematics, opened, start = self.fence
        if mathematics:
            self.fences.append(Fence(opened, start, end, closed, ended))
        self.blanked.append((opened, closed))
        self.fence = None

    def _prose(self, start: int, line: str, after: int, quoted: bool) -> None:
        """A line of prose, or of code by its indentation."""
        if not line.strip():
            self.after_blank = True
            return
        line = self._in_body(line)
        if not line.startswith("    "):
            self.block = ""
        elif not self.block and self.after_blank and not (self.in_list or self.in_display):
            self.block = "prose" if self._displays(start) else "code"
        if self.block == "code":
            self.blanked.append((start, after))
            return
        self.after_blank = False
        self.in_list = _LIST.match(line) is not None or (self.in_list and (quoted or line[0] in " \t"))
        self.in_display ^= line.count("$$") % 2 == 1

    def _in_body(self, line: str) -> str:
        """The line as it stands in the body that it is part of."""
        line = line.expandtabs(4)
        depth = len(line) - len(line.lstrip())
        while self.bodies and depth < self.bodies[-1]:
            self.bodies.pop()
        base = self.bodies[-1] if self.bodies else 0
        opens = _OPENS_BODY.match(line)
        if opens and len(opens["indent"]) - base < 4:
            self.bodies.append(len(opens["indent"]) + 4)
            self.in_list = False
        return line[base:]

    def _displays(self, start: int) -> bool:
        """Whether the indented block that begins here sets displays: a line of it begins with ``$$``."""
        depth = (self.bodies[-1] if self.bodies else 0) // 4 + 1
        lines = re.compile(rf"(?:[ \t>]*\n|[ >]{{0,5}}(?: {{4}}|\t){{{depth}}}[^\n]*\n?)+")
        block = lines.match(self.text, start)
        return block is not None and block.group().count("$$") > 1 and _DISPLAYS.search(block.group()) is not None


def _without_code(text: str) -> str:
    """The text with comments and spans of code blanked."""
    runs: dict[int, list[int]] = defaultdict(list)
    for each in re.finditer("`+", text):
        runs[len(each.group())].append(each.start())
    breaks = [each.start() for each in _BLANK_LINE.finditer(text)]
    ranges: list[tuple[int, int]] = []
    position = 0
    commented = True
    while found := _CODE.search(text, position):
        position = found.end()
        if found.group() == "<!--":
            end = text.find("-->", position) if commented else -1
            commented = end >= 0
            position = end + 3 if commented else position
        elif found["run"] is not None:
            length = len(found["run"])
            later = bisect_right(runs[length], found.start())
            end = runs[length][later] if later < len(runs[length]) else -1
            if end < 0 or bisect_right(breaks, found.start()) != bisect_right(breaks, end):
                continue
            position = end + length
        else:
            continue
        if position > found.end():
            ranges.append((found.start(), position))
    return blank(text, ranges)
