"""From scanned tokens to tokens that mean something: layout is dropped, names get their accents and fonts.

After this stage the three spellings no longer differ: ``\\left``, ``&``, ``\\mathbf``, ``{\\rm KL}`` are gone,
``\\hat{x}`` is one name with an accent, ``\\operatorname{arg\\,max}`` is ``argmax``, ``\\text{KL}`` a name,
``\\underset{a}{b}`` is ``b_{a}``, and in LaTeX a run of letters has become a product of one-letter names.
"""

from __future__ import annotations

from formula2dgm.syntax.annotations import open_braces
from formula2dgm.syntax.bound_slips import with_upper_bounds
from formula2dgm.syntax.commands import read_command
from formula2dgm.syntax.groups import drop_grouping, without_empty_powers
from formula2dgm.syntax.infix import fractions
from formula2dgm.syntax.remarks import without_remarks, without_tags
from formula2dgm.syntax.tokens import BadToken, Token
from formula2dgm.syntax.vocabulary import BIG_OPERATORS, OPTIMISERS, SIZING_SIDE
from formula2dgm.syntax.walk import NEXT_CELL, NEXT_ROW, Walk
from formula2dgm.syntax.words import (
    condition_in_words,
    declared_words,
    is_spelled_out,
    plain_word,
    prose_or_word,
    run_of_letters,
    starts_with_function,
    words_in_script,
)

MAX_PROSE = 200


def tidy(tokens: list[Token], latex: bool, names: frozenset[str] = frozenset()) -> list[Token]:
    """The tokens of a text without their layout. ``names``: runs of letters that are names elsewhere in the model.

    >>> from formula2dgm.spans import Source
    >>> from formula2dgm.syntax.scanner import scan
    >>> tidy(scan(Source(r"\\left[\\hat{x}\\,\\mathrm{KL}\\right]")), latex=True)
    [open:[, name:x, name:KL, close:]]
    """
    declared = declared_words(tokens) | names if latex else frozenset()
    for token in tokens if declared else ():
        token.word = token.word or (token.kind == "name" and token.text in declared)
    tokens = fractions(without_tags(tokens)) if latex else tokens
    words = without_empty_powers(_join_words(Walk(tokens, latex, _item).run()))
    return open_braces(drop_grouping(with_upper_bounds(without_remarks(words)))) if latex else words


def _item(walk: Walk, token: Token) -> None:
    """Write what one token is without its layout."""
    if token.kind == "command":
        read_command(walk, token)
    elif token.kind == "name":
        walk.out += _name(walk, token)
    elif token.kind == "text":
        _text(walk, token)
    elif token.kind == "dots" and token.written == "..":
        _run(walk, token)
    elif token.kind in ("align", "break") and walk.tables[-1]:
        _cell(walk, token)
    elif token.kind == "break" and token.text == "row" and walk.scripts[-1]:
        _next_item(walk, token)
    elif token.kind == "bar":
        _bar(walk, token)
    elif token.kind == "relation" and token.text == "not":
        _negated(walk)
    elif token.kind == "tilde":
        _tilde(walk, token)
    elif token.kind == "align" and walk.i > 1 and walk.tokens[walk.i - 2].kind == "align":
        walk.out.append(token.copy("break", "quad"))  # an empty column is wide space
    elif token.kind == "parameter":
        walk.out.append(BadToken(token, "F2D-0101", f"unexpected '#{token.text}' outside a macro"))
    elif token.kind != "align":
        walk.bracket(token)
        walk.out.append(token)
        if walk.latex and token.text == "{" and walk.scripts[-1]:
            _words(walk)


def _name(walk: Walk, token: Token) -> list[Token]:
    """The names that a run of letters is, or the operator that a word of the plain-text language is."""
    mark = walk.after_mark()
    after = walk.next()
    plain = not walk.latex or (token.text == "in" and token.is_spaced)  # no one sets a product "i n" like this
    meant = None if not plain else plain_word(token, mark, after is not None and after.kind == "script")
    spelled = walk.latex and not walk.scripts[-1] and not mark and is_spelled_out(token.text, after)
    token.word = token.word or walk.words[-1] or (spelled and not starts_with_function(token.text))
    return [meant] if meant is not None else run_of_letters(token, walk.latex, walk.scripts[-1] or mark, mark)


def _run(walk: Walk, token: Token) -> None:
    """``1..T``: a range in a script, a list elsewhere."""
    if walk.scripts[-1] or (len(walk.out) > 1 and walk.out[-2].is_op("_", "^")):
        walk.out.append(token.copy("operator", ":"))
    else:
        walk.out += [token.copy("operator", ","), token.copy(text="..."), token.copy("operator", ",")]


def _words(walk: Walk) -> None:
    """Replace the words of the subscript that opens here by one."""
    end = walk.i
    while end < len(walk.tokens) and walk.tokens[end].kind in ("name", "command"):
        end += 1
    if end < len(walk.tokens) and walk.tokens[end].text == "}":
        label = words_in_script(walk.tokens[walk.i : end])
        if label is not None:
            walk.out.append(label)
            walk.i = end


def _negated(walk: Walk) -> None:
    """``\\not\\in``, ``\\not=``."""
    relation = walk.next()
    opposite = {"in": "notin", "=": "!="}.get(relation.text) if relation is not None else None
    if relation is not None and opposite is not None:
        walk.out.append(relation.copy("relation", opposite))
        walk.i += 1


def _next_item(walk: Walk, token: Token) -> None:
    """A new row of a subscript is a new item of its list."""
    if walk.out and walk.out[-1].kind != "open" and not walk.out[-1].is_op(",", ";"):
        walk.out.append(token.copy("operator", ","))


def _cell(walk: Walk, token: Token) -> None:
    """The ends of cells and rows; a row without anything in it is none."""
    if token.kind == "align":
        walk.out.append(token.copy("operator", NEXT_CELL))
    elif token.text == "row" and walk.out[-1].kind != "open" and not walk.out[-1].is_op(NEXT_ROW):
        walk.out.append(token.copy("operator", NEXT_ROW))


def _text(walk: Walk, token: Token) -> None:
    """``\\text{…}``: a name, a condition in words, or prose; a bracket opened in prose closes in prose."""
    after = walk.next()
    if after is not None and after.is_op(":") and " " in token.text.strip() and not walk.scripts[-1]:
        token = token.copy(text=token.text + ":")
        walk.i += 1
    if walk.tables[-1] == "cases":
        walk.out += condition_in_words(token)
        return
    if token.text.count("(") > token.text.count(")"):
        _skip_parenthesis(walk)
    else:
        words = prose_or_word(token, walk.scripts[-1] or walk.after_mark())
        if not _continues_a_word(walk, token, words):
            walk.out += words


def _continues_a_word(walk: Walk, token: Token, words: list[Token]) -> bool:
    """In a script words side by side are one, and a hyphen joins: ``_{\\text{a}\\text{b}}``, ``\\beta\\text{-VAE}``.

    Joins them, if they are.
    """
    last, before = walk.out[-1] if walk.out else None, walk.tokens[walk.i - 2] if walk.i > 1 else None
    if not walk.scripts[-1] or last is None or before is None or last.kind != "name" or len(words) != 1:
        return False
    side_by_side = before.kind == "text" and not (before.text.endswith(" ") or token.text.startswith(" "))
    if not (side_by_side or token.text.startswith("-") or (before.kind == "text" and before.text.endswith("-"))):
        return False
    joined = last.copy(text=last.text + words[0].text)
    joined.end, joined.word = token.end, True
    walk.out[-1] = joined
    return True


def _skip_parenthesis(walk: Walk) -> None:
    """Go on behind the ``)`` that closes a bracket opened in prose, if it comes before the group ends."""
    depth = 0
    for n in range(walk.i, min(len(walk.tokens), walk.i + MAX_PROSE)):
        token = walk.tokens[n]
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0 and token.text == ")" or (depth == 0 and token.kind == "text" and ")" in token.text):
            walk.i = n + 1
            return
        if depth < 0 or (token.kind == "break" and token.text == "row"):
            return


def _bar(walk: Walk, token: Token) -> None:
    """``\\vert\\vert`` is one double bar; ``\\left|`` opens whatever bar it is."""
    last = walk.out[-1] if walk.out else None
    command = walk.side == "" and token.written.startswith("\\") and token.text == "|"
    if command and last is not None and last.kind == "bar" and last.text == "|" and last.written == token.written:
        walk.out[-1] = Token(token.source, "bar", "||", last.start, token.end, last.side)
        return
    if walk.side:
        token = token.copy()
        token.side = walk.side
    walk.out.append(token)


def _tilde(walk: Walk, token: Token) -> None:
    """A ``~`` is a space in LaTeX, but ``E_{z ~ q}`` and ``z ~ N(0, I)`` are written all the same."""
    last = walk.out[-1] if walk.out else None
    after = walk.next()
    if last is None or after is None or after.kind not in ("name", "command") or after.text in SIZING_SIDE:
        return
    aligned = walk.i >= 2 and walk.tokens[walk.i - 2].kind == "align"
    if last.kind not in ("name", "number", "close") or aligned:
        return
    if walk.scripts[-1] or (len(walk.scripts) == 1 and _is_left_side(walk)):
        walk.out.append(token.copy("relation"))


def _is_left_side(walk: Walk) -> bool:
    """Whether all that is read so far in this line is one short name with its scripts."""
    row: list[Token] = []
    for token in reversed(walk.out[-9:]):
        if token.kind == "break":
            break
        row.insert(0, token)
    if not row or len(row) > 8 or row[0].kind != "name" or row[0].text in OPTIMISERS | BIG_OPERATORS:
        return False
    return len(row) == 1 or row[1].kind == "script"


def _join_words(tokens: list[Token]) -> list[Token]:
    """``arg max`` and ``\\arg\\min`` are one word."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        if token.kind == "name" and last is not None and last.kind == "name" and last.text == "arg" \
                and token.text in ("min", "max", "inf", "sup"):  # fmt: skip
            out[-1] = last.copy(text="arg" + {"inf": "min", "sup": "max"}.get(token.text, token.text))
            out[-1].end = token.end
        else:
            out.append(token)
    return out
