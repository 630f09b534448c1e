r"""What is a formula of the step alone is computed at the steps that are drawn, and not at all of them.

sigma_t = 0.02 t / T at a drawn t:    0.02 arange(1, T + 1) / T, of which row t is read    becomes    0.02 t / T
"""

from __future__ import annotations

from formula2dgm.ir.formulas import formula_at
from formula2dgm.ir.program import Program
from formula2dgm.passes.rewrite import rewrite_program


def read_at_drawn(program: Program) -> Program:
    """Put drawn steps in for the index."""
    return rewrite_program(program, formula_at)
