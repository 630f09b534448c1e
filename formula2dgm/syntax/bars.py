"""What a bar is: the condition of a density, an absolute value, a norm, the separator of a divergence."""

from __future__ import annotations

from formula2dgm.syntax.evaluations import is_evaluation, read_evaluation
from formula2dgm.syntax.reader import Frame, Reader
from formula2dgm.syntax.scripts import read_scripts
from formula2dgm.syntax.tokens import Token, refuse


def read_bar(reader: Reader, frame: Frame) -> None:
    """Decide the role of the bar here and write it."""
    token = reader.tokens[reader.i]
    infix = reader.operand and token.side != "L"
    if infix and frame.kind == "div" and token.text == frame.separator:
        reader.i += 1
        frame.separator = ""
        reader.unnest(frame)
        reader.emit("DIVSEP", token)
    elif infix and token.text == "|" and (frame.cond or frame.kind == "sub" or _conditions(reader, frame)):
        reader.i += 1
        frame.cond = False
        reader.unnest(frame)
        reader.emit("COND", token)
    elif infix and token.text == "|" and is_evaluation(reader, frame):
        read_evaluation(reader, frame)
    elif infix and token.text == "|" and _conditions_expectation(reader, frame, token):
        reader.i += 1
        reader.unnest(frame)
        reader.emit("GIVEN", token)
    elif infix and token.text == "|" and frame.kind == "args" and _bars(reader, frame) == 1:
        hint = f"a density's letter is missing in front of the bracket: write p({_inside(reader, frame)})"
        refuse("F2D-0115", "a condition stands in the bracket of a function, which takes none", token.span, hint)
    elif token.side == "R" or (token.side == "M" and token.text == "|"):
        _stray(token)
    else:
        _modulus(reader, frame, token)


def _inside(reader: Reader, frame: Frame) -> str:
    """What the author wrote in this bracket."""
    opener, close = reader.tokens[reader.partner[frame.stop]], reader.tokens[frame.stop]
    return " ".join(opener.source.text[opener.end : close.start].split())


def _conditions_expectation(reader: Reader, frame: Frame, token: Token) -> bool:
    """Whether this is the bar of a conditional expectation, ``E[f(z) | x]``: the only one in its bracket."""
    if frame.kind != "body" or frame.stop >= len(reader.tokens):
        return False
    return token.side == "M" or (token.side == "" and _bars(reader, frame) == 1)


def _bars(reader: Reader, frame: Frame) -> int:
    """How many single bars stand directly in this bracket; counted once."""
    if frame.bars < 0 and frame.stop < len(reader.tokens):
        inside = reader.directly_inside(reader.partner[frame.stop] + 1, frame.stop)
        frame.bars = sum(token.kind == "bar" and token.text == "|" for token in inside)
    return frame.bars


def _conditions(reader: Reader, frame: Frame) -> bool:
    """Whether this is the bar of ``x | z ~ N(f(z), I)``: the only one, in front of the statement's ``~``."""
    if frame.kind != "top":
        return False
    if reader.conditional is None:
        reader.conditional = _has_one_bar_before_tilde(reader, frame)
    return reader.conditional


def _has_one_bar_before_tilde(reader: Reader, frame: Frame) -> bool:
    bars = 0
    for token in reader.directly_inside(0, frame.stop):
        if token.kind == "relation":
            return bars == 1 and token.is_op("~")
        bars += token.kind == "bar"
    return False


def _stray(token: Token) -> None:
    hint = "a condition stands inside the brackets of a density: p(x|z)"
    refuse("F2D-0115", f"the bar '{token.written}' has no role here", token.span, hint)


def _modulus(reader: Reader, frame: Frame, opener: Token) -> None:
    """Read ``|…|`` or ``||…||``, whose end is the next bar behind an operand."""
    kind, left, right = ("norm", "LNORM", "RNORM") if opener.text == "||" else ("abs", "LABS", "RABS")
    reader.emit(left, opener)
    reader.i += 1
    reader.deeper(opener)
    inner = Frame(kind, frame.stop, len(reader.out))
    while reader.i < frame.stop:
        token = reader.tokens[reader.i]
        closes = token.kind == "bar" and reader.operand and (token.side != "L" or _ends_all_the_same(reader, frame))
        if closes and (token.text == opener.text or kind == "abs"):
            break
        reader.item(reader, inner)
    else:
        what = "a norm" if kind == "norm" else "an absolute value"
        hint = "a condition stands inside the brackets of a density: p(x|z); \\lvert … \\rvert say which bars pair up"
        refuse("F2D-0115", f"this '{opener.written}' opens {what} that is never closed", opener.span, hint)
    reader.leave(inner)
    reader.depth -= 1
    if kind == "abs" and _holds_one_modulus(reader.out[inner.start :]):
        right = _as_norm(reader, inner, _closing(reader, opener))
    else:
        reader.emit(right, _closing(reader, opener))
    read_scripts(reader, frame, None, right)


def _holds_one_modulus(inside: list[Token]) -> bool:
    """Whether bars stand right inside these bars: ``\\left| \\left| x \\right| \\right|`` is a norm set in single bars,
    as the modulus of a modulus says nothing."""
    if not inside or inside[0].kind != "LABS" or inside[-1].kind != "RABS":
        return False
    depth = 0
    for token in inside[:-1]:
        depth += (token.kind == "LABS") - (token.kind == "RABS")
        if depth == 0:
            return False
    return True


def _as_norm(reader: Reader, inner: Frame, close: Token) -> str:
    """Write the modulus that has been read, and the bars around it, as one norm."""
    outer = inner.start - 1
    opener, first = reader.out[outer], reader.out.pop(inner.start)
    last = reader.out.pop()
    reader.out[outer] = opener.copy("LNORM", "||")
    reader.out[outer].end = max(opener.end, first.end)
    close = close.copy("RNORM", "||")
    close.start = min(close.start, last.start)
    reader.out.append(close)
    reader.operand = True
    return "RNORM"


def _ends_all_the_same(reader: Reader, frame: Frame) -> bool:
    """``\\lVert x \\lVert_1``: a left bar that carries a script is meant to close; in print they are the same."""
    after = reader.at(reader.i + 1, frame.stop)
    return after is not None and after.is_op("_", "^")


def _closing(reader: Reader, opener: Token) -> Token:
    """The closing bar. In ``|x||y|`` it is one half of a double bar, whose other half opens the next value."""
    token = reader.tokens[reader.i]
    if token.text == opener.text:
        reader.i += 1
        return token
    first, second = token.copy(text="|"), token.copy(text="|")
    first.end = second.start = token.start + (token.end - token.start) // 2
    reader.tokens[reader.i] = second
    return first
