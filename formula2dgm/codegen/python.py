"""Python expressions and statements, laid out as ``ruff format --line-length 120`` leaves them."""

from __future__ import annotations

from dataclasses import field

from formula2dgm.records import dataclass
from formula2dgm.spans import Span, visible

WIDTH = 120
SUM, PRODUCT, UNARY, POWER, ATOM = range(5)


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression: its text on one line, how strongly it binds, and where it may be broken.

    A broken expression is ``head``, then its ``items`` on lines of their own, then ``tail``.  The items of a call
    are its arguments; those of a sum carry their operators.  ``chain`` are the methods called on ``base``, one after
    the other; two or more are broken one a line.
    """

    text: str
    level: int = ATOM
    head: str = ""
    items: tuple[Code, ...] = ()
    tail: str = ""
    base: str = ""
    chain: tuple[str, ...] = ()

    def within(self, level: int) -> str:
        """The text, in brackets where it binds more loosely than ``level``."""
        return self.text if self.level >= level else f"({self.text})"


def call(function: str, *args: Code | str) -> Code:
    """``function(args)``."""
    items = tuple(arg if isinstance(arg, Code) else Code(arg) for arg in args)
    return Code(f"{function}({', '.join(each.text for each in items)})", ATOM, f"{function}(", items, ")")


def method(base: Code, name: str, *args: Code | str) -> Code:
    """``base.name(args)``; broken inside the base where that is a call and the method takes nothing to break."""
    texts = ", ".join(arg.text if isinstance(arg, Code) else arg for arg in args)
    suffix = f".{name}({texts})"
    text = base.within(ATOM) + suffix
    called = base.level < ATOM or base.text.endswith(")")
    first, chain = (base.base, (*base.chain, suffix)) if base.chain else (base.within(ATOM), (suffix,) * called)
    if base.level == ATOM and base.items:
        return Code(text, ATOM, base.head, base.items, base.tail + suffix, first, chain)
    if base.level < ATOM and base.head == "(":
        return Code(text, ATOM, base.head, base.items, base.tail + suffix, first, chain)
    return Code(text, base=first, chain=chain)


def total(parts: list[tuple[bool, Code]]) -> Code:
    """A sum; each part is its sign (is it subtracted?) and its value."""
    (minus_first, first), *rest = parts
    items = [f"-{first.within(PRODUCT)}" if minus_first else first.within(SUM)]
    items += [f"{'-' if minus else '+'} {each.within(PRODUCT)}" for minus, each in rest]
    if len(items) == 1:
        return Code(items[0], min(first.level, UNARY)) if minus_first else first
    return Code(" ".join(items), SUM, "(", tuple(map(Code, items)), ")")


def product(factors: list[Code]) -> Code:
    """A product of factors."""
    if len(factors) == 1:
        return factors[0]
    first, *rest = factors
    items = (first.within(PRODUCT), *(f"* {each.within(UNARY)}" for each in rest))
    return Code(" ".join(items), PRODUCT, "(", tuple(map(Code, items)), ")")


def quotient(top: Code, bottom: Code) -> Code:
    """``top / bottom``."""
    return Code(f"{top.within(PRODUCT)} / {bottom.within(UNARY)}", PRODUCT)


def negative(body: Code) -> Code:
    """``-body``; the minus of a product stands before its first factor."""
    if body.level == PRODUCT:
        return Code(f"-{body.text}", PRODUCT)
    return Code(f"-{body.within(UNARY)}", UNARY)


def assignment(target: str, value: Code, indent: int) -> list[str] | None:
    """The lines of ``target = value``, or None where no layout fits the width."""
    margin = " " * indent
    line = f"{margin}{target} = {value.text}"
    if len(line) <= WIDTH:
        return [line]
    inner = margin + "    "
    if len(value.chain) > 1:
        together = inner + value.text
        body = [together] if len(together) <= WIDTH else [inner + each for each in (value.base, *value.chain)]
        lines = [f"{margin}{target} = (", *body, f"{margin})"]
        return lines if all(len(each) <= WIDTH for each in lines) else None
    if value.head == "(":
        return _operation(f"{margin}{target} = (", value, inner, margin + value.tail)
    laid = _laid(f"{target} = ", value, "", margin)
    if laid is None and (inside := _laid("", value, "", inner)) is not None:
        return [f"{margin}{target} = (", *inside, f"{margin})"]
    return laid


def _operation(opened: str, value: Code, inner: str, closed: str) -> list[str] | None:
    """A sum or product in brackets: together on a line, or one operand a line."""
    if len(value.items) == 2 and value.items[-1].text.endswith(")"):
        return None  # ruff breaks the brackets of the second operand, which nobody can read
    together = inner + " ".join(each.text for each in value.items)
    body = [together] if len(together) <= WIDTH else [inner + each.text for each in value.items]
    lines = [opened, *body, closed]
    return lines if all(len(each) <= WIDTH for each in lines) else None


def statement(value: Code, indent: int) -> list[str] | None:
    """The lines of a call that stands alone, or None where no layout fits the width."""
    return _laid("", value, "", " " * indent)


def _laid(before: str, value: Code, after: str, margin: str) -> list[str] | None:
    """An expression within the width: on one line, else its arguments on one, else each on lines of its own."""
    line = f"{margin}{before}{value.text}{after}"
    if len(line) <= WIDTH:
        return [line]
    if not value.items or value.head == "(":
        return None
    inner = margin + "    "
    together = [inner + ", ".join(each.text for each in value.items)]
    body: list[str] | None = together
    if len(together[0]) > WIDTH:
        comma = "," if len(value.items) > 1 else ""
        pieces = [_laid("", each, comma, inner) for each in value.items]
        body = None if any(each is None for each in pieces) else [line for each in pieces for line in each or ()]
    if body is None or len(margin + before + value.head) > WIDTH:
        return None
    return [f"{margin}{before}{value.head}", *body, f"{margin}{value.tail}{after}"]


def comment(text: str, indent: int) -> list[str]:
    """``# text``, wrapped between words that no bracket holds together; it has no line end of its own."""
    lines, line = [], ""
    for word in _words(visible(" ".join(text.split()))):
        if line and len(line) + 1 + len(word) > WIDTH - indent - 2:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [f"{' ' * indent}# {each}" for each in (*lines, line)]


def _words(text: str) -> list[str]:
    """The words of a text; what stands in brackets is one word, unless it would not fit a line."""
    words, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == " " and (depth <= 0 or len(words[-1]) > WIDTH // 2):
            words.append("")
        else:
            words[-1] += char
    return words


@dataclass
class Body:
    """The lines of a function, each with the piece of the formula that it computes."""

    indent: int = 8
    lines: list[tuple[str, Span | None]] = field(default_factory=list)

    def add(self, lines: list[str] | str, span: Span | None = None) -> None:
        """Append lines that compute ``span``."""
        for line in [lines] if isinstance(lines, str) else lines:
            self.lines.append((line, span))

    def write(self, text: str, span: Span | None = None) -> None:
        """Append one line at the function's indentation."""
        self.add(" " * self.indent + text, span)

    def comment(self, text: str, span: Span | None = None) -> None:
        """Append a comment, after an empty line where another statement stands before it."""
        self.gap()
        self.add(comment(text, self.indent), span)

    def gap(self) -> None:
        """An empty line, unless there is one or nothing stands before."""
        if self.lines and self.lines[-1][0]:
            self.lines.append(("", None))


def quoted(text: str) -> str:
    """A string literal with double quotes, as ruff writes it."""
    if '"' in text and "'" not in text:
        return repr(text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
