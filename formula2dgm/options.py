"""The options of a compilation, each checked."""

from __future__ import annotations

from collections.abc import Mapping

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.registry.batch_estimators import BATCH_ESTIMATORS
from formula2dgm.registry.estimators import NAMES, Chosen, chosen, problems_of
from formula2dgm.resolve import Options
from formula2dgm.resolve.divergences.bounds import BOUNDS
from formula2dgm.resolve.statements.call_types import check_mapping
from formula2dgm.syntax import parse_one


def make_options(
    *,
    maximize: bool | None = None,
    samples: int | Mapping[str, int] = 1,
    estimators: Mapping[str, str | Chosen] | None = None,
    divergences: str | Mapping[str, str] = "auto",
    share_samples: bool = True,
    share_stochastic: bool = True,
    reduction: str = "mean",
    dims: Mapping[str, int] | None = None,
    scaffold: bool = False,
    non_saturating: bool = False,
    ragged: bool = False,
    solver_steps: int = 20,
) -> Options:
    """The options, each checked; raises :class:`FormulaError` (F2D-0708) for a value that does not exist."""
    problems: list[Diagnostic] = []
    if not isinstance(samples, int):
        check_mapping("samples", samples, "{'z': 5}")
    check_mapping("dims", dims or {}, "{'z': 16}")
    check_mapping("estimators", estimators or {}, "{'z': 'score'}")
    if isinstance(divergences, Mapping):
        check_mapping("divergences", divergences, "{'KL[q(z|x) || p(z)]': 'sampled'}")
        divergences = {str(parse_one(key)): choice for key, choice in divergences.items()}

    def one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
        if value not in allowed:
            accepted = ", ".join(map(repr, allowed))
            problems.append(Diagnostic("F2D-0708", "error", f"{name}={value!r} is none of {accepted}"))

    one_of("maximize", maximize, (None, True, False))
    one_of("reduction", reduction, ("mean", "sum", "none"))
    for choice in divergences.values() if isinstance(divergences, Mapping) else (divergences,):
        by_term = isinstance(divergences, Mapping)
        one_of("divergences", choice, ("auto", "closed", "sampled", *(BOUNDS if by_term else ())))
    for count in samples.values() if isinstance(samples, Mapping) else (samples,):
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            problems.append(Diagnostic("F2D-0708", "error", f"samples={count!r} is not a whole number above 0"))
    for key, size in (dims or {}).items():
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            problems.append(Diagnostic("F2D-0708", "error", f"dims[{key!r}]={size!r} is not a whole number above 0"))
    if not isinstance(solver_steps, int) or isinstance(solver_steps, bool) or solver_steps < 1:
        says = f"solver_steps={solver_steps!r} is not a whole number above 0"
        problems.append(Diagnostic("F2D-0708", "error", says))
    picked: dict[str, Chosen] = {}
    for key, given in (estimators or {}).items():
        wanted = chosen(given)
        if wanted is None:
            names = ", ".join(map(repr, (*NAMES, *BATCH_ESTIMATORS)))
            says = f"estimators[{key!r}]={given!r} is none of {names}, f2d.Score(...), f2d.Relaxed(...)"
            problems.append(Diagnostic("F2D-0708", "error", says))
        else:
            wrong = problems_of(wanted)
            problems += [Diagnostic("F2D-0708", "error", f"estimators[{key!r}]: {each}") for each in wrong]
            picked[key] = wanted
    if problems:
        raise FormulaError(problems)
    return Options(
        maximize,
        samples,
        picked,
        divergences,
        share_samples,
        share_stochastic,
        reduction,
        dict(dims or {}),
        scaffold,
        non_saturating,
        ragged,
        solver_steps,
    )
