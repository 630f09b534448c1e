"""Expectations: which ``E`` is one, what it binds, where its body is."""

from __future__ import annotations

from formula2dgm.syntax.extents import after_scripts, binder_extent
from formula2dgm.syntax.reader import CURLY, ROUND, SQUARE, Frame, Reader
from formula2dgm.syntax.scripts import collect_scripts, read_scripts
from formula2dgm.syntax.tokens import Token, refuse


def is_expectation(reader: Reader, frame: Frame, token: Token) -> bool:
    """Whether this ``E`` is an expectation: always in blackboard bold; a plain one by what surrounds it."""
    if token.style == "bb":
        return True
    if token.accents:
        return False
    if reader.opens(reader.i + 1, frame, SQUARE, CURLY):
        return True
    scripts = after_scripts(reader.tokens, reader.partner, reader.i + 1, frame.stop)
    if any(t.is_op("~") for t in reader.tokens[reader.i + 1 : scripts]):
        return True
    first, end, several = binder_extent(reader.tokens, reader.partner, reader.i + 1, frame.stop)
    if first == end:
        return False
    if any(t.is_op("~") for t in reader.tokens[first:end]):
        return True
    after = reader.at(end, frame.stop)
    if after is None or after.kind in ("operator", "relation", "close", "script"):
        return False
    binds = several or any(
        t.kind == "bar" or (t.text == ROUND and reader.tokens[n - 1].kind in ("name", "number", "close"))
        for n, t in enumerate(reader.tokens[first:end], first)
    )
    return binds or after.text != ROUND


def read_expectation(reader: Reader, frame: Frame) -> None:
    """``E_{binders}[body]``, or without a bracket ``E_{binders} body``."""
    token = reader.tokens[reader.i]
    binders = reader.capture(lambda: _binders(reader, frame))
    after = reader.at(reader.i, frame.stop)
    if after is not None and after.kind == "script":
        hint = "write the power behind its body: E_q[x]^2"
        refuse("F2D-0110", "an expectation takes no superscript", after.span, hint)
    if reader.empty_braces(reader.i, frame):
        reader.i += 2
    elif reader.opens(reader.i, frame, SQUARE, CURLY, ROUND, "{"):
        powered = reader.at(reader.partner[reader.i] + 1, frame.stop)
        reader.emit("EXPECT", token)
        reader.append(binders)
        if reader.tokens[reader.i].text == ROUND and powered is not None and powered.is_op("^"):
            reader.emit("LEXP", reader.tokens[reader.i].implied("LEXP"))
            reader.item(reader, Frame("body", frame.stop, len(reader.out)))
            reader.emit("REXP", reader.tokens[reader.i - 1].after("REXP"))
            return
        reader.bracket("body", "LEXP", "REXP")
        read_scripts(reader, frame, None, "REXP")
        return
    reader.emit("BIGE", token)
    reader.append(binders)
    reader.operand = False
    reader.nest(frame, token)


def _binders(reader: Reader, frame: Frame) -> None:
    first, end, _ = binder_extent(reader.tokens, reader.partner, reader.i + 1, frame.stop)
    if first == end:
        reader.i = first
        return
    opener = reader.tokens[first]
    if opener.kind == "open" and opener.text == "{":
        reader.i = first
        if reader.partner[first] == first + 1:
            reader.i += 2
            reader.out += [opener.copy("SUBL"), opener.copy("SUBR")]
        else:
            reader.bracket("sub", "SUBL", "SUBR")
        return
    reader.i = first
    reader.emit("SUBL", opener.implied("SUBL"))
    reader.walk(Frame("unbraced" if end == first + 1 else "sub", end, len(reader.out)))
    reader.emit("SUBR", reader.tokens[end - 1].after("SUBR"))


def read_angle(reader: Reader, frame: Frame) -> None:
    """``\\langle body \\rangle_q``, an expectation whose binders follow."""
    opener = reader.tokens[reader.i]
    body = reader.capture(lambda: reader.bracket("body", "LEXP", "REXP"))
    scripts = collect_scripts(reader, frame, None, "REXP")
    reader.emit("EXPECT", opener, "E")
    reader.append(scripts.sub)
    reader.append(body)
    reader.append(scripts.power)
