"""Which bracket closes which, and what is wrong with those that find no partner."""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.syntax.tidy import MAX_NESTING
from formula2dgm.syntax.tokens import Token
from formula2dgm.syntax.vocabulary import CLOSER

MAX_ERRORS = 20


@dataclass
class Pairing:
    """``partner[i]`` is where the bracket at i closes or opens, -1 for other tokens.

    Tokens in ``spoiled`` ranges belong to statements whose brackets do not match.
    """

    partner: list[int]
    spoiled: list[tuple[int, int]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def pair(tokens: list[Token]) -> Pairing:
    """Match all brackets; after an error go on behind the next line or row."""
    pairing = Pairing([-1] * len(tokens))
    stack: list[int] = []
    i = 0
    while i < len(tokens) or stack:
        wrong = None
        if i == len(tokens):
            wrong = _never_closed(tokens, stack[-1])
            i = stack[-1]
        elif tokens[i].kind == "open":
            stack.append(i)
            if len(stack) > MAX_NESTING:
                wrong = Diagnostic("F2D-0112", "error", f"nested more than {MAX_NESTING} deep", tokens[i].span)
        elif tokens[i].kind == "close":
            wrong = _close(tokens, stack, i, pairing.partner)
            if wrong is not None and stack and _next_line(tokens, stack[-1]) < i:
                wrong = _never_closed(tokens, stack[-1], tokens[i])  # rather than that a later line closes too much
                i = stack[-1]
        if wrong is not None:
            pairing.diagnostics.append(wrong)
            end = len(tokens) if len(pairing.diagnostics) >= MAX_ERRORS else _next_line(tokens, i)
            pairing.spoiled.append((_line_start(tokens, min([*stack, i])), end))
            stack.clear()
            i = end
        else:
            i += 1
    return pairing


def _close(tokens: list[Token], stack: list[int], i: int, partner: list[int]) -> Diagnostic | None:
    closer = tokens[i]
    if stack and CLOSER[tokens[stack[-1]].text] == closer.text:
        opener = stack.pop()
        partner[opener], partner[i] = i, opener
        return None
    if any(CLOSER[tokens[each].text] == closer.text for each in stack):
        return _never_closed(tokens, stack[-1], closer)
    if stack and not any(CLOSER[tokens[each].text] == closer.text for each in stack):
        opener_token = tokens[stack[-1]]
        line, column = opener_token.source.position(opener_token.start)
        message = f"{_name(closer)} cannot close the {_name(opener_token)} of line {line}, column {column}"
        return Diagnostic("F2D-0104", "error", message, closer.span, f"close it with {_shown_closer(opener_token)}")
    return Diagnostic("F2D-0104", "error", f"nothing opens this {_name(closer)}", closer.span)


def _never_closed(tokens: list[Token], opener: int, before: Token | None = None) -> Diagnostic:
    token = tokens[opener]
    message = f"this {_name(token)} is never closed"
    hint = f"{_name(before)} comes before its {_shown_closer(token)}" if before is not None else None
    return Diagnostic("F2D-0103", "error", message, token.span, hint)


def _name(token: Token) -> str:
    return f"'{token.written if len(token.written) <= 8 else token.text}'"


def _shown_closer(token: Token) -> str:
    return f"'{CLOSER[token.text]}'"


def _is_line(token: Token) -> bool:
    return token.kind == "break" and token.text != "quad" or token.is_op(";")


def _next_line(tokens: list[Token], i: int) -> int:
    return next((n for n in range(i, len(tokens)) if _is_line(tokens[n])), len(tokens))


def _line_start(tokens: list[Token], i: int) -> int:
    return next((n + 1 for n in range(i - 1, -1, -1) if _is_line(tokens[n])), 0)
