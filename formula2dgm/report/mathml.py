"""The canonical LaTeX of a formula as MathML, which browsers set without any script.

This reads what :mod:`formula2dgm.syntax.printer_latex` writes, and no other LaTeX: each command below is one of its.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

_TOKEN = re.compile(r"\\text\{[^{}]*\}|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|[^\s]")
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ",
    "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
    "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "infty": "∞", "hbar": "ℏ", "imath": "ı", "jmath": "ȷ", "aleph": "ℵ",
    "perp": "⊥", "bot": "⊥", "emptyset": "∅", "varnothing": "∅", "Re": "ℜ", "Im": "ℑ",
}  # fmt: skip
_OPERATORS = {
    "mid": "|", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "propto": "∝", "in": "∈", "sim": "∼", "to": "→",
    "coloneqq": "≔", "succ": "≻", "prec": "≺", "notin": "∉", "subset": "⊂", "cdot": "⋅", "times": "×", "odot": "⊙",
    "circ": "∘", "oplus": "⊕", "otimes": "⊗", "ominus": "⊖", "wedge": "∧", "vee": "∨", "cup": "∪", "cap": "∩",
    "setminus": "∖", "dots": "…", "nabla": "∇", "partial": "∂", "top": "⊤", "dagger": "†", "star": "⋆", "|": "‖",
    "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "{": "{", "}": "}", "_": "_", "%": "%", "&": "&", "#": "#",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏", "int": "∫"}
_ACCENTS = {
    "hat": "^", "tilde": "~", "bar": "¯", "vec": "→", "dot": "˙", "ddot": "¨", "check": "ˇ", "breve": "˘",
    "overline": "¯", "underline": "_", "widehat": "^", "widetilde": "~", "mathring": "˚",
}  # fmt: skip
_ALPHABETS = {"mathcal": (0x1D49C, 0x1D4B6), "mathbb": (0x1D538, 0x1D552)}
_HOLES = {
    "mathcal": {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ", "e": "ℯ", "g": "ℊ",
                "o": "ℴ"},
    "mathbb": {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"},
}  # fmt: skip
_FUNCTIONS = frozenset("log exp tanh det sin cos tan sinh cosh arctan max min inf sup arg".split())
_THIN = '<mspace width="0.17em"/>'
_UNDER = frozenset({"sum", "prod", "max", "min", "inf", "sup", "underbrace"})
_SPACES = {",": "0.17em", ";": "0.28em", ":": "0.22em", " ": "0.25em", "!": "-0.17em"}


def to_mathml(latex: str) -> str:
    """A displayed formula.

    >>> to_mathml(r"\\beta x^{2}")
    '<math display="block"><mrow><mi>β</mi><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    """
    return f'<math display="block">{_Reader(latex).row()}</math>'


@dataclass(slots=True)
class _Atom:
    """One thing that scripts are set on; ``under``: below and above it."""

    text: str
    under: bool = False


class _Reader:
    """Reads tokens into MathML."""

    def __init__(self, latex: str):
        self._tokens = _TOKEN.findall(latex)
        self._at = 0

    def row(self, end: str = "") -> str:
        """All up to the token ``end``, as one row."""
        atoms: list[str] = []
        while self._next() not in ("", end, "\\right"):
            atoms.append(self._scripted())
        return _row(atoms)

    # -- tokens --------------------------------------------------------------------------------------------

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._at += 1
        return token

    def _group(self) -> str:
        """What stands in braces, as one row; or the one token."""
        if self._next() != "{":
            return self._atom().text
        self._take()
        body = self.row("}")
        self._take()
        return body

    def _raw(self, opening: str = "{", closing: str = "}") -> str:
        """The letters in braces, as they are."""
        self._take()
        found: list[str] = []
        while self._next() not in ("", closing):
            found.append(self._take().removeprefix("\\"))
        self._take()
        return "".join(found)

    # -- atoms ---------------------------------------------------------------------------------------------

    def _scripted(self) -> str:
        """An atom with its scripts; a function's name with the space that follows it."""
        function = self._next()[1:] in _FUNCTIONS or self._next() == "\\operatorname"
        text = self._with_scripts()
        return text + _THIN if function and self._next() not in ("(", "\\left", "") else text

    def _with_scripts(self) -> str:
        atom = self._atom()
        scripts: dict[str, str] = {}
        primes = 0
        while self._next() in ("_", "^", "'"):
            sign = self._take()
            if sign == "'":
                primes += 1
            else:
                scripts[sign] = self._group()
        if primes:
            mark = f"<mo>{'′' * primes}</mo>"
            scripts["^"] = _row([mark, scripts["^"]]) if "^" in scripts else mark
        below, above = scripts.get("_"), scripts.get("^")
        kind = ("munder", "mover", "munderover") if atom.under else ("msub", "msup", "msubsup")
        if below is not None and above is not None:
            return f"<{kind[2]}>{atom.text}{below}{above}</{kind[2]}>"
        if below is not None:
            return f"<{kind[0]}>{atom.text}{below}</{kind[0]}>"
        return f"<{kind[1]}>{atom.text}{above}</{kind[1]}>" if above is not None else atom.text

    def _atom(self) -> _Atom:
        token = self._take()
        if token == "{":
            body = self.row("}")
            self._take()
            return _Atom(body)
        if token.startswith("\\") and len(token) > 1:
            return self._command(token[1:])
        if token.isalpha():
            return _Atom(f"<mi>{escape(token)}</mi>")
        if token[0].isdigit():
            return _Atom(f"<mn>{token}</mn>")
        return _Atom(_operator({"-": "−", "*": "∗"}.get(token, token)))

    def _command(self, name: str) -> _Atom:
        if name.startswith("text{"):
            return _Atom(f"<mtext>{escape(name[5:-1].replace(chr(92), ''))}</mtext>")
        if name in _GREEK:
            return _Atom(f"<mi>{_GREEK[name]}</mi>")
        if name in _BIG:
            return _Atom(f"<mo>{_BIG[name]}</mo>", name in _UNDER)
        if name in _OPERATORS:
            return _Atom(_operator(_OPERATORS[name]))
        if name in _ACCENTS:
            return _Atom(f'<mover accent="true">{self._group()}<mo>{_ACCENTS[name]}</mo></mover>')
        if name in _ALPHABETS:
            letters = self._raw()
            return _Atom(f"<mi>{''.join(_styled(name, each) for each in letters)}</mi>")
        if name in _SPACES:
            return _Atom(f'<mspace width="{_SPACES[name]}"/>')
        match name:
            case "mathrm":
                return _Atom(f'<mi mathvariant="normal">{escape(self._raw())}</mi>')
            case "operatorname":
                return _Atom(f"<mi>{escape(self._raw())}</mi>")
            case "class":
                named = escape(self._raw(), quote=True)
                return _Atom(f'<mrow class="piece" data-piece="{named}">{self._group()}</mrow>')
            case "frac":
                return _Atom(f"<mfrac>{self._group()}{self._group()}</mfrac>")
            case "sqrt":
                return _Atom(self._root())
            case "left":
                return _Atom(self._fenced())
            case "arg":
                return _Atom(f"<mi>arg {self._take().removeprefix(chr(92))}</mi>", True)
            case "underbrace":
                body = self._group()
                return _Atom(f'<munder>{body}<mo stretchy="true">⏟</mo></munder>', True)
            case "begin":
                return _Atom(self._table())
        return _Atom(f"<mi>{escape(name)}</mi>", name in _UNDER)

    def _root(self) -> str:
        if self._next() != "[":
            return f"<msqrt>{self._group()}</msqrt>"
        self._take()
        degree = self.row("]")
        self._take()
        return f"<mroot>{self._group()}{degree}</mroot>"

    def _fenced(self) -> str:
        """``\\left( ... \\right)``; a dot is no bracket."""
        opening = self._bracket()
        body = self.row("\\right")
        self._take()
        closing = self._bracket()
        return _row([opening, body, closing])

    def _bracket(self) -> str:
        sign = self._take()
        shown = _OPERATORS[sign[1:]] if sign.startswith("\\") else sign
        return "<mrow></mrow>" if sign == "." else f'<mo stretchy="true">{escape(shown)}</mo>'

    def _table(self) -> str:
        kind = self._raw()
        rows: list[list[list[str]]] = [[[]]]
        while self._next() not in ("", "\\end"):
            if self._next() == "&":
                self._take()
                rows[-1].append([])
            elif self._next() == "\\\\":
                self._take()
                rows.append([[]])
            else:
                rows[-1][-1].append(self._scripted())
        self._take()
        self._raw()
        cells = "".join("<mtr>" + "".join(f"<mtd>{_row(c)}</mtd>" for c in row) + "</mtr>" for row in rows)
        table = f"<mtable>{cells}</mtable>"
        if kind == "cases":
            return f'<mrow><mo stretchy="true">{{</mo>{table}</mrow>'
        return f'<mrow><mo stretchy="true">(</mo>{table}<mo stretchy="true">)</mo></mrow>'


def _row(atoms: list[str]) -> str:
    return atoms[0] if len(atoms) == 1 else f"<mrow>{''.join(atoms)}</mrow>"


def _operator(sign: str) -> str:
    if sign in "()[]{}|‖":
        return f'<mo stretchy="false">{escape(sign)}</mo>'
    return f"<mo>{escape(sign)}</mo>"


def _styled(style: str, letter: str) -> str:
    if (hole := _HOLES[style].get(letter)) is not None:
        return hole
    capital, small = _ALPHABETS[style]
    if not (letter.isascii() and letter.isalpha()):
        return escape(letter)
    return chr(capital + ord(letter) - ord("A")) if letter.isupper() else chr(small + ord(letter) - ord("a"))
