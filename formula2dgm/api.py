"""The functions users call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from formula2dgm import driver
from formula2dgm.codegen import generate
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.options import make_options
from formula2dgm.passes import run_passes
from formula2dgm.registry.estimators import Chosen
from formula2dgm.report.contract import contract
from formula2dgm.resolve import Bindings
from formula2dgm.resolve.statements.call_types import check_formula, check_texts
from formula2dgm.stages import compiled
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.ir.program import Program
    from formula2dgm.runtime.distribution import Distribution
    from formula2dgm.runtime.objective import Objective
    from formula2dgm.runtime.origin import Origin

Formula = str | Path | Sequence["str | Path"]


def parse(text: str, macros: Sequence[str] = ()) -> tree.Node:
    """The syntax tree of one formula, with spans; ``str(tree)`` is its canonical ASCII, ``tree.latex()`` its LaTeX.

    Raises :class:`FormulaError` for text that cannot be read.

    >>> str(parse(r"D_{\\mathrm{KL}}(q_\\phi(z \\mid x) \\,\\|\\, p(z))"))
    'KL[q_phi(z|x) || p(z)]'
    """
    statements = driver.read(text, macros).raise_errors().statements
    if len(statements) != 1:
        found = Diagnostic(
            "F2D-0709",
            "error",
            f"one formula is wanted; these are {len(statements)} statements",
            statements[1].span,
            "f2d.compile takes several statements; parse them one by one",
        )
        raise FormulaError(found)
    return statements[0].body


def compile(
    formula: Formula,
    bindings: Mapping[str, object] | None = None,
    *,
    maximize: bool | None = None,
    samples: int | Mapping[str, int] = 1,
    estimators: Mapping[str, str | Chosen] | None = None,
    divergences: str | Mapping[str, str] = "auto",
    share_samples: bool = True,
    share_stochastic: bool = True,
    reduction: str = "mean",
    macros: Sequence[str] = (),
    dims: Mapping[str, int] | None = None,
    scaffold: bool | None = None,
    labels: str | Sequence[str] = (),
    non_saturating: bool = False,
    ragged: bool = False,
    solver_steps: int = 20,
    weights_of: Objective | None = None,
) -> Objective:
    """Compile a formula to a training objective.

    formula      one text, a list of statements, or a path (``.tex``, ``.md``, ``.txt``)
    bindings     what its names stand for: ``{"q(z|x)": f2d.Normal(encoder), "beta": 4.0}``
    maximize     the direction, where the formula does not say
    samples      the number of draws of an expectation, for all or by variable
    estimators   how the gradient of a draw is estimated, by variable or density: ``pathwise``, ``enumerate``,
                 ``score``, ``relaxed``, ``straight-through``, or :class:`Score`, :class:`Relaxed` with settings
    divergences  ``auto`` (closed form where there is one), ``closed``, ``sampled``; for all or by term, where a KL of
                 mixtures may be its ``convexity-bound`` or ``variational-bound``
    share_samples     let brackets over one factor share their draw where that is unbiased
    share_stochastic  call a network with random layers once for the same inputs
    reduction    of the batch at the root: ``mean``, ``sum``, ``none``
    macros       LaTeX definitions: ``[r"\\newcommand{\\E}{\\mathbb{E}}"]``
    dims         sizes of variables: ``{"z": 16}``
    scaffold     give unbound densities and networks small defaults (the default for a path)
    labels       of a document only the displays with these labels, and the definitions that they need: ``"eq:elbo"``
    non_saturating    a player that is to minimise ``log(1 - D(G(z)))`` maximises ``log D(G(z))`` in its place
    ragged       sequences have lengths of their own, the input ``lengths``; steps behind them are padding
    solver_steps    steps of a differential equation's path, ``dz/dt = f(z, t)``, from one time to another
    weights_of   an objective whose networks and tensors this formula shares: its bindings, sizes, defaults and
                 definitions hold here too, so that a model trained by one bound is measured by another

    Returns an ``nn.Module``; ``objective(x=batch).loss`` is to be minimised.  Raises :class:`FormulaError`.

    >>> import torch
    >>> import formula2dgm as f2d
    >>> objective = f2d.compile("log p(x)", {"p(x)": f2d.Normal(loc=0.0, scale=1.0)})
    >>> round(objective(x=torch.zeros(3, 2)).value.item(), 4)
    -1.8379
    """
    from formula2dgm.runtime import bindings as bound
    from formula2dgm.runtime.default_laws import own_laws
    from formula2dgm.runtime.loader import build
    from formula2dgm.runtime.origin import Origin, share_targets, shared_with

    _check_types(formula, bindings, macros, labels)
    origin, own = _origin_of(weights_of), dict(bindings or {})
    if origin is not None:
        bindings, dims = {**origin.bindings, **own}, {**origin.dims, **(dims or {})}
        scaffold = origin.scaffold if scaffold is None else scaffold
    described = bound.describe(bindings or {})
    options = make_options(
        maximize=maximize,
        samples=samples,
        estimators=estimators,
        divergences=divergences,
        share_samples=share_samples,
        share_stochastic=share_stochastic,
        reduction=reduction,
        dims=dims,
        scaffold=_is_document(formula) if scaffold is None else scaffold,
        non_saturating=non_saturating,
        ragged=ragged,
        solver_steps=solver_steps,
    )
    if origin is None:
        program, optimised, generated = compiled(formula, described.bindings, options, macros, _labels(labels))
    else:
        known = _known(weights_of)
        program = driver.analyse(formula, described.bindings, options, macros, _labels(labels), known)
        if more := own_laws(weights_of, program, bindings or {}):
            described = bound.describe({**(bindings or {}), **more})
            program = driver.analyse(formula, described.bindings, options, macros, _labels(labels), known)
        program = _without_unused(program, own)
        optimised = run_passes(program)
        generated = generate(optimised)
    networks = {each.name: described.objects[each.binding] for each in program.networks if each.binding}
    tensors = {each.name: described.objects[each.binding] for each in program.parameters if each.binding}
    if weights_of is not None:
        made, kept = shared_with(weights_of, program)
        networks, tensors = networks | made, tensors | kept
    objective = build(optimised, generated, networks, tensors)  # type: ignore[arg-type]
    if weights_of is not None:
        share_targets(objective, weights_of)
    objective.__dict__["origin"] = Origin(dict(bindings or {}), dict(options.dims), options.scaffold)
    return objective


def distribution(
    formula: Formula,
    bindings: Mapping[str, object] | None = None,
    *,
    macros: Sequence[str] = (),
    dims: Mapping[str, int] | None = None,
    scaffold: bool | None = None,
    labels: str | Sequence[str] = (),
    solver_steps: int = 20,
    weights_of: Objective | None = None,
) -> Distribution:
    """A product of densities as a distribution: it draws, scores, and says what is known of its laws.

    formula      the product, perhaps with statements beside it: ``["p(x|z) p(z)", "p(x|z) = N(x; f(z), s^2 I)"]``; a
                 joint, ``p(x, z)``; with variables integrated out, ``\\int p(x|z) p(z) dz``; or one declared density
    bindings, macros, dims, scaffold, labels, solver_steps    as in :func:`compile`
    weights_of   an objective whose networks, definitions and defaults hold here too: ``"q(z|x)"`` of a trained model

    Returns an ``nn.Module`` with ``sample``, ``log_prob``, ``params``, ``mean``, ``variance``, ``entropy``, ``rename``
    and ``marginalize``.  Raises :class:`FormulaError`.

    >>> import torch
    >>> import formula2dgm as f2d
    >>> prior = f2d.distribution("p(z)", {"p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=2)})
    >>> round(prior.log_prob(z=torch.zeros(3, 2))[0].item(), 4)
    -1.8379
    """
    from formula2dgm.runtime import bindings as bound
    from formula2dgm.runtime.default_laws import own_laws
    from formula2dgm.runtime.loader import build_distribution
    from formula2dgm.runtime.origin import shared_with

    _check_types(formula, bindings, macros, labels)
    made = _is_document(formula) if scaffold is None else scaffold
    origin, own = _origin_of(weights_of), dict(bindings or {})
    if origin is not None:
        bindings, dims = {**origin.bindings, **own}, {**origin.dims, **(dims or {})}
        made = origin.scaffold if scaffold is None else scaffold
    described = bound.describe(bindings or {})
    options = make_options(dims=dims, scaffold=made, solver_steps=solver_steps)
    known = _known(weights_of)
    program = driver.analyse_distribution(formula, described.bindings, options, macros, _labels(labels), known)
    if origin is not None:
        if more := own_laws(weights_of, program, bindings or {}):
            described = bound.describe({**(bindings or {}), **more})
            program = driver.analyse_distribution(formula, described.bindings, options, macros, _labels(labels), known)
        program = _without_unused(program, own)
    owned = {each.name: described.objects[each.binding] for each in program.networks if each.binding}
    owned |= {each.name: described.objects[each.binding] for each in program.parameters if each.binding}
    if weights_of is not None:
        networks, tensors = shared_with(weights_of, program)
        owned |= {**networks, **tensors}
    return build_distribution(program, generate(run_passes(program)), owned)


def check(formula: Formula, bindings: Mapping[str, object] | None = None, **options: Any) -> list[Diagnostic]:
    """All errors, warnings and notes of a formula, without compiling it; ``[]`` if there is nothing to say.

    options    as in :func:`compile`; ``ignore=["F2D-0907"]`` leaves out warnings and notes of these codes

    >>> [each.code for each in check("E_q(z|x)[log p(x|z)")]
    ['F2D-0103']
    """
    described = Bindings()
    if bindings is not None:
        from formula2dgm.runtime import bindings as bound

        try:
            described = bound.describe(bindings).bindings
        except FormulaError as error:
            return list(error.diagnostics)
    macros, labels = options.pop("macros", ()), _labels(options.pop("labels", ()))
    ignore = options.pop("ignore", ())
    scaffold = options.pop("scaffold", None)
    try:
        made = make_options(scaffold=bindings is None if scaffold is None else scaffold, **options)
    except FormulaError as error:
        return list(error.diagnostics)
    return driver.check(formula, described, made, macros, labels, [ignore] if isinstance(ignore, str) else ignore)


def describe(formula: Formula, bindings: Mapping[str, object] | None = None, **options: Any) -> dict[str, Any]:
    """The contract that all views render, as plain data: terms, places, sharing, lines, assumptions, factor graph.

    >>> found = describe("log p(x)", scaffold=True)
    >>> [term["name"] for term in found["objectives"][0]["terms"]]
    ['log p(x)']
    """
    described = Bindings()
    if bindings is not None:
        from formula2dgm.runtime import bindings as bound

        described = bound.describe(bindings).bindings
    macros, labels = options.pop("macros", ()), _labels(options.pop("labels", ()))
    scaffold = options.pop("scaffold", None)
    made = make_options(scaffold=bindings is None if scaffold is None else scaffold, **options)
    program = driver.analyse(formula, described, made, macros, labels)
    return contract(program, generate(run_passes(program)))


def _check_types(formula: object, bindings: object, macros: object, labels: object) -> None:
    check_formula(formula)
    if bindings is not None and not isinstance(bindings, Mapping):
        says = f"the bindings are a {type(bindings).__name__}, not a mapping: write {{'q(z|x)': f2d.Normal(net)}}"
        raise FormulaError(Diagnostic("F2D-0707", "error", says))
    check_texts("macros", macros, "[r'\\newcommand{\\E}{\\mathbb{E}}']")
    check_texts("labels", labels, "['eq:elbo']")


def _origin_of(objective: object) -> Origin | None:
    """What an objective was compiled with; F2D-0708 for anything else."""
    if objective is not None and not hasattr(objective, "origin"):
        says = f"weights_of is a {type(objective).__name__}, not an objective that f2d.compile returned"
        raise FormulaError(Diagnostic("F2D-0708", "error", says))
    return getattr(objective, "origin", None)


def _without_unused(program: Program, own: Mapping[str, object]) -> Program:
    """The program without warnings of unused bindings that are another objective's."""
    said = [each for each in program.diagnostics if each.code != "F2D-0706" or each.span.source.text in own]  # type: ignore[union-attr]
    return replace(program, diagnostics=tuple(said))


def _known(objective: Objective | None) -> list[str]:
    """The statements of an objective, as plain texts."""
    return [] if objective is None else list(map(str, objective.program.statements))


def _labels(labels: str | Sequence[str]) -> Sequence[str]:
    """One label may be given as it is."""
    return (labels,) if isinstance(labels, str) else labels


def _is_document(formula: Formula) -> bool:
    return isinstance(formula, Path) or (
        not isinstance(formula, str) and any(isinstance(each, Path) for each in formula)
    )
