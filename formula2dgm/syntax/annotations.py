"""Braces under a piece that is no value of its own: ``\\underbrace{\\frac1N \\sum_i}_{mean} f(x_i)``.

Such a brace only points at its piece, so it is dropped with its label.
"""

from __future__ import annotations

from formula2dgm.syntax.nesting import closing, opening
from formula2dgm.syntax.tokens import Token
from formula2dgm.syntax.vocabulary import BIG_OPERATORS, FUNCTIONS, OPTIMISERS

_OPERATORS = OPTIMISERS | BIG_OPERATORS | FUNCTIONS.keys()


def open_braces(tokens: list[Token]) -> list[Token]:
    """The tokens without the braces that hold a relation or end in an operator without its body."""
    dropped: set[int] = set()
    for i, token in enumerate(tokens):
        if token.kind != "command" or token.text != "underbrace" or i + 1 >= len(tokens) or tokens[i + 1].text != "{":
            continue
        close = closing(tokens, i + 1)
        if close < 0 or not is_no_value(tokens[i + 2 : close]):
            continue
        dropped |= {i, i + 1, close}
        if close + 1 < len(tokens) and tokens[close + 1].is_op("_", "^"):
            last = closing(tokens, close + 2) if tokens[min(close + 2, len(tokens) - 1)].kind == "open" else close + 2
            dropped |= set(range(close + 1, last + 1))
    return [token for i, token in enumerate(tokens) if i not in dropped] if dropped else tokens


def is_no_value(inside: list[Token]) -> bool:
    """Whether a piece begins with a relation or waits for more."""
    return bool(inside) and (inside[0].kind == "relation" or hungry(inside))


def hungry(tokens: list[Token]) -> bool:
    """Whether these tokens wait for more: they end in an operator or in one that has no body yet."""
    i = len(tokens) - 1
    last = tokens[i]
    scripted = i > 0 and tokens[i - 1].is_op("_", "^")
    if not scripted and (last.kind in ("relation", "script") or (last.kind == "operator" and last.text not in ".!")):
        return True
    if last.text == "]" and last.kind == "close" and _holds_draws(tokens):
        return True
    while i >= 0:
        if tokens[i].kind == "close":
            i = opening(tokens, i)
        if i >= 1 and tokens[i - 1].kind == "script":
            i -= 2
        else:
            break
    operator = tokens[i]
    if i > 0 and tokens[i - 1].kind == "relation" and tokens[i - 1].text == "->":
        return False  # J = ... -> max
    if operator.kind == "name" and operator.text == "E":
        return (i < len(tokens) - 1 and not scripted) or operator.style == "bb"
    return operator.kind in ("name", "command") and operator.text in _OPERATORS


def _holds_draws(tokens: list[Token]) -> bool:
    """Whether the bracket at the end is that of ``\\mathbb{E}[x \\sim p, z \\sim q]``, whose body follows."""
    start, depth = opening(tokens, len(tokens) - 1), 0
    if start < 1 or tokens[start - 1].text != "E" or tokens[start - 1].kind != "name":
        return False
    for token in tokens[start + 1 : -1]:
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.is_op("~"):
            return True
    return False
