"""Letters of numbers that weigh and scale: what stands for no network unless something says so."""

from __future__ import annotations

#: Greek letters that stand for scalars where nothing is bound to them.
SCALAR_LETTERS = frozenset("alpha beta gamma delta eta kappa lambda omega rho tau zeta".split())
#: Latin letters of weights and coefficients at a time, and that of a deviation.
WEIGHTS = frozenset(("w", "g", "c", "sigma"))
#: Letters of coefficients at a step.
COEFFICIENT_LETTERS = SCALAR_LETTERS | WEIGHTS
