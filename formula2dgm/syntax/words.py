"""What a run of letters spells: one name, a product of letters, or prose between formulas."""

from __future__ import annotations

import re

from formula2dgm.syntax.tokens import Token
from formula2dgm.syntax.vocabulary import (
    ACCENT_WORDS,
    COMMON_LABELS,
    FOLDED,
    FUNCTIONS,
    GREEK,
    INDEX_LETTERS,
    INFINITIES,
    LATEX_WORDS,
    LETTERS_OF_STYLE,
    PRODUCT_WORDS,
    PROSE,
    RELATION_WORDS,
)

_DIGITS = re.compile(r"(.*?[A-Za-z])(\d+)")
_RUN = re.compile(r"[A-Za-z]\d*")
_STYLED = re.compile(r"(cal|bb)([A-Z])(\d*)")
_PLAIN_WORDS = (
    {word: ("operator", word) for word in PRODUCT_WORDS}
    | {word: ("relation", word) for word in RELATION_WORDS}
    | dict.fromkeys(INFINITIES, ("infinity", "inf"))
)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def plain_word(token: Token, behind_mark: bool, scripted: bool) -> Token | None:
    """What a word of the plain-text language means where it is no name: ``in``, ``odot``, ``infty``.

    With a script of its own (``scripted``) any word is a name, and as a subscript (``z_in``) most are.
    """
    if token.word or scripted or token.text not in _PLAIN_WORDS:
        return None
    kind, text = _PLAIN_WORDS[token.text]
    return None if behind_mark and kind != "infinity" else token.copy(kind, text)


_NAME_OF_LETTERS = re.compile(r"[A-Z]{2,}\d*|[A-Z][a-z]{2,}\d*|[abce-z][a-z]{2,}")
MAX_HEAD = 64


_VOWELS = frozenset("aeiouAEIOU")
_LABEL_COMMANDS = GREEK | FOLDED.keys() | FUNCTIONS.keys()


def is_spelled_out(letters: str, after: Token | None) -> bool:
    """Whether a run of plain letters in LaTeX is a word: ``encoder(x)``, ``loss``; no one multiplies so many letters.

    Four letters make a word, three in front of a bracket, if they can be spoken.
    """
    applied = after is not None and after.text == "("
    spoken = any(c in _VOWELS for c in letters) and any(c not in _VOWELS for c in letters)
    return letters.isalpha() and spoken and len(letters) >= (3 if applied else 4)


def starts_with_function(letters: str) -> bool:
    """``logp``, ``logD``: a function typed as letters, with what it is applied to."""
    return any(letters.startswith(each) and letters != each for each in ("log", "ln", "exp")) and len(letters) <= 5


def words_in_script(inside: list[Token]) -> Token | None:
    """Several words in a subscript as the one label that they are: ``h_{post fwd}``."""
    plain = [t for t in inside if t.kind == "name"]
    named = all(t.kind == "name" or (t.kind == "command" and t.text in _LABEL_COMMANDS) for t in inside)
    if len(inside) < 2 or not named or not any(len(t.text) >= 3 and not set(t.text) <= INDEX_LETTERS for t in plain):
        return None
    label = inside[0].copy("name", in_one_word([t.text for t in inside]))
    label.end, label.word = inside[-1].end, True
    return label


def declared_words(tokens: list[Token]) -> frozenset[str]:
    """The runs of letters that a text of LaTeX defines, ``CD_n = …``, ``Rec(x) = …``: a product cannot be defined."""
    found: set[str] = set()
    begins = True
    for i, token in enumerate(tokens):
        if begins and token.kind == "name" and _names_one(token.text) and _is_defined(tokens, i + 1):
            found.add(token.text)
        begins = token.kind in ("break", "align", "text") or token.is_op(",")
    return frozenset(found)


def _names_one(letters: str) -> bool:
    """Whether letters can be one name: no known word, no function with what it is applied to, no differential."""
    known = letters in LATEX_WORDS or starts_with_function(letters)
    return not known and _NAME_OF_LETTERS.fullmatch(letters) is not None


def _is_defined(tokens: list[Token], i: int) -> bool:
    """Whether scripts, at most one bracket and then a relation follow."""
    depth = 0
    for n in range(i, min(len(tokens), i + MAX_HEAD)):
        token = tokens[n]
        if depth == 0 and token.kind == "relation":
            return token.text in ("=", ":=", "~", "~=", "<=", ">=", "propto")
        if depth == 0 and token.kind not in ("script", "open", "align", "tilde"):
            if tokens[n - 1].kind != "script":
                return False
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            return False
    return False


def run_of_letters(token: Token, latex: bool, script: bool, behind_mark: bool = False) -> list[Token]:
    """The names that a run of letters spells, digits at their end as subscripts.

    ``script``: it stands in a sub- or superscript; ``behind_mark``: right behind ``_`` or ``^``, without braces.

    >>> from formula2dgm.spans import Source
    >>> run = Token(Source("logq"), "name", "logq", 0, 4)
    >>> run_of_letters(run, latex=True, script=False), run_of_letters(run, latex=False, script=False)
    ([name:log, name:q], [name:logq])
    """
    if token.style and len(token.text) == 1:
        return restyle([token], token.style)
    if not latex or token.word or len(token.text) == 1:
        return with_digits(token)
    names: list[Token] = []
    for piece in _split(token.text, script, behind_mark):
        start = token.start + sum(n.end - n.start for n in names) if token.written == token.text else token.start
        name = token.copy(text=piece)
        if token.written == token.text:
            name.start, name.end = start, start + len(piece)
        names.append(name)
    return [each for name in names for each in with_digits(name)]


def _split(run: str, script: bool, mark: bool) -> list[str]:
    """The names in a run of plain letters of LaTeX; behind a bare ``_`` (``mark``) only words that are known."""
    letters = run.rstrip("0123456789")
    if letters in LATEX_WORDS or letters in (COMMON_LABELS if script else ()):
        return [run]
    if (script and not mark and _is_label(letters)) or (mark and letters in ACCENT_WORDS) or _STYLED.fullmatch(run):
        return [run]
    if letters.startswith("log") and (4 <= len(letters) <= 6 or letters[3:] in LATEX_WORDS):
        return ["log", *([run[3:]] if letters[3:] in LATEX_WORDS else _RUN.findall(run[3:]))]
    return _RUN.findall(run)


def _is_label(letters: str) -> bool:
    """In a script, letters are a word (``data``, ``KL``) unless they are indices (``ij``)."""
    if set(letters) <= INDEX_LETTERS:
        return False
    return len(letters) >= 3 or (letters.isupper() and len(letters) == 2) or letters in ("od", "tr")


def with_digits(token: Token) -> list[Token]:
    """``z1`` is z with the subscript 1; ``calD`` is a calligraphic D; ``varphi`` is phi."""
    text = FOLDED.get(token.text, token.text)
    styled = _STYLED.fullmatch(text)
    found = _DIGITS.fullmatch(text)
    name = token.copy(text=text)
    if found is None and text == "EE":
        name.text, name.style = "E", "bb"
    if found is None:
        return restyle([token.copy(text=styled[2])], styled[1]) if styled else [name]
    width = len(found[2]) if token.written == token.text else 0
    cut = token.end - width
    name.text, name.end = found[1] if found[1] != "EE" else "E", cut
    mark, digits = token.copy("script", "_"), token.copy("number", found[2])
    mark.start = mark.end = digits.start = cut
    mark.side = "digits"
    names = restyle([name.copy(text=styled[2])], styled[1]) if styled else [name]
    return [*names, mark, digits]


def restyle(tokens: list[Token], style: str) -> list[Token]:
    """Set a letter in calligraphic or blackboard style, where that makes it another name."""
    first = tokens[0].text if tokens and (len(tokens) == 1 or tokens[1].kind == "script") else ""
    if len(first) != 1 or not (first.isupper() or (style, first) in LETTERS_OF_STYLE):
        return tokens
    token = tokens[0].copy("name")
    token.text, token.style = LETTERS_OF_STYLE.get((style, first), (first, style))
    return [token, *tokens[1:]]


def condition_in_words(token: Token) -> list[Token]:
    """``\\text{if training}`` in a row of cases: what is left of the words as one name; ``otherwise`` is none."""
    words = [word for word in _WORD.findall(token.text) if word.lower() not in PROSE]
    if not words:
        return []
    name = token.copy("name", in_one_word(words))
    name.word = True
    return [name]


def words_as_name(prose: Token) -> Token | None:
    """Prose as one name; None for words that only connect, and for what stands in brackets."""
    words = _WORD.findall(prose.side)
    if not words or words[0].lower() in PROSE or prose.side.startswith("("):
        return None
    name = prose.copy("name", in_one_word(words))
    name.word = True
    return name


def in_one_word(words: list[str]) -> str:
    """Several words as one name.

    >>> in_one_word(["variational", "lower", "bound"])
    'variationalLowerBound'
    """
    first, *rest = words
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def _punctuation(token: Token, text: str) -> list[Token]:
    """``\\text{, }`` is a comma; a ``;`` may begin a remark."""
    if text == ";":
        made = token.copy("break", "prose")
        made.side = text
        return [made]
    return [token.copy("operator", text)] if text in (",", ".", "-") else []


def prose_or_word(token: Token, script: bool) -> list[Token]:
    """What ``\\text{…}`` is: a name, a label, punctuation, or prose that ends a statement."""
    text = token.text.replace("$", "").strip()
    words = _WORD.findall(text)
    if script or (len(words) == 1 and words[0].lower() not in PROSE and not text.startswith("(")
                  and text[0].isalnum() and not text.endswith((":", ","))):  # fmt: skip
        label = "".join(words)
        if not label or not label[0].isalpha():
            return []
        name = token.copy("name", label)
        name.word = True
        names = with_digits(name)
        names[0].prose = text
        return names
    if not words:
        return _punctuation(token, text)
    made = token.copy("break", "row" if text.endswith(":") else "prose")
    made.side = text
    return [made]
