"""The model that an objective's own densities are: prior first, data last, and its draws."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.joints import Factor
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.resolve.context import Context, Refused, Scope
from formula2dgm.resolve.data.inputs import add_input
from formula2dgm.resolve.densities.factorisation import ancestral_order
from formula2dgm.resolve.densities.factors import factor_of_use
from formula2dgm.resolve.densities.finding import Density, Use
from formula2dgm.resolve.densities.written_densities import is_written
from formula2dgm.resolve.draws.ancestral import Undrawable, ancestral
from formula2dgm.resolve.flows.chained import is_transformed
from formula2dgm.resolve.values.expressions import Evaluator
from formula2dgm.syntax import tree

#: The kinds of declarations that may be made of an energy, ``\\exp(-E(x))``.
ENERGIES = ("expression", "log", "unnormalised")
SAMPLES = Axis("batch", "samples")
_BATCH = Axis("batch", "batch")


def model_factors(context: Context) -> tuple[Factor, ...]:
    """The densities that score data and those of what they are given, parents first; ``()`` where they are no model.

    Only densities that the program uses take part, each variable drawn by one of them.
    """
    chain = _chain(context)
    if not chain:
        return ()
    found, inputs = context.found, dict(context.inputs)
    context.found = Diagnostics()
    try:
        return _factors(context, chain)
    except Refused:
        return ()
    finally:
        context.found, context.inputs = found, inputs


def _factors(context: Context, chain: Sequence[Density]) -> tuple[Factor, ...]:
    """Each density at its own variables, which are read as data."""
    values: dict[str, ir.Node] = {}
    for density in chain:
        for name, slot in zip(_names(density), density.signature.slots, strict=True):
            assert isinstance(slot, tree.Symbol)
            add_input(context, read_name(slot, context.model.indices), (_BATCH,), slot)
            values[name] = context.arena.make(ir.Data, name, (_BATCH,))
    scope, evaluate = Scope(_BATCH).bind(values), Evaluator(context)
    factors = []
    for density in chain:
        own = density.signature
        count = len(own.variables)
        use = Use(density, own.slots[:count], own.slots[count:])
        span = density.declared.span if density.declared is not None else None
        factors.append(factor_of_use(evaluate, use, _names(density)[:count], scope, own.label, span))
    return tuple(factors)


def generative_draws(context: Context, factors: Sequence[Factor]) -> tuple[tuple[str, ir.Node], ...]:
    """Ancestral draws of a model; ``()`` where it needs data (a density whose parameters are computed from the value
    that it scores), or nothing says how large a variable is."""
    drawn = {name for each in factors for name in each.variables}
    read = {node.name for each in factors for node in walk(each.log) if isinstance(node, ir.Data)}
    if not read <= drawn:
        return ()
    shapes = {name: context.inputs[name].shape for name in drawn if name in context.inputs}
    try:
        draws = ancestral(context.arena, factors, (SAMPLES,), shapes.get, " generated")
    except Undrawable:
        return ()
    return () if any(isinstance(node, ir.Data) for node in walk(*draws.values())) else tuple(draws.items())


def _names(density: Density) -> tuple[str, ...]:
    own = density.signature
    return tuple(each.id for each in (*own.variables, *own.given) if each is not None)


# -- which densities -----------------------------------------------------------------------------------


def _chain(context: Context) -> list[Density] | None:
    """The used densities from priors to data, or None: one for each variable, and what they are given drawn or data."""
    used = [each for each in context.densities.all if each.label in context.densities.used]
    data = _data(context, used)
    heads = {
        density.signature.head
        for density in used
        for name in density.signature.variables
        if name is not None and name.id in data and name.id not in context.latent
    }
    models = {each for each in heads if each.split("_")[0] not in POSTERIOR_LETTERS}
    near = [
        each
        for each in used
        if each.signature.head in (models or heads)
        and len(each.signature.variables) == 1
        and all(isinstance(slot, tree.Symbol) for slot in each.signature.slots)
        and not (each.declared and each.declared.kind == "factors")
    ]
    near = _of_the_data(data - context.latent, _written_last(near))
    variables = [name.id for each in near for name in each.signature.variables if name]
    if len(set(variables)) != len(variables) or not near or _of_energies(used) & set(variables):
        return None
    given = {name.id for each in near for name in each.signature.given if name}
    indexed = any(name.index for each in near for name in each.signature.variables if name)
    if indexed or not given <= {*variables, *data}:
        return None
    return ancestral_order(near)


def _of_energies(used: list[Density]) -> set[str]:
    """The variables that a density made of an energy is over: another one over them is what it is told from."""
    heads = {each.signature.head for each in used}
    written = (each.declared for each in used if each.declared and each.declared.kind in ENERGIES)
    energies = (each for each in written if not any(_is_density(node, heads) for node in each.body.walk()))
    return {name.id for each in energies for name in each.signature.variables if name}


def _is_density(node: tree.Node, heads: set[str]) -> bool:
    """Is it a density, a family written out, or of a letter that a density has?"""
    named = isinstance(node, tree.Call) and str(node.head) in heads
    return named or is_density_call(node) or is_written_family(node)


def _data(context: Context, used: Sequence[Density]) -> set[str]:
    """The data, and the variables of densities whose values they are: x of p(x|z) beside the data x_l and x_u."""
    names = {name for each in used for name in each.signature.variables if name is not None and not name.labels}
    values = {name.id for name in names if any(each.startswith(f"{name.id}_") for each in context.inputs)}
    return {*context.inputs, *values}


def _of_the_data(data: set[str], near: list[Density]) -> list[Density]:
    """The densities over data, and those over what one of them is given; another draw is made inside of one of these,
    as what a flow starts from."""
    by_first: dict[str, list[int]] = {}
    for place, each in enumerate(near):
        for name in _names(each)[:1]:
            by_first.setdefault(name, []).append(place)
    kept: list[Density] = []
    new, known = set(data), set(data)
    while found := [near[place] for place in sorted(place for name in new for place in by_first.get(name, ()))]:
        kept += found
        new = {name for each in found for name in _names(each)[1:]} - known
        known |= new
    return kept


def _written_last(near: list[Density]) -> list[Density]:
    """Without marginals and posteriors that follow from the others: of two densities over a variable, the one that is
    known by itself."""
    known = {name.id for each in near if not _follows(each) for name in each.signature.variables if name}
    return [each for each in near if not _follows(each) or not {n.id for n in each.signature.variables if n} <= known]


def _follows(density: Density) -> bool:
    declared = density.declared
    return (
        declared is not None and (declared.kind == "posterior" or is_written(density)) and not is_transformed(density)
    )
