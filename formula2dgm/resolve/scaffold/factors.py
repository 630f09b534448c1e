"""Which densities to add so that one that nobody bound can be found.

A factor is added only where nothing gives it; what follows from the others by Bayes' rule is not made up.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import Name, without_index
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.densities.mentioned import mentioned, mentioned_in
from formula2dgm.resolve.draws.drawn_joints import refuse_unrelated
from formula2dgm.resolve.flows.chained import follows_from_draw
from formula2dgm.resolve.scaffold.determined import refuse_determined
from formula2dgm.resolve.scaffold.evidence import refuse_evidence
from formula2dgm.resolve.scaffold.true_posteriors import refuse_true_posterior
from formula2dgm.resolve.statements.labelled_values import at_one_variable
from formula2dgm.resolve.values.called import of_definition
from formula2dgm.syntax import tree


def scaffold_factors(context: Context, wanted: Signature) -> list[Density] | None:
    """The densities to add so that ``wanted`` can be found: itself, or a joint's chain p(data|latents) p(latents)."""
    names = [each for each in wanted.variables if each is not None]
    if len(names) != len(wanted.variables):
        return None
    wanted = of_definition(context, _at_its_own_variables(context, wanted))
    if len(names) == 1:
        wanted = at_one_variable(context, wanted)
        written = mentioned(context.model, *(each.body for each in context.model.densities))
        refuse_determined(context, wanted, written)
        if _follows_from_others(context, wanted):
            return None
        refuse_evidence(context, wanted, written)
        if not _is_declared(context, wanted):
            refuse_true_posterior(context, wanted, written)
        return [Density(wanted)]
    latents = [each for each in names if follows_from_draw(context, each)]
    latents = _inferred(context, wanted, names) or latents
    data = [each for each in names if each not in latents]
    own = context.densities.all.by("head", wanted.head)
    have = {name for each in own for name in each.signature.ids[0]}
    missing = [name for name in names if name.id not in have]
    if not missing:
        return None
    added: list[Density] = []
    refuse_unrelated(context, wanted, latents and data)
    context.assume(f"{wanted.label} is the product of the conditionals of its variables, priors without parents")
    for name in missing:
        before = (each for each in latents if not _depends(context, wanted.head, each, name))
        parents = (*before, *wanted.given) if name in data else wanted.given
        signature = Signature(wanted.head, wanted.group, (name,), parents, _slots(wanted, (name, *parents)))
        added.append(Density(signature))
    return added


def _depends(context: Context, head: str, variable: Name, other: Name) -> bool:
    """Is a known density of this letter over the variable given the other one?"""
    return any(other.id in each.signature.ids[1] for each in context.densities.all.by("over", (head, variable.id)))


def _inferred(context: Context, wanted: Signature, names: list[Name]) -> list[Name]:
    """The variables of a model's joint, ``p_\\theta(x, z)``, that an approximation infers from the rest, ``q(z|x)``."""
    if not wanted.group or wanted.given or not all(follows_from_draw(context, each) for each in names):
        return []
    for other in mentioned(context.model).all:
        theirs, conditions = other.ids
        approximates = other.head != wanted.head and other.head.split("_")[0] in POSTERIOR_LETTERS
        if approximates and conditions and theirs.isdisjoint(conditions) and theirs | conditions == wanted.ids[0]:
            found = [each for each in names if each.id in theirs]
            listed = ", ".join(each.id for each in found)
            context.assume(f"{listed} of {wanted.label} is drawn first: {other.label} infers it", wanted.slots[0].span)
            return found
    return []


def _at_its_own_variables(context: Context, wanted: Signature) -> Signature:
    """The density itself, of what was written at some index: ``p(x|z_k)`` is p(x|z) at z_k. What tells one step from
    another stays: ``p(z_t|z_{t-1})``."""
    indices = context.model.indices
    names = [each for each in (*wanted.variables, *wanted.given) if each]
    if context.time is not None and any(True for name in names for _ in context.time.places(name)):
        return wanted
    if any(indices.reads_position(each) for name in names for each in name.index):
        return wanted
    slots = tuple(without_index(each, indices) if isinstance(each, tree.Symbol) else each for each in wanted.slots)
    variables, given = (
        tuple(replace(name, index=()) if name else None for name in side) for side in (wanted.variables, wanted.given)
    )
    return Signature(wanted.head, wanted.group, variables, given, slots)


def _follows_from_others(context: Context, wanted: Signature) -> bool:
    """Is it the posterior of a latent, or the marginal of data, under other densities of its letter?

    What a declared joint names as its factor, or a statement draws from, follows from nothing; nor does a step of a
    sequence, ``p(z_t|z_{t-1})``.
    """
    variables, given = wanted.ids
    if any(name.index for name in (*wanted.variables, *wanted.given) if name):
        return False
    if _is_declared(context, wanted):
        return False
    known, written = context.densities.all, mentioned(context.model)
    names = [(wanted.head, each) for each in variables]
    near = [each.signature for each in (*known.by("over", *names), *known.by("given", *names))]
    for other in (*near, *written.of_over(wanted.head, variables), *written.of_given(wanted.head, variables)):
        theirs, conditions = other.ids
        if variables <= context.latent and variables & conditions and theirs & given and theirs.isdisjoint(variables):
            return True
        if not given and not variables & context.latent and variables <= theirs and conditions:
            return True
    return False


def _is_declared(context: Context, wanted: Signature) -> bool:
    """Is it a factor of a declared joint, or what a statement draws from?"""
    factors = [each.body for each in context.model.densities if each.kind == "factors"]
    factors += [each.density for each in context.model.drawn.values()]
    named = mentioned_in(context.model, tuple(factors))
    return any(each.ids == wanted.ids for each in named.of_over(wanted.head, wanted.ids[0]))


def _slots(wanted: Signature, names: tuple[Name | None, ...]) -> tuple[tree.Node, ...]:
    by_name: dict[Name | None, tree.Node] = dict(zip((*wanted.variables, *wanted.given), wanted.slots, strict=True))
    return tuple(by_name[name] for name in names)
