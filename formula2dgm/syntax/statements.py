"""Where one statement ends and the next begins.

Lines, rows (``\\\\``), ``;``, wide spaces, commas and prose (``\\text{where}``) may all separate statements, and
all but ``;`` may stand inside one. A piece begins a statement of its own where it can: the piece before is
complete, and it starts neither with an operator nor with a relation; behind a weak separator it also needs a
relation with a left side of its own, and behind a comma the piece before a relation, or what can be an objective.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.syntax.annotations import hungry
from formula2dgm.syntax.brackets import pair
from formula2dgm.syntax.extents import after_scripts, binder_extent
from formula2dgm.syntax.groups import is_one_name
from formula2dgm.syntax.nesting import directly_inside
from formula2dgm.syntax.remarks import is_range_of_index
from formula2dgm.syntax.tokens import BadToken, Token
from formula2dgm.syntax.vocabulary import DIVERGENCES, OPTIMISERS, PRODUCT_WORDS
from formula2dgm.syntax.words import words_as_name

_CONTINUES = frozenset({"+", "-", "*", "/", "_", "^", *PRODUCT_WORDS})
_OBJECTIVES = frozenset({"E", "log", *DIVERGENCES, *OPTIMISERS})
_PROSE_NAMES = frozenset({"where", "with"})
_ALL = frozenset({"all", "each", "every", "any"})
# From the weakest to the strongest separator.
_STRENGTH = {"quad": 0, ",": 1, "softline": 2, "newline": 3, "prose": 4, "row": 5, ";": 6}
_REMARKS = re.compile(r"since|because|w\.?r\.?t|respect|for ?(all|each|every|any)", re.IGNORECASE)

_OVER = re.compile(r"for\b", re.IGNORECASE)
_SUCH_THAT = re.compile(r"such that|s\.\s?t\.", re.IGNORECASE)


@dataclass
class Piece:
    """Tokens between two separators.

    relation   it has a relation behind a left side of its own
    wide       wide space stands before it, whatever separates it
    """

    separator: Token | None
    tokens: list[Token] = field(default_factory=list)
    relation: bool = False
    wide: bool = False

    @property
    def how(self) -> str:
        return "" if self.separator is None else self.separator.text


def split(tokens: list[Token], aligned: bool) -> tuple[list[list[Token]], list[Diagnostic]]:
    """The tokens of each statement, without what separates them.

    ``aligned``: the text is laid out in rows, so that the end of a line alone ends nothing.
    """
    pairing = pair(tokens)
    found = [t.diagnostic for start, end in pairing.spoiled for t in tokens[start:end] if isinstance(t, BadToken)]
    statements: list[list[Token]] = []
    start = 0
    for spoiled_start, spoiled_end in [*pairing.spoiled, (len(tokens), len(tokens))]:
        good = list(range(start, max(start, spoiled_start)))
        statements += _join(_pieces(tokens, pairing.partner, good), aligned)
        start = max(start, spoiled_end)
    return [each for each in map(_trim, statements) if each], [*found, *pairing.diagnostics]


def _pieces(tokens: list[Token], partner: list[int], places: list[int]) -> list[Piece]:
    pieces = [Piece(None)]
    if not places:
        return pieces
    i, stop = places[0], places[-1] + 1
    bars = 0
    while i < stop:
        token, piece = tokens[i], pieces[-1]
        end = i + 1
        if token.kind == "open" and piece.tokens and _holds_a_statement(tokens, partner, i):
            pieces += [Piece(token.copy("break", "row")), Piece(token.copy("break", "row"))]
            pieces[-2].tokens += tokens[i + 1 : partner[i]]
            pieces[-2].relation = True
            i = partner[i] + 1
            continue
        if token.kind == "open":
            end = partner[i] + 1
        elif token.text == "E" and token.kind == "name":
            end = max(end, binder_extent(tokens, partner, end, stop)[1])
        elif token.kind == "script":
            end = after_scripts(tokens, partner, i, stop)
        elif token.kind == "break" and bars > 0 and token.text in ("softline", "newline", "quad"):
            i += 1
            continue
        elif token.kind == "bar" and token.side:
            bars += {"L": 1, "R": -1}.get(token.side, 0)
        elif token.text == "prose" and (name := _stands_for_a_value(tokens, i, stop, piece)) is not None:
            piece.tokens.append(name)
            i += 1
            continue
        elif token.kind == "break" or token.is_op(";", ","):
            bars = 0
            pieces.append(Piece(token))
            i += 1
            continue
        elif token.kind == "name" and token.text in _PROSE_NAMES:
            pieces.append(Piece(token.copy("break", "prose")))
            i += 1
            continue
        elif token.text == "for" and token.kind == "name" and i + 1 < stop and tokens[i + 1].kind == "name":
            after = tokens[i + 1].text in _ALL
            pieces.append(Piece(token.copy("break", "prose")))
            pieces[-1].separator.side = "for all" if after else "for"  # type: ignore[union-attr]
            i += 1 + after
            continue
        elif (
            token.is_op(":") and _says_over_what(pieces) and not is_range_of_index([*piece.tokens, *tokens[i : i + 2]])
        ):
            pieces.append(Piece(token.copy("break", "row")))
            i += 1
            continue
        elif token.kind == "relation" and piece.tokens:
            piece.relation = True
        piece.tokens += _inside(tokens[i:end]) if token.text == "\\{" else _unbroken(tokens[i:end])
        i = end
    return pieces


def _says_over_what(pieces: list[Piece]) -> bool:
    """Whether words like ``for`` begin what stands in front of a colon: ``\\forall t: z_t = f(z_{t-1})``."""
    for piece in reversed(pieces):
        if piece.how == "prose" and piece.separator is not None:
            return _OVER.match(piece.separator.side) is not None
        if piece.how not in (",", "quad"):
            return False
    return False


def _unbroken(tokens: list[Token]) -> list[Token]:
    return [t for t in tokens if t.kind != "break"]


def _inside(tokens: list[Token]) -> list[Token]:
    """The tokens of a set, words like ``such that`` as the bar that they are read as."""
    return _unbroken([t.copy("bar", "|") if t.text == "prose" and _SUCH_THAT.match(t.side) else t for t in tokens])


def _holds_a_statement(tokens: list[Token], partner: list[int], i: int) -> bool:
    """``\\epsilon \\; (\\epsilon \\sim \\mathcal{N}(0, I))``: a bracket set apart in which something is drawn."""
    opener, close = tokens[i], partner[i]
    before = opener.source.text[max(0, opener.start - 1) : opener.start]
    if opener.text != "(" or not (before.isspace() or before in ";,:!"):
        return False
    return any(tokens[n].is_op("~") for n in directly_inside(tokens, partner, i + 1, close))


def _is_remark(piece: Piece) -> bool:
    """What only comments: a name behind words (``where \\beta``), what stands behind ``since`` or ``for all``."""
    if piece.how != "prose" or piece.separator is None:
        return False
    words = piece.separator.side
    return is_one_name(piece.tokens) or _REMARKS.search(words) is not None


def _stands_for_a_value(tokens: list[Token], i: int, stop: int, piece: Piece) -> Token | None:
    """Words where an operand must stand and nothing else does, as a name: ``… + \\text{other terms}``."""
    after = tokens[i + 1] if i + 1 < stop else None
    goes_on = after is not None and after.kind in ("operator", "relation") and not after.is_op(",", ";", ".", ":")
    if piece.tokens:
        ends = goes_on or after is None or after.kind in ("break", "operator", "close")
        return words_as_name(tokens[i]) if ends and hungry(piece.tokens) else None
    return words_as_name(tokens[i]) if goes_on else None


def _join(pieces: list[Piece], aligned: bool) -> list[list[Token]]:
    """The statements that these pieces are. What prose adds in a row, ``\\text{; let } c = d``, the next row leaves."""
    statements: list[Piece] = []
    last = led = Piece(None)
    remark = False
    for piece in _with_lists(_without_empty(pieces)):
        remark = _is_remark(piece) or (remark and piece.how == "," and not piece.relation and not piece.wide)
        if remark:
            continue
        if statements and not _begins(piece, last, aligned):
            last = led if piece.how == "row" else last
            if piece.how == "," and piece.separator is not None:
                last.tokens.append(piece.separator)
            last.tokens += piece.tokens
            last.relation |= piece.relation
        else:
            last = Piece(None, list(piece.tokens), piece.relation)
            led = led if statements and piece.how == "prose" else last
            statements.append(last)
    ranges = [len(statements) > 1 and is_range_of_index(each.tokens) for each in statements]
    return [each.tokens for each, remark in zip(statements, ranges, strict=True) if not remark]


def _with_lists(pieces: list[Piece]) -> list[Piece]:
    """The pieces, a list that wide space sets apart as one with what it equals: ``x = y, \\quad a, b = f(x)``."""
    out: list[Piece] = []
    for piece in pieces:
        last = out[-1] if out else None
        listed = last is not None and last.wide and not last.relation and last.tokens[0].kind == "name"
        if last is not None and listed and piece.how == "," and not piece.wide and piece.separator is not None:
            last.tokens += [piece.separator, *piece.tokens]
            last.relation = piece.relation
        else:
            out.append(piece)
    return out


def _without_empty(pieces: list[Piece]) -> list[Piece]:
    """Pieces with tokens; of several separators in a row the strongest counts."""
    kept: list[Piece] = []
    pending: Token | None = None
    wide = False
    for piece in pieces:
        wide |= piece.how == "quad"
        if pending is None or _STRENGTH[pending.text] < _STRENGTH.get(piece.how, -1):
            pending = piece.separator
        if piece.tokens:
            kept.append(Piece(pending, piece.tokens, piece.relation, wide))
            pending, wide = None, False
    return kept


def _begins(piece: Piece, last: Piece, aligned: bool) -> bool:
    """Whether a piece begins a statement of its own."""
    first = piece.tokens[0]
    if piece.how == ";":
        return True
    if (
        piece.how in ("softline", "newline", "row")
        and last.relation
        and not hungry(last.tokens)
        and _names_negated(piece)
    ):
        return True
    if first.text in _CONTINUES and first.kind in ("operator", "script") or first.kind == "relation":
        return False
    if piece.how == ",":
        value = len(last.tokens) > 1 and any(each.text in _OBJECTIVES for each in last.tokens)
        if _optimises(piece):
            return value
        return piece.relation and (last.relation or piece.wide or _optimises(last) or value)
    if hungry(last.tokens):
        return False
    if piece.how == "prose":
        return True
    if piece.how == "quad" or (piece.how == "softline" and aligned):
        return piece.relation or _labelled(piece)
    if piece.how == "softline":
        return piece.relation or _labelled(piece) or any(each.text in _OBJECTIVES for each in piece.tokens)
    return True


def _names_negated(piece: Piece) -> bool:
    """``-\\mathcal{L}(x, y) = …``: a name with a minus, applied to names, and what it is."""
    tokens = piece.tokens
    if len(tokens) < 4 or not tokens[0].is_op("-") or tokens[1].kind != "name":
        return False
    equal = next((i for i, each in enumerate(tokens) if each.kind == "relation"), None)
    if equal is None or tokens[equal].text not in ("=", ":="):
        return False
    opener = next((i for i in range(2, equal) if tokens[i].text == "("), None)
    if opener is None:
        return tokens[1].style == "cal" and is_one_name(tokens[1:equal])
    inside = tokens[opener + 1 : equal - 1]
    plain = all(each.kind in ("name", "script", "number") or each.is_op(",", ";") for each in inside)
    return tokens[equal - 1].text == ")" and plain and is_one_name(tokens[1:opener])


def _optimises(piece: Piece) -> bool:
    return piece.tokens[0].text in OPTIMISERS


def _labelled(piece: Piece) -> bool:
    return any(token.is_op(":") for token in piece.tokens[1:3])


def _trim(tokens: list[Token]) -> list[Token]:
    """A statement without the punctuation around it, and without the relation a fragment begins with."""
    start, end = 0, len(tokens)
    while end > start and tokens[end - 1].is_op(".", ",", ";", "dot"):
        end -= 1
    while start < end and tokens[start].is_op(".", ",", ":", "=", ":=", "~=", "propto"):
        start += 1
    return tokens[start:end]
