"""Known functions, with brackets around their argument and without; roots and fractions."""

from __future__ import annotations

from formula2dgm.syntax.extents import after_scripts
from formula2dgm.syntax.reader import CURLY, ROUND, SQUARE, Frame, Reader
from formula2dgm.syntax.scripts import collect_scripts, read_scripts
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import BRACKET_FUNCTIONS, CONDITIONAL_FUNCTIONS, FUNCTIONS, OPTIMISERS


def function_of(reader: Reader, frame: Frame, token: Token) -> tuple[str, bool] | None:
    """The known function that begins here, and whether its argument stands in brackets."""
    name = token.text
    if token.accents or token.style:
        return None
    known = FUNCTIONS.get(name) or BRACKET_FUNCTIONS.get(name)
    if known is None and (name not in OPTIMISERS and name not in ("sum", "prod")):
        return None
    end = after_scripts(reader.tokens, reader.partner, reader.i + 1, frame.stop)
    bracketed = reader.opens(end, frame, ROUND, SQUARE, CURLY, "{") and not reader.empty_braces(end, frame)
    if not bracketed and (name in BRACKET_FUNCTIONS or known in (None, "abs", "norm")):
        return None
    if not bracketed and known in ("partial", "grad") and _is_alone(reader, frame, end):
        return None
    return known or name, bracketed


def _is_alone(reader: Reader, frame: Frame, end: int) -> bool:
    """Whether an operator is all there is in its bracket: the name of itself, as in ``\\frac{\\partial}{…}``."""
    if len(reader.out) != frame.start:
        return False
    after = reader.at(end, frame.stop)
    if after is not None and after.kind == "bar":
        ends = {"abs": "|", "norm": "||", "div": frame.separator, "sub": "|", "call": "|" if frame.cond else ""}
        return after.text == ends.get(frame.kind) if after.side in ("", "M") else after.side == "R"
    return after is None


def read_function(reader: Reader, frame: Frame, name: str, bracketed: bool) -> None:
    token = reader.tokens[reader.i]
    reader.i += 1
    if name == "sqrt":
        return read_root(reader, frame, token)
    base = token.copy()
    scripts = collect_scripts(reader, frame, base, "FUNC")
    if base.accents or scripts.labels:
        refuse("F2D-0123", f"the function {name} takes no accent and no label", token.span)
    if name == "grad" and [t.text for t in scripts.power[1:-1]] == ["2"]:
        name, scripts.power = "hess", []
    after = reader.at(reader.i, frame.stop)
    if name == "grad" and after is not None and after.is_op("dot", "."):  # the divergence of a field
        name = "div"
        reader.i += 1
        bracketed = reader.opens(reader.i, frame, ROUND, SQUARE)
    if name in ("abs", "norm") and bracketed:
        left, right = ("LABS", "RABS") if name == "abs" else ("LNORM", "RNORM")
        reader.bracket("args", left, right)
        return read_scripts(reader, frame, None, right)
    reader.emit("FCALL" if bracketed else "FUNC", token, name)
    reader.append(scripts.sub)
    if bracketed:
        reader.operand = False
        if reader.tokens[reader.i].text == CURLY and name in OPTIMISERS:
            reader.tokens[reader.i] = reader.tokens[reader.i].copy(text=ROUND)
        reader.bracket("call" if name in CONDITIONAL_FUNCTIONS else "args", "LCALL", "RCALL",
                       cond=name in CONDITIONAL_FUNCTIONS)  # fmt: skip
        reader.append(scripts.power)
        read_scripts(reader, frame, None, "RCALL")
        return None
    reader.append(scripts.power)
    reader.operand = False
    reader.nest(frame, token)
    if reader.empty_braces(reader.i, frame):
        reader.i += 2
    return None


def inline_derivative(reader: Reader, frame: Frame, token: Token) -> int:
    """Where ``dz/dx`` or ``\\partial z/\\partial x`` in LaTeX ends; -1 if none begins here."""
    if not reader.latex or token.text not in ("d", "partial") or token.accents:
        return -1
    slash = _behind_name(reader, frame, reader.i + 1)
    if slash < 0 or slash + 1 >= frame.stop or not reader.tokens[slash].is_op("/"):
        return -1
    again = reader.tokens[slash + 1]
    return _behind_name(reader, frame, slash + 2) if again.kind == "name" and again.text == token.text else -1


def _behind_name(reader: Reader, frame: Frame, i: int) -> int:
    name = reader.at(i, frame.stop)
    if name is None or name.kind != "name":
        return -1
    return after_scripts(reader.tokens, reader.partner, i + 1, frame.stop)


def read_inline_derivative(reader: Reader, end: int) -> None:
    """Write it as the fraction that it is."""
    first = reader.tokens[reader.i]
    slash = next(n for n in range(reader.i, end) if reader.tokens[n].is_op("/"))
    reader.emit("FRAC", first.implied("FRAC"))
    reader.operand = False
    for start, stop in ((reader.i, slash), (slash + 1, end)):
        sign = reader.tokens[start]
        reader.emit("LARG", sign.implied("LARG"))
        reader.emit("NAME", sign, sign.text)
        reader.i = start + 1
        reader.walk(Frame("group", stop, len(reader.out)))
        reader.emit("RARG", reader.tokens[stop - 1].after("RARG"))
        reader.operand = False
    reader.operand = True
    reader.i = end


def read_root(reader: Reader, frame: Frame, token: Token) -> None:
    """``\\sqrt{x}``, ``sqrt(x)``, ``\\sqrt[3]{x}``."""
    degree: list[Token] = []
    close = reader.partner[reader.i] if reader.opens(reader.i, frame, SQUARE) else -1
    if close > 0 and reader.opens(close + 1, frame, ROUND, "{"):
        degree = reader.capture(lambda: reader.bracket("group", "LARG", "RARG"))
    reader.emit("ROOT" if degree else "SQRT", token)
    reader.append(degree)
    reader.operand = False
    if reader.opens(reader.i, frame, ROUND, SQUARE, "{", CURLY):
        reader.bracket("group", "LARG", "RARG")
    elif token.written.startswith("\\") or token.written == "√":
        read_tex_argument(reader, frame, token)
    else:
        refuse("F2D-0119", "sqrt needs brackets around its argument", token.span, "write sqrt(x)")
    read_scripts(reader, frame, None, "RARG")


def read_tex_argument(reader: Reader, frame: Frame, command: Token) -> None:
    """An argument as LaTeX takes it: a group in braces or one token; of ``12`` one digit."""
    token = reader.at(reader.i, frame.stop)
    if token is None or token.kind in ("operator", "relation", "close", "script", "bar"):
        refuse("F2D-0119", f"\\{command.text} is missing an argument", command.span)
    if token.text == "{" and token.kind == "open":
        reader.bracket("group", "LARG", "RARG")
        return
    reader.emit("LARG", token.implied("LARG"))
    reader.deeper(command)
    if token.kind == "number" and len(token.text) > 1 and token.text.isdigit():
        digit, rest = token.copy(text=token.text[0]), token.copy(text=token.text[1:])
        digit.end = rest.start = token.start + 1
        reader.tokens[reader.i] = rest
        reader.emit("NUM", digit)
        end = digit
    else:
        reader.item(reader, Frame("group", reader.i + 1 if token.kind != "command" else frame.stop, len(reader.out)))
        end = reader.tokens[reader.i - 1]
    reader.depth -= 1
    reader.emit("RARG", end.after("RARG"))
