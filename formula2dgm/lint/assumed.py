"""What the compiler assumed, where that is more often a mistake than not: its assumptions that carry a code.

F2D-0907    a function, not linear, of an estimate: biased with finitely many draws
F2D-0908    a network under stopped gradients alone
F2D-0909    a standard deviation without a square
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from formula2dgm.lint.rule import Finding, Rule, Text

_HINTS = {
    "F2D-0907": "more draws (samples=) lower the bias; a bound states it: docs/estimators.md",
    "F2D-0908": "take the gradient through somewhere, or leave the network out",
    "F2D-0909": "write \\sigma^2 for a variance; docs/families.md",
}


def _of_code(code: str) -> Callable[[Text], Iterator[Finding]]:
    def find(text: Text) -> Iterator[Finding]:
        for each in text.program.assumptions:
            if each.code == code:
                yield Finding(each.text, each.span, _HINTS[code])

    return find


def _rule(code: str, severity: Literal["warning", "note"]) -> Rule:
    return Rule(code, severity, _of_code(code))


RULES = (_rule("F2D-0907", "note"), _rule("F2D-0908", "note"), _rule("F2D-0909", "note"))
