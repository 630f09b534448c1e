r"""Scores that no one knows: ``\nabla_{x_t} \log p(x_t)`` under ``E_{t, p(x_t)}``, errors.

What is drawn there is data with noise, whose density is not known. Given the data it is, and fitted to that score a
network comes to the same (Vincent 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.completion.processes.default_paths import TIMES
from formula2dgm.completion.processes.unsaid_processes import names_of
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.names import plain
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def refuse_unknown_scores(statements: Sequence[tree.Statement], keys: Sequence[tree.Node]) -> list[tree.Statement]:
    """The statements; an error where a bracket draws a time and from a law at it that nothing says, and reads the
    score of this law."""
    said = {*keys, *(each.body.members[0] for each in statements if isinstance(each.body, tree.Chain))}
    for binders, expectation in (found for each in statements for found in brackets(each.body)):
        times = {plain(name) for each in binders for name in names_of(each)} & set(TIMES)
        laws = [each.density if isinstance(each, tree.Draws) else each for each in binders]
        for node in expectation.body.walk():
            match node:
                case tree.Prefix(name="grad", operand=tree.Prefix(name="log", operand=tree.Call() as law), sub=by):
                    if law in laws and law not in said and law.given is None and _is_at(law, times):
                        if is_density_call(law) and by == law.args:
                            raise FormulaError(_refusal(node, law))
    return list(statements)


def _is_at(law: tree.Call, times: set[str | None]) -> bool:
    """``p(x_t)``, ``p_t(x)``."""
    symbols = [each for each in (law.head, *law.args) if isinstance(each, tree.Symbol)]
    return any(plain(item) in times for each in symbols for item in each.sub)


def _refusal(node: tree.Node, law: tree.Call) -> Diagnostic:
    message = f"{law} is the law of data with noise: its score is not known"
    hint = "fit the score given the data, which comes to the same: E_{t, x_0, x_t ~ p(x_t|x_0)}[... log p(x_t|x_0)]"
    return Diagnostic("F2D-0556", "error", message, node.span, hint)
