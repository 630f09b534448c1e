"""Sums, products and integrals: operators with bounds, whose body is what follows."""

from __future__ import annotations

from formula2dgm.syntax.reader import Frame, Reader
from formula2dgm.syntax.scripts import collect_scripts, read_scripts
from formula2dgm.syntax.tokens import Token
from formula2dgm.syntax.vocabulary import GREEK


def read_big(reader: Reader, frame: Frame) -> None:
    """``\\sum_{k=1}^K``: its scripts are its bounds, its body all that follows in the product."""
    token = reader.tokens[reader.i]
    reader.i += 1
    reader.emit("BIG", token)
    read_bounds(reader, frame)
    reader.nest(frame, token)


def read_integral(reader: Reader, frame: Frame) -> None:
    token = reader.tokens[reader.i]
    reader.i += 1
    for _ in range(2 if token.text == "iint" else 1):
        reader.emit("INT", token)
        frame.integrals += 1
        reader.nest(frame, token)
    read_bounds(reader, frame)


def read_bounds(reader: Reader, frame: Frame) -> None:
    scripts = collect_scripts(reader, frame, None, "BIG")
    reader.append(scripts.sub)
    reader.append(scripts.power)
    reader.operand = False
    if reader.empty_braces(reader.i, frame):
        reader.i += 2


def is_differential(reader: Reader, frame: Frame, token: Token) -> bool:
    """Whether this name is the ``dz`` that an integral waits for."""
    last_is_variable = bool(reader.out) and reader.out[-1].side == "differential"
    if not (frame.integrals or last_is_variable) or token.accents or token.style or not token.text.startswith("d"):
        return False
    after = reader.at(reader.i + 1, frame.stop)
    if token.text == "d":
        return after is not None and after.kind == "name"
    rest = token.text[1:]
    return not reader.latex and (len(rest) == 1 or rest in GREEK)


def read_differential(reader: Reader, frame: Frame) -> None:
    token = reader.tokens[reader.i]
    kind = "DIFF" if frame.integrals else "DIFFMORE"
    frame.integrals = max(0, frame.integrals - 1)
    reader.emit(kind, token, "d")
    if token.text == "d":
        reader.i += 1
        variable = reader.tokens[reader.i].copy()
    else:
        variable = token.copy(text=token.text[1:])
        variable.start += token.end - token.start > 1
    reader.i += 1
    name = reader.emit("NAME", variable)
    read_scripts(reader, frame, name, "NAME")
    reader.out[-1].side = "differential"
