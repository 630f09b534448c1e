"""The normaliser's state: where it reads, what it has written, in which bracket it is.

The rooms around it (``normalise``, ``names``, ``scripts``, ``bars``, ``expectations``, …) are functions of a Reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from formula2dgm.diagnostics import FormulaError
from formula2dgm.syntax.nesting import MAX_NESTING, directly_inside
from formula2dgm.syntax.tokens import BadToken, Token, refuse

# Terminals behind which, and in front of which, a juxtaposition means a product.
ENDS = frozenset(
    """NUM NAME INF DOTS BLANK RPAR RCALL RABS RNORM RSET RINT RARG RDIV REXP SUBR SUPR IXR STR ISUBR RCASES
    RMATRIX""".split()
)
STARTS = frozenset(
    """NUM NAME INF DOTS BLANK LPAR LABS LNORM LSET LINT FRAC SQRT ROOT FUNC FCALL EXPECT BIG BIGE DIV INT INTFIRST
    OPT BRACE LCASES LMATRIX LEVAL""".split()
)
ROUND, SQUARE, CURLY = "(", "[", "\\{"
_SEPARATORS = frozenset("COMMA SEMI GIVEN COND COLON REL DIVSEP CELL ROW".split())


@dataclass
class Frame:
    """The bracket that is being read.

    kind    ``top``, ``group``, ``call``, ``args`` (of a known function), ``body`` (of an expectation), ``div``,
            ``sub``, ``sup``, ``unbraced`` (a script of one token), ``abs``, ``norm``, ``set``, ``table`` (cases or
            a matrix)
    stop    the index of its closing bracket
    start   how much was written when it opened
    cond    whether a single bar may still be a condition
    separator   of a divergence: what separates its two arguments
    integrals   how many integrals still wait for their variable
    sets        whether curly brackets hold a set here: behind ``in``
    head        whether an optimiser here would reach over the whole formula
    nested      how many operators without brackets are open in this term
    optimised   how much was written when the last optimiser had been read; -1 before
    bars        how many single bars stand directly in it; -1 before they are counted
    """

    kind: str
    stop: int
    start: int
    cond: bool = False
    separator: str = ""
    integrals: int = 0
    sets: bool = False
    head: bool = True
    nested: int = 0
    optimised: int = -1
    bars: int = -1


class Reader:
    """Reads the tokens of one statement and writes terminals of the grammar."""

    def __init__(self, tokens: list[Token], partner: list[int], latex: bool, item: Callable[[Reader, Frame], None]):
        self.tokens = tokens
        self.partner = partner
        self.latex = latex
        self.item = item
        self.i = 0
        self.out: list[Token] = []
        self.operand = False
        self.depth = 0
        self.conditional: bool | None = None  # whether the statement is ``x | z ~ N(…)``; found out once

    # -- looking -------------------------------------------------------------------------------------------

    def at(self, i: int, stop: int | None = None) -> Token | None:
        """The token at ``i``, if it lies before ``stop``."""
        return self.tokens[i] if i < (len(self.tokens) if stop is None else stop) else None

    def opens(self, i: int, frame: Frame, *texts: str) -> bool:
        """Whether one of these brackets opens at ``i``."""
        return i < frame.stop and self.tokens[i].kind == "open" and self.tokens[i].text in texts

    def empty_braces(self, i: int, frame: Frame) -> bool:
        """``log {}(a + b) / c``: empty braces say that the bracket behind them is not all the argument."""
        return self.opens(i, frame, "{") and self.partner[i] == i + 1

    def directly_inside(self, start: int, stop: int) -> Iterator[Token]:
        """The tokens of a range that stand in no bracket of their own; of such a bracket its opening."""
        return (self.tokens[i] for i in directly_inside(self.tokens, self.partner, start, stop))

    def first_in(self, frame: Frame) -> bool:
        """Whether nothing, or only a separator, has been written since the frame opened."""
        return len(self.out) == frame.start or self.out[-1].kind in _SEPARATORS

    def alone(self, frame: Frame) -> bool:
        """Whether the token here is all there is between two separators."""
        after = self.at(self.i + 1, frame.stop)
        if after is None or frame.kind == "unbraced" or after.is_op(",", ";", ":") or after.kind == "relation":
            return self.first_in(frame)
        ends = after.kind == "bar" and (after.text == "|" or frame.kind in ("norm", "div"))
        return ends and self.first_in(frame)

    # -- writing -------------------------------------------------------------------------------------------

    def emit(self, kind: str, token: Token, text: str | None = None) -> Token:
        """Write one terminal, and a product in front of it where one is implied."""
        if kind in STARTS and self.operand:
            self.out.append(token.implied("IMUL"))
        made = token.copy(kind, text)
        self.out.append(made)
        self.operand = kind in ENDS
        return made

    def capture(self, read: Callable[[], None]) -> list[Token]:
        """What ``read`` writes, kept aside."""
        kept, operand = self.out, self.operand
        self.out, self.operand = [], False
        try:
            read()
            return self.out
        finally:
            self.out, self.operand = kept, operand

    def append(self, tokens: list[Token]) -> None:
        """Write what was kept aside."""
        if tokens:
            self.out += tokens
            self.operand = tokens[-1].kind in ENDS

    # -- brackets ------------------------------------------------------------------------------------------

    def walk(self, frame: Frame) -> None:
        """Read items up to the frame's end."""
        while self.i < frame.stop:
            self.item(self, frame)
        self.leave(frame)

    def leave(self, frame: Frame) -> None:
        self.depth -= frame.nested
        frame.nested = 0
        if frame.integrals:
            token = next(t for t in reversed(self.out) if t.kind == "INT")
            refuse("F2D-0121", "this integral has no 'dz' that says over what it runs", token.span,
                   "end it with the variable: int p(x|z) p(z) dz")  # fmt: skip

    def bracket(self, frame_kind: str, left: str, right: str, *, cond: bool = False, separator: str = "") -> None:
        """Read the bracket that opens here, writing ``left`` and ``right`` for its two ends."""
        opener = self.tokens[self.i]
        close = self.partner[self.i]
        if close <= self.i:
            hint = "put the bracket right behind the name and its scripts: KL[q || p]"
            refuse("F2D-0106", f"a bracket is wanted here, and not '{opener.written}'", opener.span, hint)
        if close == self.i + 1:
            span = opener.span | self.tokens[close].span
            refuse("F2D-0108", "there is nothing between these brackets", span)
        self.emit(left, opener)
        self.i += 1
        self.deeper(opener)
        self.walk(Frame(frame_kind, close, len(self.out), cond, separator))
        self.depth -= 1
        self.emit(right, self.tokens[close])
        self.i = close + 1

    def deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            hint = "name a part of it and write it apart"
            refuse("F2D-0112", f"nested more than {MAX_NESTING} deep", token.span, hint)

    def nest(self, frame: Frame, token: Token) -> None:
        """Count an operator whose operand is all that follows: it nests without brackets."""
        frame.nested += 1
        self.deeper(token)

    def unnest(self, frame: Frame) -> None:
        """A new term begins."""
        self.depth -= frame.nested
        frame.nested = 0

    def refuse_bad(self) -> None:
        """Report all that could not be read in this statement."""
        raise FormulaError([t.diagnostic for t in self.tokens[self.i :] if isinstance(t, BadToken)])
