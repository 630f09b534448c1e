r"""Divergences of a noise process whose sides speak of different steps, errors.

KL[q(x_t|x_0) \| p(x_T)]                             of x_t and of x_T
KL[q(x_{t-1}|x_t, x_0) \| p_\theta(x_{t-1}|x_1)]     given x_t and given x_1
"""

from __future__ import annotations

from formula2dgm.completion.processes.default_statements import Defaults, is_zero
from formula2dgm.completion.processes.unsaid_processes import Process
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.positions import letter_of
from formula2dgm.syntax import tree


def refuse_mixed_steps(text: Defaults, process: Process) -> None:
    """An error where both sides of a divergence are over, or given, different steps of the process."""
    for node in text.nodes():
        match node:
            case tree.Divergence(left=tree.Call() as left, right=tree.Call() as right) if process.is_of(left):
                own, other = _steps(left.args, process), _steps(right.args, process)
                if other and own != other:
                    raise FormulaError(_refusal(node, right, other[0], (own or left.args)[0], "over"))
                own = [each for each in _steps(left.given or (), process) if not is_zero(each.sub[0])]
                other = _steps(right.given or (), process)
                if own and other and own[0] not in other:
                    raise FormulaError(_refusal(node, right, other[0], own[0], "given"))


def _steps(slots: tuple[tree.Node, ...], process: Process) -> list[tree.Symbol]:
    """The steps of the process among what a density is over or given."""
    symbols = [each for each in slots if isinstance(each, tree.Symbol) and len(each.sub) == 1]
    return [each for each in symbols if letter_of(each) == letter_of(process.slot)]


def _refusal(node: tree.Node, side: tree.Node, other: tree.Symbol, own: tree.Node, how: str) -> Diagnostic:
    message = f"{side} is {how} {other}, and what it is compared with {own}"
    hint = f"write the same step on both sides: {str(side).replace(str(other), str(own))}"
    return Diagnostic("F2D-0557", "error", message, side.span, hint)
