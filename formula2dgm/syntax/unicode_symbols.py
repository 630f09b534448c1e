"""Unicode characters and what they spell, as LaTeX that the scanner reads in their place."""

from __future__ import annotations

import unicodedata

_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΥΦΨΩΣϵϑϕϱςϖ",
        """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon
        phi chi psi omega Gamma Delta Theta Lambda Xi Pi Upsilon Phi Psi Omega Sigma epsilon theta phi rho sigma
        pi""".split(),
        strict=True,
    )
)
_SYMBOLS = {
    "∑": "sum", "∏": "prod", "∫": "int", "∇": "nabla", "∂": "partial", "∼": "sim", "≤": "le", "≥": "ge", "⩽": "le",
    "⩾": "ge", "≠": "ne", "∈": "in", "∉": "notin", "·": "cdot", "⋅": "cdot", "×": "times", "⊙": "odot", "∘": "circ",
    "∥": "Vert", "‖": "Vert", "∣": "mid", "∞": "infty", "→": "to", "←": "gets", "≈": "approx", "≃": "simeq",
    "∝": "propto", "≜": "triangleq", "≔": "coloneqq", "≡": "equiv", "…": "dots", "⋯": "cdots", "⟨": "langle",
    "⟩": "rangle", "⊤": "top", "ℓ": "ell", "√": "sqrt", "⋆": "star", "†": "dagger", "⊗": "otimes",
    "⊕": "oplus", "⊖": "ominus", "∪": "cup", "∩": "cap", "∖": "setminus", "⇒": "Rightarrow", "↦": "mapsto",
    "∗": "ast", "∀": "forall",
    "∙": "cdot", "•": "cdot", "÷": "div", "⊂": "subset", "⊆": "subseteq",
}  # fmt: skip
_PLAIN = {"½": "1/2", "⅓": "1/3", "¼": "1/4", "¾": "3/4", "⅔": "2/3",
          "−": "-", "–": "-", "′": "'", "’": "'", "″": "''", "≪": "<", "≫": ">", "＝": "=", "：": ":", "，": ",",
          "（": "(", "）": ")", "∕": "/", "∶": ":", "‚": ",", "\u2062": "", "\u200b": "", "\ufeff": ""}  # fmt: skip
COMBINING = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0305": "bar", "\u0307": "dot", "\u20d7": "vec"}


def command_of(char: str) -> str | None:
    """The LaTeX command that a character spells, without its backslash.

    >>> command_of("θ"), command_of("∑"), command_of("x")
    ('theta', 'sum', None)
    """
    return _GREEK.get(char) or _SYMBOLS.get(char)


def plain_of(char: str) -> str | None:
    """The plain character that an ornate one stands for."""
    return _PLAIN.get(char)


def script_of(char: str) -> tuple[str, str] | None:
    """``("^", "2")`` for a superscript two, ``("_", "t")`` for a subscript t."""
    how, *plain = unicodedata.decomposition(char).split()[:2] or [""]
    mark = {"<super>": "^", "<sub>": "_"}.get(how)
    if mark is None or not plain:
        return None
    return mark, chr(int(plain[0], 16)).replace("−", "-")


def letter_of(char: str) -> tuple[str, str] | None:
    """The plain letter and the font of a mathematical alphanumeric character.

    >>> letter_of("𝔼"), letter_of("𝐱"), letter_of("ℒ"), letter_of("x̂"[1])
    (('E', 'bb'), ('x', ''), ('L', 'cal'), None)
    """
    plain = unicodedata.normalize("NFKC", char)
    if plain == char or len(plain) != 1:
        return None
    name = unicodedata.name(char, "")
    style = "bb" if "DOUBLE-STRUCK" in name else "cal" if "SCRIPT" in name or "FRAKTUR" in name else ""
    return plain, style


def accented_of(char: str) -> tuple[str, str] | None:
    """The letter and the accent that one character is.

    >>> accented_of("ŷ"), accented_of("y"), accented_of("ç")
    (('y', 'hat'), None, None)
    """
    letter, accent = (*unicodedata.normalize("NFD", char), "", "")[:2]
    return (letter, COMBINING[accent]) if letter.isascii() and accent in COMBINING else None
