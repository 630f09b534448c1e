r"""The noise process of a text whose times lie between two numbers, and that only says what is drawn: ``p(x_t|x_0)``.

dx = -\frac12 \beta(t) x dt + \sqrt{\beta(t)} dw, \beta from 0.1 to 20 (Song et al. 2021): the process of Ho et al. 2020
in continuous time. Ends of the times that nothing says are 10^{-3} and 1.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.completion.processes.default_statements import BETA, Defaults
from formula2dgm.completion.processes.unsaid_processes import Process
from formula2dgm.syntax import tree

#: The first and the last time, where the text has only names for them.
FIRST, LAST = "10^{-3}", "1"


def write_continuous(text: Defaults, process: Process) -> None:
    """Say how x moves, what beta is, and the ends of the times."""
    assert process.times is not None
    span, index, now = process.slot.span, process.index, replace(process.slot, sub=()).latex()
    first, last = process.times.args
    for end, number in ((first, FIRST), (last, LAST)):
        if isinstance(end, tree.Symbol) and end not in (*text.left_sides(), *text.keys) and not text.is_drawn(end):
            text.add(f"{end.latex()} = {number}", span)
    unit = str(last) == "1" or isinstance(last, tree.Symbol)
    growth = index if unit else rf"\frac{{{index}}}{{{last.latex()}}}"
    beta = rf"\beta({index})"
    text.add(rf"d{now} = -\frac12 {beta} {now}\, d{index} + \sqrt{{{beta}}}\, dw", span)
    if not text.says_schedule(BETA):
        text.add(rf"{beta} = 0.1 + 19.9 {growth}", span)
    text.data(replace(process.slot, sub=(tree.Number("0", span=span),)))
