r"""Whose networks carry no parameters: p of ``L(\theta, \phi) = E_{q_\phi(z|x)}[\log p(x|z)] - ...`` is theta's.

A listed name of parameters that owns nothing else owns what nobody else does, but for functions that the others are
measured by: the statistic s of ``(E[s(x)] - E[s(G_\theta(z))])^2`` would be a constant, the value Q of
``E_{\pi_\theta(a|s)}[Q(s, a)]`` would grow. Where nothing is left for the names under an operator, they are refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Parameter, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.kinds import PARAMETER_LETTERS
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.objective.learned import learns_nothing
from formula2dgm.resolve.objective.owners import owned_by
from formula2dgm.spans import Span

#: Letters of parameters. Another letter, tau, that stands in no formula is a number that the prose has.
_LETTERS = PARAMETER_LETTERS | frozenset(("vartheta", "varphi", "lambda", "eta", "xi"))

#: Letters of levels and widths: f_sigma is f at a level sigma, and no function with parameters sigma.
_LEVELS = frozenset(("sigma", "tau", "beta", "delta", "epsilon"))


def without_own(context: Context, names: Sequence[str]) -> list[str]:
    """The names of parameters, ``theta``, that own nothing by name, and are no number, data, draw or definition."""
    known = {*context.hyperparameters, *context.inputs, *context.latent, *context.model.definitions}
    letters = {each: each.split("_")[0] for each in names}
    return [
        each
        for each, letter in letters.items()
        if letter in GREEK_GROUPS and letter.islower() and each not in known and not owned_by(context, (each,))
    ]


def left_to(context: Context, idle: Sequence[str], terms: Sequence[Term], span: Span) -> set[str]:
    """What belongs to such names: the networks of the terms that no parameters are written with."""
    found = _left_to(context, idle, terms)
    for each in found:
        context.assume(f"{each.label} has the parameters {', '.join(idle)}, which are nothing else's", span)
    return {each.name for each in found}


def _left_to(context: Context, idle: Sequence[str], terms: Sequence[Term]) -> list[Network]:
    if not any(each.split("_")[0] in _LETTERS for each in idle):
        return []
    met, measures = called_by(terms), _measures(terms)
    free = [each for each in context.networks.values() if each.name in met and not has_owner(context, each)]
    return [each for each in free if not (each.label.isidentifier() and each.name in measures)]


def _measures(terms: Sequence[Term]) -> set[str]:
    """The networks that are called at several values, and those whose values are summands."""
    values = list(map(_inside_means, (term.node for term in terms)))
    found = {each.call.network for each in values if isinstance(each, ir.Head) and isinstance(each.call, ir.NetCall)}
    at: dict[str, set[tuple[ir.Node, ...]]] = {}
    for call in walk(*(term.node for term in terms)):
        if isinstance(call, ir.NetCall):
            at.setdefault(call.network, set()).add(call.args)
    return found | {name for name, values in at.items() if len(values) > 1}


def _inside_means(node: ir.Node) -> ir.Node:
    while isinstance(node, ir.Reduce):
        node = node.body
    return node


def refuse_without_parameters(context: Context, names: Sequence[str], terms: Sequence[Term], span: Span) -> None:
    r"""An error for ``\min_\psi \|x - f_\theta(x)\|^2``: nothing has the parameters psi, and all has others."""
    owners: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    met = called_by(terms)
    trained = [each for each in owners if each.name in met]
    if len(without_own(context, names)) < len(names) or not (trained or learns_nothing(context)):
        return
    owned = [each for each in trained if has_owner(context, each)]
    if len(owned) == len(trained) or (owned and not _left_to(context, names, terms)):
        owners_named = {each.group or each.label for each in trained}
        raise context.refuse(
            "F2D-0504",
            f"nothing here depends on {', '.join(names)}",
            span,
            f"name what is trained: {', '.join(sorted(owners_named)) or 'nothing is'}",
        )


def has_owner(context: Context, owner: Network | Parameter) -> bool:
    """Are parameters written with a network, at one of its places at least?"""
    groups = {owner.group, *context.groups.get(owner.label, ())} - {None}
    return any(each is not None and each.split("_")[0] not in _LEVELS for each in groups)


def called_by(terms: Sequence[Term]) -> set[str]:
    """The networks and the learned tensors that the terms call, and do not hold constant."""
    nodes = list(walk(*(node for term in terms for node in (term.node, term.coefficient))))
    networks = {each.network for each in nodes if isinstance(each, ir.NetCall) and not each.frozen}
    return networks | {each.name for each in nodes if isinstance(each, ir.Param) and each.learned and not each.frozen}
