"""``f2d.verify``: all checks of one formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from formula2dgm.diagnostics import FormulaError
from formula2dgm.verification import against_reference, closed_forms, derivations, jacobians
from formula2dgm.verification.findings import Comparison, Verification
from formula2dgm.verification.subject import Subject, subject

#: Draws of an expectation in the second round, where the formula says no number.
DRAWS = 3


def verify(
    formula: Any,
    bindings: Mapping[str, object] | None = None,
    *,
    seeds: int = 2,
    progress: Callable[[str], None] | None = None,
    **options: Any,
) -> Verification:
    """Compare what is generated for a formula with everything that it can be compared with.

    formula, bindings, options    as in :func:`formula2dgm.compile`; the networks are copied, what is bound to nothing
                 gets a default, data of unknown size five entries
    seeds        how many random parameters, data and noise of each number of examples (1, 3 and 7)
    progress     is told what is compared next

    - the generated code with the literal reference interpreter at the same noise: loss, terms, contributions and the
      gradient of every parameter, in float64 (to 1e-9) and float32 (to 1e-3), with one draw and with three;
    - log-determinants with those of Jacobians, and inverses;
    - closed forms with their definitions at draws, to six standard errors;
    - the members of a derivation with each other, to six standard errors.

    Networks are in evaluation mode: dropout and statistics of the batch differ from call to call.  Raises
    :class:`FormulaError` for a formula that cannot be compiled.

    >>> found = verify("E_q(z|x)[log p(x|z)] - KL[q(z|x) || p(z)]", seeds=1)
    >>> found.agrees, len(found.mismatches)
    (True, 0)
    """
    told = progress or (lambda _: None)
    options = {"scaffold": True, **options}
    own = subject(formula, bindings, options)
    comparisons: list[Comparison] = []
    left_out: dict[str, None] = {}
    for said, each in _checks(own, seeds):
        told(said)
        for found in each:
            if isinstance(found, Comparison):
                comparisons.append(found)
            else:
                left_out[found] = None
    return Verification(own.objective.ascii, tuple(comparisons), tuple(left_out))


def _checks(own: Subject, seeds: int) -> Iterator[tuple[str, Iterator[Comparison | str]]]:
    """Each kind of check, and what it is called while it runs."""
    yield "values and gradients", against_reference.compared(own, seeds)
    if own.objective.sites and own.options.get("samples", 1) == 1:
        try:
            several = subject(own.formula, own.bindings, {**own.options, "samples": DRAWS})
        except FormulaError:
            several = None
        if several is not None and several.objective.source != own.objective.source:
            yield (
                f"values and gradients at {DRAWS} draws",
                against_reference.compared(several, seeds, f", {DRAWS} draws"),
            )
    yield "determinants", jacobians.compared(own, seeds)
    yield "closed forms", closed_forms.compared(own, seeds)
    yield "the derivation", derivations.compared(own, seeds)
