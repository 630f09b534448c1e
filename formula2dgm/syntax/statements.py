"""Where one statement ends and the next begins.

Lines, rows (``\\\\``), ``;``, wide spaces, commas and prose (``\\text{where}``) may all separate statements, and
all but ``;`` may stand inside one. A piece begins a statement of its own where it can: the piece before is
complete, and it starts neither with an operator nor with a relation; behind a weak separator it also needs a
relation with a left side of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.syntax.brackets import pair
from formula2dgm.syntax.extents import after_scripts, binder_extent
from formula2dgm.syntax.tokens import Token
from formula2dgm.syntax.vocabulary import BIG_OPERATORS, DIVERGENCES, FUNCTIONS, OPTIMISERS

_CONTINUES = frozenset({"+", "-", "*", "/", "dot", "times", "odot", "circ", "_", "^"})
_OBJECTIVES = frozenset({"E", "log", *DIVERGENCES, *OPTIMISERS})
_PROSE_NAMES = frozenset({"where", "with"})
# From the weakest to the strongest separator.
_STRENGTH = {"quad": 0, ",": 1, "softline": 2, "newline": 3, "prose": 4, "row": 5, ";": 6}


@dataclass
class Piece:
    """Tokens between two separators; ``relation``: it has a relation behind a left side of its own."""

    separator: Token | None
    tokens: list[Token] = field(default_factory=list)
    relation: bool = False

    @property
    def how(self) -> str:
        return "" if self.separator is None else self.separator.text


def split(tokens: list[Token], aligned: bool) -> tuple[list[list[Token]], list[Diagnostic]]:
    """The tokens of each statement, without what separates them.

    ``aligned``: the text is laid out in rows, so that the end of a line alone ends nothing.
    """
    pairing = pair(tokens)
    statements: list[list[Token]] = []
    start = 0
    for spoiled_start, spoiled_end in [*pairing.spoiled, (len(tokens), len(tokens))]:
        good = list(range(start, max(start, spoiled_start)))
        statements += _join(_pieces(tokens, pairing.partner, good), aligned)
        start = max(start, spoiled_end)
    return [each for each in map(_trim, statements) if each], pairing.diagnostics


def _pieces(tokens: list[Token], partner: list[int], places: list[int]) -> list[Piece]:
    pieces = [Piece(None)]
    if not places:
        return pieces
    i, stop = places[0], places[-1] + 1
    bars = 0
    while i < stop:
        token, piece = tokens[i], pieces[-1]
        end = i + 1
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
        elif token.kind == "break" or token.is_op(";", ","):
            bars = 0
            pieces.append(Piece(token))
            i += 1
            continue
        elif token.kind == "name" and token.text in _PROSE_NAMES:
            pieces.append(Piece(token.copy("break", "prose")))
            i += 1
            continue
        elif token.kind == "relation" and piece.tokens:
            piece.relation = True
        piece.tokens += [t for t in tokens[i:end] if t.kind != "break"]
        i = end
    return pieces


def _join(pieces: list[Piece], aligned: bool) -> list[list[Token]]:
    statements: list[Piece] = []
    for piece in _without_empty(pieces):
        if statements and not _begins(piece, statements[-1], aligned):
            last = statements[-1]
            if piece.how == "," and piece.separator is not None:
                last.tokens.append(piece.separator)
            last.tokens += piece.tokens
            last.relation |= piece.relation
        else:
            statements.append(Piece(None, list(piece.tokens), piece.relation))
    return [each.tokens for each in statements]


def _without_empty(pieces: list[Piece]) -> list[Piece]:
    """Pieces with tokens; of several separators in a row the strongest counts."""
    kept: list[Piece] = []
    pending: Token | None = None
    for piece in pieces:
        if pending is None or _STRENGTH[pending.text] < _STRENGTH.get(piece.how, -1):
            pending = piece.separator
        if piece.tokens:
            kept.append(Piece(pending, piece.tokens, piece.relation))
            pending = None
    return kept


def _begins(piece: Piece, last: Piece, aligned: bool) -> bool:
    """Whether a piece begins a statement of its own."""
    first = piece.tokens[0]
    if piece.how == ";":
        return True
    if first.text in _CONTINUES and first.kind in ("operator", "script") or first.kind == "relation":
        return False
    if piece.how == ",":
        return piece.relation and (last.relation or _optimises(last))
    if hungry(last.tokens):
        return False
    if piece.how == "prose":
        return True
    if piece.how == "quad" or (piece.how == "softline" and aligned):
        return piece.relation or _labelled(piece)
    if piece.how == "softline":
        return piece.relation or _labelled(piece) or any(each.text in _OBJECTIVES for each in piece.tokens)
    return True


def _optimises(piece: Piece) -> bool:
    return piece.tokens[0].text in OPTIMISERS


def _labelled(piece: Piece) -> bool:
    return any(token.is_op(":") for token in piece.tokens[1:3])


def hungry(tokens: list[Token]) -> bool:
    """Whether these tokens wait for more: they end in an operator or in one that has no body yet."""
    i = len(tokens) - 1
    last = tokens[i]
    if last.kind in ("relation", "script") or (last.kind == "operator" and last.text not in (".", "!")):
        return True
    while i >= 0:
        if tokens[i].kind == "close":
            depth = 0
            while i >= 0:
                depth += (tokens[i].kind == "close") - (tokens[i].kind == "open")
                if depth == 0:
                    break
                i -= 1
        if i >= 1 and tokens[i - 1].kind == "script":
            i -= 2
        else:
            break
    operator = tokens[i]
    if operator.kind == "name" and operator.text == "E":
        return i < len(tokens) - 1 or operator.style == "bb"
    return operator.kind in ("name", "command") and operator.text in OPTIMISERS | BIG_OPERATORS | FUNCTIONS.keys()


def _trim(tokens: list[Token]) -> list[Token]:
    """A statement without the punctuation around it, and without the relation a fragment begins with."""
    start, end = 0, len(tokens)
    while end > start and tokens[end - 1].is_op(".", ",", ";"):
        end -= 1
    while start < end and tokens[start].is_op(".", ",", "="):
        start += 1
    return tokens[start:end]
