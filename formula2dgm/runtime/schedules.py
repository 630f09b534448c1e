"""Numbers that are formulas of the step: ``"min(1, step / 1000)"``."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from formula2dgm.runtime.arguments import refuse

#: A number; a formula of the step, which counts from 1; or a function of it.
Schedule = float | str | Callable[[int], float]

ARITHMETIC = (
    *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Call, ast.Name, ast.Constant),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.expr_context),
)
FUNCTIONS = {name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "floor", "pi")}


def number(schedule: Schedule, step: int) -> float:
    """The number at a step; of a formula nothing but arithmetic is run. Raises FormulaError (F2D-0691).

    >>> number("1e-3 * min(1, step / 4)", 2), number(lambda step: 1 / step, 4)
    (0.0005, 0.25)
    """
    if isinstance(schedule, int | float):
        return schedule
    try:
        value = float(schedule(step) if callable(schedule) else _formula(schedule, step))
        if not math.isfinite(value):
            raise ValueError(f"it is {value}")
    except Exception as error:  # a formula or a function may raise anything
        found = [*str(error).splitlines(), repr(error)][0]
        raise refuse("F2D-0691", f"the schedule {schedule!r} at step {step}: {found}", HINT) from error
    return value


HINT = "a number, a formula such as 'min(1, step / 1000)', or a function of the step"


def _formula(text: str, step: int) -> float:
    tree = ast.parse(text.strip(), mode="eval")
    if not all(isinstance(each, ARITHMETIC) for each in ast.walk(tree)):
        raise ValueError("arithmetic is needed")
    names = {"__builtins__": {}, **FUNCTIONS, "min": min, "max": max, "step": step}
    found: float = eval(compile(tree, "formula of the step", "eval"), names)
    return found
