"""The normaliser: decides the role of every bracket, bar, product and script before the grammar sees a token.

One walk over the brackets of a statement, linear in its length. What it decides is written into the kind of
each token (``LCALL`` for the bracket of a call, ``COND`` for a condition, ``IMUL`` for a product that is only
implied), so that the grammar needs one token of look-ahead and has no conflict. Every token keeps its place;
an implied one has a place without width.
"""

from __future__ import annotations

from formula2dgm.diagnostics import FormulaError
from formula2dgm.syntax.bars import read_bar
from formula2dgm.syntax.bounds import read_integral
from formula2dgm.syntax.braces import read_underbrace
from formula2dgm.syntax.brackets import pair
from formula2dgm.syntax.expectations import read_angle
from formula2dgm.syntax.functions import read_root, read_tex_argument
from formula2dgm.syntax.indicators import with_indicators
from formula2dgm.syntax.names import read_name
from formula2dgm.syntax.reader import CURLY, ROUND, SQUARE, Frame, Reader
from formula2dgm.syntax.scripts import read_scripts
from formula2dgm.syntax.tables import read_table, separates
from formula2dgm.syntax.tokens import Token, refuse
from formula2dgm.syntax.vocabulary import CLOSER, PRODUCT_WORDS

_OPERATORS = {"+": "PLUS", "-": "MINUS", "/": "SLASH", ",": "COMMA", ";": "SEMI", ":": "COLON"} | dict.fromkeys(
    ("*", *PRODUCT_WORDS), "OP"
)
_BLANKS = frozenset({"call", "args", "sub", "unbraced", "div", "abs", "norm"})
MAX_BOUND = 8
_MARKS = {"*": "star", "+": "plus", "-": "minus"}
_TERM_ENDS = frozenset({"PLUS", "MINUS", "COMMA", "SEMI", "COLON", "CELL", "ROW"})


def normalise(tokens: list[Token], latex: bool) -> list[Token]:
    """The terminals of one statement, whose brackets match.

    >>> from formula2dgm.spans import Source
    >>> from formula2dgm.syntax.scanner import scan
    >>> [token.kind for token in normalise(scan(Source("2 p(x|z)")), latex=False)]
    ['NUM', 'IMUL', 'NAME', 'LCALL', 'NAME', 'COND', 'NAME', 'RCALL']
    """
    tokens = with_indicators(tokens)
    pairing = pair(tokens)
    if pairing.diagnostics:
        raise FormulaError(pairing.diagnostics)
    reader = Reader(tokens, pairing.partner, latex, read_item)
    reader.walk(Frame("top", len(tokens), 0))
    if not reader.out:
        refuse("F2D-0114", "there is no formula here", tokens[0].span | tokens[-1].span)
    return reader.out


def read_item(reader: Reader, frame: Frame) -> None:
    """Read what begins here."""
    token, written = reader.tokens[reader.i], len(reader.out)
    match token.kind:
        case "name":
            read_name(reader, frame)
        case "number" | "dots" | "infinity":
            kind = {"number": "NUM", "dots": "DOTS", "infinity": "INF"}[token.kind]
            reader.i += 1
            reader.emit(kind, token)
            read_scripts(reader, frame, None, kind)
        case "relation" | "operator" if token.written.isalpha() and _is_label(reader, frame):
            reader.i += 1
            reader.emit("NAME", token)
        case "relation":
            reader.i += 1
            reader.unnest(frame)
            reader.emit("REL", token)
            frame.sets = token.text in ("in", "notin", "subset")
            frame.head = False
            return
        case "operator":
            _operator(reader, frame, token)
        case "bar":
            read_bar(reader, frame)
        case "open":
            _bracket(reader, frame, token)
        case "command":
            _command(reader, frame, token)
        case "bad":
            reader.refuse_bad()
        case "script":
            hint = "a sub- or superscript stands behind the name it belongs to"
            refuse("F2D-0105", f"this '{token.text}' stands behind nothing", token.span, hint)
        case "close" | "dropped":
            reader.i += 1  # of a LaTeX group that only groups; ``normalise`` has matched all brackets
            return
        case _:
            refuse("F2D-0101", f"unexpected '{token.written}'", token.span)
    frame.head = frame.head and len(reader.out) > written and reader.out[written].kind in ("OPTALL", "MARK")


def _is_label(reader: Reader, frame: Frame) -> bool:
    """A word like ``in`` or ``dot`` alone in a script names something: ``z_{in, 1}``."""
    after = reader.at(reader.i + 1, frame.stop)
    return (
        frame.kind in ("sub", "sup", "unbraced", "call")
        and reader.first_in(frame)
        and (after is None or after.is_op(",", ";"))
    )


def _operator(reader: Reader, frame: Frame, token: Token) -> None:
    if token.text in ("dot", ".") and _is_blank(reader, frame):
        reader.i += 1
        reader.emit("BLANK", token)
        return
    if token.text in _MARKS and frame.kind in ("sub", "sup", "unbraced") and reader.alone(frame):
        reader.i += 1
        reader.emit("NAME", token, _MARKS[token.text])
        return
    if token.text == "." and reader.operand and token.is_spaced and _multiplies(reader, frame):
        token = token.copy(text="dot")
    if token.text == "setminus" and frame.kind == "sub" and reader.first_in(frame):
        reader.i += 1
        reader.emit("REL", token, "!=")
        return
    if token.text == "*" and _stars_a_name(reader, frame):
        reader.out += [token.copy("IXL"), token.copy("NAME", "star"), token.copy("IXR")]
        reader.i += 1
        return
    if token.text in (".", ",") and (_ends_cell(reader, frame) or _begins_cell(reader, frame)):
        reader.i += 1
        return
    kind = separates(frame, token) or _OPERATORS.get(token.text)
    if kind is None:
        refuse("F2D-0101", f"unexpected '{token.written}'", token.span)
    reader.i += 1
    if kind == "SEMI" and frame.kind in ("sub", "concat"):
        kind = "COMMA"
    elif kind == "SEMI" and frame.kind == "body":
        hint = "say what is drawn, with its parameters, under the expectation: E_{q(z; m, s)}[log p(z)]"
        refuse("F2D-0128", "the parameters of the density stand in the body of the expectation", token.span, hint)
    if kind == "COLON" and frame.kind == "sub" and _relates(reader, frame):
        kind = "COMMA"
    elif kind == "COLON" and frame.kind == "sub" and _is_bound(reader, frame):
        reader.emit("COMMA", token)  # t = 1:T
        reader.emit("DOTS", token.implied("DOTS"))
        kind = "COMMA"
    elif kind == "COLON" and frame.kind == "members":
        kind = "COND"
        reader.unnest(frame)
    if kind == "COMMA" and frame.kind == "div" and frame.separator == ",":
        frame.separator = ""
        kind = "DIVSEP"
    elif kind == "COLON" and frame.kind == "top":
        reader.emit("MARK", token)
        frame.start, frame.head = len(reader.out), True
        return
    elif kind == "COMMA":
        frame.sets = False
    if kind == "SLASH":
        reader.nest(frame, token)
    elif kind in _TERM_ENDS:
        reader.unnest(frame)
    reader.emit(kind, token)


def _is_bound(reader: Reader, frame: Frame) -> bool:
    """Whether a colon stands behind a lower bound: ``\\sum_{t=1:T}``."""
    near = reader.out[max(frame.start, len(reader.out) - MAX_BOUND) :]
    before = next((each for each in reversed(near) if each.kind in ("REL", "COMMA")), None)
    return before is not None and before.text == "="


def _multiplies(reader: Reader, frame: Frame) -> bool:
    """``k . f(x)``: a full stop between two factors."""
    after = reader.at(reader.i + 1, frame.stop)
    return after is not None and after.kind in ("name", "number", "open", "command")


def _stars_a_name(reader: Reader, frame: Frame) -> bool:
    """``θ* = argmin L``: a star behind a name with nothing to multiply."""
    after = reader.at(reader.i + 1, frame.stop)
    follows = after is None or after.kind == "relation" or after.is_op(",", ";", "+")
    return follows and bool(reader.out) and reader.out[-1].kind == "NAME"


def _ends_cell(reader: Reader, frame: Frame) -> bool:
    """Punctuation at the end of a brace or of a row of cases."""
    after = reader.at(reader.i + 1, frame.stop)
    if frame.kind.startswith("table "):
        return after is None or separates(frame, after) is not None
    return frame.kind == "group" and after is None and reader.tokens[reader.i].text == "."


def _begins_cell(reader: Reader, frame: Frame) -> bool:
    """Punctuation between a value of cases and its condition that stands behind the cell's end: ``1 &, x > 0``."""
    return frame.kind == "table cases" and bool(reader.out) and reader.out[-1].kind == "CELL"


def _relates(reader: Reader, frame: Frame) -> bool:
    """Whether a relation follows in this subscript: ``\\inf_{Q : Q_Z = P_Z}``."""
    return any(token.kind == "relation" for token in reader.directly_inside(reader.i, frame.stop))


def _is_blank(reader: Reader, frame: Frame) -> bool:
    """Whether a dot is all there is between two separators: a placeholder, as in ``q(.|x)`` and ``||.||``."""
    return frame.kind in _BLANKS and reader.alone(frame)


def _bracket(reader: Reader, frame: Frame, token: Token) -> None:
    """A bracket that belongs to no name: a group, a tuple, a set, an interval, an expectation's body."""
    if token.text == "<":
        read_angle(reader, frame)
        return
    if token.text in ("cases", "matrix"):
        read_table(reader, frame, token.text)
        return
    if token.text == "evaluated":
        reader.bracket("group", "LPAR", "RPAR")
        return
    if token.text in ("floor", "ceil"):
        reader.emit("FCALL", token)
        reader.operand = False
        reader.bracket("args", "LCALL", "RCALL")
        return
    if reader.latex and reader.empty_braces(reader.i, frame):
        reader.i += 2
        return
    if _marks_condition(reader, token):
        reader.bracket("members", "LSET", "RSET")
        read_scripts(reader, frame, None, "RSET")
        return
    commas = _count(reader, ",")
    if token.text == SQUARE and not frame.sets and (commas > 1 or _count(reader, ";")):
        reader.emit("FCALL", token, "concat")
        reader.operand = False
        reader.bracket("concat", "LCALL", "RCALL")
        read_scripts(reader, frame, None, "RCALL")
        return
    kind, left, right = "group", "LPAR", "RPAR"
    mixed = reader.tokens[reader.partner[reader.i]].text != CLOSER.get(token.text)
    if commas == 1 and (token.text == SQUARE or mixed or (frame.sets and token.text == ROUND)):
        left, right = "LINT", "RINT"
    elif token.text in ("\\{", "{") and (commas or frame.sets):
        kind, left, right = "set", "LSET", "RSET"
    reader.bracket(kind, left, right)
    read_scripts(reader, frame, None, right)


def _marks_condition(reader: Reader, opener: Token) -> bool:
    """Is this ``\\{p : y_p = y_i\\}``, a set given by what its elements fulfil? Its bar becomes a colon."""
    if opener.text not in (CURLY, "{"):
        return False
    start = reader.i + 1
    inside = list(reader.directly_inside(start, reader.partner[reader.i]))
    marks = [n for n, each in enumerate(inside) if each.is_op(":") or (each.kind == "bar" and each.text == "|")]
    if opener.text != CURLY and any(inside[n].kind == "bar" for n in marks):
        return False
    if len(marks) != 1 or not marks[0] or not any(each.kind == "relation" for each in inside[marks[0] :]):
        return False
    mark = inside[marks[0]]
    place = next(n for n in range(start, reader.partner[reader.i]) if reader.tokens[n] is mark)
    reader.tokens[place] = mark.copy("operator", ":")
    return True


def _count(reader: Reader, text: str) -> int:
    """How many such operators stand directly in the bracket that opens here."""
    return sum(token.is_op(text) for token in reader.directly_inside(reader.i + 1, reader.partner[reader.i]))


def _command(reader: Reader, frame: Frame, token: Token) -> None:
    if token.text == "frac":
        reader.i += 1
        reader.emit("FRAC", token)
        reader.operand = False
        read_tex_argument(reader, frame, token)
        reader.operand = False
        read_tex_argument(reader, frame, token)
        read_scripts(reader, frame, None, "RARG")
    elif token.text == "sqrt":
        reader.i += 1
        read_root(reader, frame, token)
    elif token.text in ("int", "iint"):
        read_integral(reader, frame)
    elif token.text == "underbrace":
        read_underbrace(reader, frame)
    else:
        refuse("F2D-0102", f"the command \\{token.text} has no meaning here", token.span)
