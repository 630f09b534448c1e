"""What a name begins: an expectation, a divergence, an operator, a function, a call, or just a name."""

from __future__ import annotations

from formula2dgm.syntax import bounds, divergences, expectations, functions, optimisers, tables
from formula2dgm.syntax.extents import after_scripts
from formula2dgm.syntax.reader import CURLY, ROUND, SQUARE, Frame, Reader
from formula2dgm.syntax.scripts import read_scripts
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import (
    ACCENT_WORDS,
    BIG_OPERATORS,
    BRACKET_FUNCTIONS,
    INFINITIES,
    PRODUCT_WORDS,
    RELATION_WORDS,
    STEP_LENGTHS,
)

RESERVED = PRODUCT_WORDS | RELATION_WORDS
_NUMBER_SETS = frozenset("RNZ")
_SET_FAMILIES = frozenset({"Uniform", "U", "Unif", "Categorical", "Cat"})


def read_name(reader: Reader, frame: Frame) -> None:
    """Decide what the name here begins, and read it."""
    token = reader.tokens[reader.i]
    if tables.read_word(reader, frame, token):
        return None
    if tables.is_table(reader, frame, token):
        reader.i += 1
        return tables.read_table(reader, frame, token.text)
    if expectations.is_estimate(token):
        return expectations.read_expectation(reader, frame)
    if _is_label(reader, frame, token):
        return _plain(reader, frame, token)
    if bounds.is_differential(reader, frame, token):
        return bounds.read_differential(reader, frame)
    if _is_accented(reader, token):
        return _plain(reader, frame, token)
    if token.text == "E" and expectations.is_expectation(reader, frame, token):
        return expectations.read_expectation(reader, frame)
    if (end := functions.inline_derivative(reader, frame, token)) > 0:
        return functions.read_inline_derivative(reader, end)
    if bounds.is_measure(reader, frame, token):
        return bounds.read_measure(reader, frame)
    if (divergence := divergences.divergence_of(reader, frame, token)) is not None:
        return divergences.read_divergence(reader, frame, *divergence)
    if optimisers.is_optimiser(reader, frame, token):
        return optimisers.read_optimiser(reader, frame)
    if token.text in BIG_OPERATORS and _is_big(reader, frame, token):
        return bounds.read_big(reader, frame)
    if token.text == "int" and not token.accents:
        return bounds.read_integral(reader, frame)
    if token.text == "underbrace" and reader.opens(reader.i + 1, frame, ROUND):
        from formula2dgm.syntax.braces import read_ascii_underbrace

        return read_ascii_underbrace(reader, frame)
    if (function := functions.function_of(reader, frame, token)) is not None:
        return functions.read_function(reader, frame, *function)
    return _plain(reader, frame, token)


def _is_label(reader: Reader, frame: Frame, token: Token) -> bool:
    """A word alone in a script or between commas names nothing but itself: ``L_{KL}``, ``f(E, D)``."""
    if token.text == "E":
        return token.style != "bb" and reader.alone(frame)
    return frame.kind in ("sub", "sup", "unbraced", "call") and reader.alone(frame)


def _is_accented(reader: Reader, token: Token) -> bool:
    """With an accent or a prime any word is a name: ``H_hat(x)``, ``D'``."""
    mark, word = reader.at(reader.i + 1), reader.at(reader.i + 2)
    if token.accents or mark is None or mark.kind != "script":
        return bool(token.accents)
    if word is not None and word.text == "{":
        word = reader.at(reader.i + 3) if reader.partner[reader.i + 2] == reader.i + 4 else None
    accent = word is not None and word.kind == "name" and word.text in ACCENT_WORDS
    return mark.text == "'" or (mark.text == "_" and accent)


def _is_big(reader: Reader, frame: Frame, token: Token) -> bool:
    """``\\sum`` and ``sum_k`` are operators, ``sum(x)`` is a function."""
    called = reader.opens(reader.i + 1, frame, ROUND, SQUARE, "{") and not reader.empty_braces(reader.i + 1, frame)
    return token.side == "big" or not called


def _plain(reader: Reader, frame: Frame, token: Token) -> None:
    """A name, its scripts, and its arguments if a bracket follows."""
    after = reader.at(reader.i + 1)
    scripted = after is not None and after.kind == "script"
    if token.text in INFINITIES and not token.accents and not scripted:
        reader.i += 1
        reader.emit("INF", token)
        return
    if (
        token.text in RESERVED
        and not token.accents
        and not reader.alone(frame)
        and (after is None or after.kind != "script")
    ):
        refuse("F2D-0120", f"'{token.text}' is a word of the language and cannot be a name", token.span)
    reader.i += 1
    if after is not None and after.kind == "name" and token.text + after.text in STEP_LENGTHS:
        token = token.copy(text=token.text + after.text)
        token.end = after.end
        reader.i += 1
    name = reader.emit("NAME", token)
    if frame.sets and token.text in _NUMBER_SETS and not token.style:
        name.style = "bb"
    read_scripts(reader, frame, name, "NAME")
    if reader.latex and token.text not in BRACKET_FUNCTIONS and reader.empty_braces(reader.i, frame):
        reader.i += 2
    if reader.opens(reader.i, frame, CURLY, "{") and name.text in _SET_FAMILIES:
        opener = reader.tokens[reader.i]
        reader.emit("LCALL", opener.implied("LCALL"))
        reader.bracket("set", "LSET", "RSET")
        reader.emit("RCALL", reader.tokens[reader.i - 1].after("RCALL"))
    elif token.text == "W" and reader.opens(reader.i, frame, SQUARE) and _is_vector(reader):
        return  # a matrix times the vector that the bracket joins
    elif reader.opens(reader.i, frame, ROUND, SQUARE) and _is_power_of_e(reader, name):
        _refuse_argument(reader)
    elif reader.opens(reader.i, frame, ROUND, SQUARE):
        square = reader.tokens[reader.i].text == SQUARE
        _call(reader)
        if square and _is_tight(reader, frame, ROUND):
            _call(reader)
        elif not square and _is_entry(reader, frame):
            reader.bracket("sub", "ISUBL", "ISUBR")
            return
        read_scripts(reader, frame, None, "RCALL")


def _is_vector(reader: Reader) -> bool:
    """Whether the bracket that opens here joins several values: ``[h, x]``, ``[h; x]``."""
    return any(each.is_op(",", ";") for each in reader.directly_inside(reader.i + 1, reader.partner[reader.i]))


def _is_power_of_e(reader: Reader, name: Token) -> bool:
    return name.text == "e" and not name.accents and reader.out[-1].kind == "SUPR"


def _refuse_argument(reader: Reader) -> None:
    """Refuse ``e^{-E}(x)``: a power of e takes no argument, and nobody puts one name in brackets to multiply by it."""
    close = reader.partner[reader.i]
    if close == reader.i + 2:
        span = reader.tokens[reader.i].span | reader.tokens[close].span
        shown = span.text
        refuse(
            "F2D-0120", f"a power of e takes no argument {shown}", span, f"write it into the exponent: e^{{f{shown}}}"
        )


def _is_tight(reader: Reader, frame: Frame, bracket: str) -> bool:
    """Whether a bracket opens here without a space before it: ``S[\\pi](s)``."""
    return reader.opens(reader.i, frame, bracket) and reader.tokens[reader.i - 1].end == reader.tokens[reader.i].start


def _is_entry(reader: Reader, frame: Frame) -> bool:
    """``f(x)[y]``: an entry of what a network returns."""
    if not _is_tight(reader, frame, SQUARE):
        return False
    start, close = reader.i + 1, reader.partner[reader.i]
    if reader.tokens[start].kind not in ("name", "number") or start == close:
        return False
    end = after_scripts(reader.tokens, reader.partner, start + 1, close)
    return end == close or (reader.tokens[end].text == ROUND and reader.partner[end] == close - 1)


def _call(reader: Reader) -> None:
    opener, close = reader.tokens[reader.i], reader.tokens[reader.partner[reader.i]]
    if reader.partner[reader.i] == reader.i + 1:
        reader.emit("LCALL", opener)
        reader.emit("RCALL", close)
        reader.i += 2
        return
    reader.operand = False
    reader.bracket("call", "LCALL", "RCALL", cond=True)
