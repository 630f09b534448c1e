"""What the names of the only player train: their networks, learned numbers of no group, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir.program import Parameter, Term
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.objective.owners import owned_by
from formula2dgm.resolve.objective.unlabelled import called_by, left_to, without_own
from formula2dgm.spans import Span


def owned_by_the_only_player(
    context: Context, names: tuple[str, ...], terms: Sequence[Term], span: Span
) -> tuple[str, ...] | None:
    """What the names stand for, and learned numbers of no group; None where the names freeze nothing.

    A network that goes by none of the names is held constant: Q of ``max_theta E_{pi_theta(a|s)}[Q(s, a)]``.
    """
    said = set(owned_by(context, names))
    met = called_by(terms)
    if not said and not any(each.group for each in context.networks.values() if each.name in met):
        return None
    said |= left_to(context, without_own(context, names), terms, span)
    if not said:
        return None
    numbers = [each.name for each in context.parameters.values() if each.name in said or _is_nobodys(each)]
    owned = (*(each for each in context.networks if each in said), *numbers)
    if len(owned) == len(context.networks) + len(context.parameters):
        return None
    named = ", ".join(each for each in names if each not in context.inputs)
    for network in context.networks.values():
        if network.name in met - said and network.group is None:
            context.assume(f"{network.label} is held constant: only {named} is trained", span)
    return owned


def _is_nobodys(parameter: Parameter) -> bool:
    """Is it a number by itself? The tensors of a density, ``q(z): loc``, are the density's."""
    return parameter.group is None and ": " not in parameter.label
