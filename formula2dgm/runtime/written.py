"""What every generated module in memory knows of its formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from formula2dgm.codegen import Generated
from formula2dgm.diagnostics import Diagnostic
from formula2dgm.ir.program import Program
from formula2dgm.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What a module knows of its formula; shared by its copies."""

    program: Program
    generated: Generated

    def __deepcopy__(self, memo: dict[int, Any]) -> Facts:
        return self


class Written:
    """The formula of a module, and the text that was written for it."""

    _facts: Facts

    @property
    def source(self) -> str:
        """The text of the module: what :meth:`save` writes."""
        return self._facts.generated.source

    def save(self, path: str | Path) -> None:
        """Write the module: a Python file that needs torch alone and computes the same."""
        Path(path).write_text(self.source, encoding="utf-8")

    @property
    def ascii(self) -> str:
        """The formula in ASCII."""
        return self._facts.program.ascii

    @property
    def latex(self) -> str:
        """The formula in LaTeX."""
        return self._facts.program.latex

    def _repr_latex_(self) -> str:
        lines = self.latex.strip().split("\n")
        several = r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"
        return f"$$ {several if len(lines) > 1 else lines[0]} $$"

    @property
    def program(self) -> Program:
        """The program that the module was generated from."""
        return self._facts.program

    @property
    def generated(self) -> Generated:
        """The module's text with its line map and shared work."""
        return self._facts.generated

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Every choice made where the formula leaves one."""
        return tuple(each.text for each in self._facts.program.assumptions)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the formula."""
        return self._facts.program.diagnostics
