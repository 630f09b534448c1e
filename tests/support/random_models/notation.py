"""One formula in several spellings: plain ASCII, Unicode and LaTeX, chosen once for a model."""

from __future__ import annotations

import random
from collections.abc import Sequence

STYLES = ("plain", "unicode", "latex")

#: Names that have a letter of their own in each style.
GREEK = {
    "beta": "β", "lambda": "λ", "epsilon": "ε", "theta": "θ", "phi": "φ", "pi": "π", "mu": "μ", "sigma": "σ",
    "tau": "τ", "alpha": "α", "chi": "χ",
}  # fmt: skip


class Notation:
    """Writes mathematics in one style. Which of several spellings of one thing is drawn by a random stream of its own,
    so that the same model can be written in another style."""

    def __init__(self, style: str, seed: int):
        self.style = style
        self.random = random.Random(f"{style} {seed}")

    @property
    def latex(self) -> bool:
        return self.style == "latex"

    def _one(self, *spellings: str) -> str:
        return self.random.choice(spellings)

    def name(self, name: str) -> str:
        """A Greek letter by its name, anything else as it is."""
        if name not in GREEK:
            return name
        return {"plain": name, "unicode": GREEK[name], "latex": "\\" + name}[self.style]

    # -- densities, expectations, functionals ----------------------------------------------------------

    def density(self, letter: str, over: str | Sequence[str], given: str | Sequence[str] = ()) -> str:
        """``p(x|z, y)``."""
        over, given = ([each] if isinstance(each, str) else list(each) for each in (over, given))
        bar = r" \mid " if self.latex and self.random.random() < 0.5 else "|"
        return f"{letter}({self._list(over)}{bar if given else ''}{self._list(given)})"

    def _list(self, names: Sequence[str]) -> str:
        return self._one(",", ", ").join(names)

    def log(self, text: str) -> str:
        return f"\\log {text}" if self.latex else f"log {text}"

    def expectation(self, draws: Sequence[str], body: str) -> str:
        """``E_{q(z|x) q(u|z)}[body]``, parents first; sometimes a bracket for each draw."""
        expect = {"plain": ("E",), "unicode": ("𝔼", "E"), "latex": (r"\mathbb{E}", "E", r"\mathop{\mathbb{E}}")}
        sign = self._one(*expect[self.style])
        if len(draws) > 1 and self.random.random() < 0.4:
            return self.expectation(draws[:1], self.expectation(draws[1:], body))
        densities = all("(" in each and "~" not in each and r"\sim" not in each for each in draws)
        between = self._one(", ", " ") if densities else ", "
        opened, closed = self._brackets()
        return f"{sign}_{{{between.join(draws)}}}{opened}{body}{closed}"

    def drawn(self, variable: str, law: str) -> str:
        """``z ~ q(z|x)``."""
        return f"{variable} {self.sim} {law}"

    @property
    def sim(self) -> str:
        return r"\sim" if self.latex else "~"

    def _brackets(self) -> tuple[str, str]:
        if not self.latex:
            return "[", "]"
        pairs = (("[", "]"), (r"\left[", r"\right]"), (r"\big[", r"\big]"), (r"\Bigl[", r"\Bigr]"))
        return self.random.choice(pairs)

    def divergence(self, left: str, right: str, name: str = "KL") -> str:
        """``KL[q || p]``."""
        if self.style == "plain":
            return f"{name}[{left} || {right}]"
        if self.style == "unicode":
            return f"{name}[{left} ‖ {right}]"
        sign = self._one(rf"D_{{\mathrm{{{name}}}}}", rf"\mathrm{{{name}}}", f"D_{{{name}}}")
        bars = self._one(r"\|", r"\,\|\,", r"\parallel")
        opened = self._one("[", "(")
        closed = {"[": "]", "(": ")"}[opened]
        if self.random.random() < 0.5:
            opened, closed = rf"\left{opened}", rf"\right{closed}"
        return f"{sign}{opened}{left} {bars} {right}{closed}"

    def entropy(self, density: str) -> str:
        sign = self._one("H", r"\mathcal{H}", r"\mathbb{H}") if self.latex else "H"
        return f"{sign}[{density}]"

    def stopped(self, text: str) -> str:
        sign = self._one(r"\mathrm{sg}", r"\operatorname{sg}") if self.latex else "sg"
        return f"{sign}[{text}]"

    # -- arithmetic ------------------------------------------------------------------------------------

    def squared_norm(self, text: str) -> str:
        if self.latex:
            return self._one(rf"\|{text}\|^2", rf"\lVert {text} \rVert^2", rf"\left\| {text} \right\|_2^2")
        return f"‖{text}‖²" if self.style == "unicode" else f"||{text}||^2"

    def absolute(self, text: str) -> str:
        bars = "|" not in text and "‖" not in text
        return rf"\left| {text} \right|" if self.latex else f"|{text}|" if bars else f"abs({text})"

    def times(self, left: str, right: str) -> str:
        sign = {"plain": ("*",), "unicode": ("·", "*"), "latex": (r"\cdot", r"\,")}[self.style]
        return f"{left} {self._one(*sign)} {right}"

    def fraction(self, top: str, bottom: str) -> str:
        if self.latex:
            return self._one(r"\frac", r"\tfrac", r"\dfrac") + f"{{{top}}}{{{bottom}}}"
        return f"{self._grouped(top)}/{self._grouped(bottom)}"

    def _grouped(self, text: str) -> str:
        return text if text.isalnum() or text in GREEK.values() else f"({text})"

    def ratio(self, top: str, bottom: str) -> str:
        """Of products of densities, as texts write it without parentheses around the top."""
        if self.latex:
            return rf"\frac{{{top}}}{{{bottom}}}"
        return f"{top}/{bottom}" if bottom.count("(") == 1 else f"{top}/({bottom})"

    def root(self, text: str) -> str:
        return rf"\sqrt{{{text}}}" if self.latex else f"sqrt({text})"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}" if len(exponent) == 1 else f"{base}^{{{exponent}}}"

    def function(self, name: str, text: str) -> str:
        """``exp(...)`` and the like."""
        return (
            f"\\{name}({text})"
            if self.latex and name in ("exp", "log", "tanh", "max", "min", "sin", "cos", "arctan")
            else f"{name}({text})"
        )

    def sum(self, index: str, start: str, end: str, body: str) -> str:
        sign = {"plain": "sum", "unicode": "∑", "latex": r"\sum"}[self.style]
        return f"{sign}_{{{index}={start}}}^{_grouped_index(end)} {body}"

    def mean(self, index: str, end: str, body: str) -> str:
        """``1/K sum_{k=1}^K body``."""
        return f"{self.fraction('1', end)} {self.sum(index, '1', end, body)}"

    def optimum(self, which: str, names: str) -> str:
        sign = f"\\{which}" if self.latex else which
        return f"{sign}_{_grouped_index(names)}"

    def normal(self, variable: str, loc: str, var: str) -> str:
        """``N(x; loc, var)``."""
        sign = self._one(r"\mathcal{N}", "N") if self.latex else "N"
        return f"{sign}({variable}; {loc}, {var})"

    def element(self, variable: str, space: str, size: int) -> str:
        """``z \\in \\mathbb{R}^2``; a space is "R" or "{0,1}"."""
        if self.latex:
            space = {"R": r"\mathbb{R}", "{0,1}": r"\{0,1\}"}[space]
            return rf"{variable} \in {space}^{{{size}}}"
        space = {"R": "ℝ", "{0,1}": "{0,1}"}[space]
        return f"{variable} ∈ {space}^{size}"


def _grouped_index(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"
