"""The passes, in order: each takes a program to a program that means the same and computes it better.

No pass touches a draw: the passed program and the resolved one use the same noise.
"""

from __future__ import annotations

from collections.abc import Callable

from formula2dgm.ir.program import Program
from formula2dgm.ir.verify import verify
from formula2dgm.mistakes import owned
from formula2dgm.passes.drawn_steps import read_at_drawn
from formula2dgm.passes.log_algebra import stable_logs
from formula2dgm.passes.means import recognise_means
from formula2dgm.passes.scalars import fold_scalars
from formula2dgm.passes.schedules import fold_schedules
from formula2dgm.passes.shared_calls import share_calls
from formula2dgm.passes.sizes import whole_sizes

Pass = Callable[[Program], Program]

PIPELINE: tuple[Pass, ...] = (
    whole_sizes,
    share_calls,
    recognise_means,
    stable_logs,
    fold_scalars,
    fold_schedules,
    read_at_drawn,
)


@owned()
def run_passes(program: Program, debug: bool = False) -> Program:
    """All passes in order; ``debug`` verifies the program after each."""
    for each in PIPELINE:
        program = each(program)
        if debug:
            verify(program, each.__name__)
    return program
