"""Which densities without givens are approximations that are fitted: ``q(w|\\theta)`` beside the prior p(w)."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.mentioned import mentioned, sources
from formula2dgm.syntax import tree


def is_approximation(context: Context, signature: Signature) -> bool:
    """Is this density drawn from, and is there a density of another letter over its variable?

    A letter q says that it is fitted; another letter with parameters does where the other density is a prior.
    """
    if not is_drawn(context, signature):
        return False
    over = mentioned(context.model).over(signature.ids[0])
    others = [each for each in over if each.head != signature.head]
    if signature.head.split("_")[0] in POSTERIOR_LETTERS:
        return bool(others)
    return bool(signature.group) and any(not each.given for each in others)


def is_all_that_is_trained(context: Context, signature: Signature) -> bool:
    r"""Do the parameters that an operator names belong to this density alone: ``\max_\phi E_{q_\phi(z)}[f(z)]``?"""
    if not signature.group:
        return False
    for wanted in context.model.objectives:
        named = {name for _, names in wanted.operators for name in names}
        if named.isdisjoint(signature.group):
            continue
        calls = list(wanted.members[-1].all(tree.Call))
        owners = [each for each in calls if not named.isdisjoint(_groups(context, each) & {*signature.group})]
        own = [read_signature(each, context.model.indices, context.model.parameters) for each in owners]
        if owners and all(each.head == signature.head and not each.given for each in own):
            return True
    return False


def _groups(context: Context, call: tree.Call) -> set[str]:
    """The parameters that a density or a network names."""
    if is_density_call(call):
        return set(read_signature(call, context.model.indices, context.model.parameters).group)
    own = read_name(call.head, context.model.indices, head=True).group if isinstance(call.head, tree.Symbol) else ()
    return {*own, *(str(each) for each in call.params or ())}


def is_compared(context: Context, signature: Signature) -> bool:
    """Is the density the left side of a divergence: ``KL[q(w) || p(w)]``?"""
    nodes = (node for root in context.model.expressions() for node in root.all(tree.Divergence))
    return any(
        read_signature(each.left, context.model.indices, context.model.parameters) == signature
        for each in nodes
        if isinstance(each.left, tree.Call) and is_density_call(each.left)
    )


def is_evaluated(context: Context, signature: Signature) -> bool:
    """Does the density stand anywhere but where something is drawn from it: ``log q(z)``?"""
    return signature in mentioned(context.model).evaluated.get(signature.head, ())


def is_drawn(context: Context, signature: Signature) -> bool:
    """Is something drawn from the density, by an expectation, a divergence, an integral or a statement?"""
    known = mentioned(context.model)
    said = (known.head_of(each.density) for each in context.model.drawn.values())
    return signature.head in said or signature.head in known.drawn


def drawn_from(context: Context) -> Iterator[tree.Node]:
    """What the expectations of the program draw from."""
    for node in (each for root in context.model.expressions() for each in root.walk()):
        if isinstance(node, tree.Expect):
            yield from sources(node)
