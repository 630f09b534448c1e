"""Densities that a player does not train: ``\\pi_{ref}(y|x)`` beside ``\\pi_\\theta(y|x)`` under ``\\min_\\theta``.

What stands under the operator is trained. A density of the same letter and variables that has no parameters among it is
what the trained one is compared with, and is held constant. So is a network ``f_T`` beside ``f_\\theta``; and under
``\\min_{\\theta_S}`` all but ``f_S``, where no network carries these parameters by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from formula2dgm.ir.program import Network
from formula2dgm.reading.compared import without_group
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def is_reference(context: Context, call: tree.Call) -> bool:
    """Is the density held constant, as another one of its letter and variables is trained by name?"""
    trained = {name for wanted in context.model.objectives for _, names in wanted.operators for name in names}
    if not trained <= GREEK_GROUPS or not is_density_call(call):
        return False
    own = read_signature(call, context.model.indices, context.model.parameters)
    if not trained and not own.group and without_group(own) in context.densities.apart:
        context.assume(f"{own.label} is held constant: it is compared with one that has parameters", call.span)
        return True
    if not own.given or not trained or trained & set(own.group):
        return False
    letter = own.head.split("_")[0]
    for other in _densities(context, context.model.expressions()):
        alike = other.ids == own.ids and other.head.split("_")[0] == letter
        if alike and trained & set(other.group) and _is_another(context, own, other):
            named = ", ".join(sorted(trained))
            context.assume(f"{own.label} is held constant: only {named} is trained", call.span)
            return True
    return False


def _is_another(context: Context, own: Signature, other: Signature) -> bool:
    r"""Is a density not the one that is trained? Without parameters, it is that one: the q(z|x) that is drawn from,
    where ``q_\phi(z|x)`` stands in a divergence; but not where they are compared or bound each by itself, nor the
    policy that ``\pi_\theta(a|s)`` is scored at draws of, ``E_{\pi(a|s)}[A(s,a) \log \pi_\theta(a|s)]``."""
    if own.head != other.head or own.group or without_group(own) in context.densities.apart:
        return True
    bound = {
        each.signature.group for each in context.densities.all if without_group(each.signature) == (own.head, own.ids)
    }
    if {own.group, other.group} <= bound:
        return True
    if own.head.split("_")[0] in POSTERIOR_LETTERS:
        return False
    drawn = (node for root in context.model.expressions() for node in root.all(tree.Expect))
    return any(own in _densities(context, each.binders) and other in _densities(context, [each.body]) for each in drawn)


def _densities(context: Context, roots: Iterable[tree.Node]) -> Iterator[Signature]:
    for node in (each for root in roots for each in root.walk()):
        if isinstance(node, tree.Call) and is_density_call(node):
            yield read_signature(node, context.model.indices, context.model.parameters)


def students(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    """The networks that ``\\theta_S`` are the parameters of, though none is written with them: ``f_S``."""
    networks = list(context.networks.values())
    if len(names) != 1 or any(each.group == names[0] or names[0] in (each.name, each.label) for each in networks):
        return ()
    group, _, label = names[0].partition("_")
    found = tuple(each.label for each in networks if group in GREEK_GROUPS and each.label.split("_")[1:] == [label])
    if not found or len(found) == len(networks):
        return ()
    listed = ", ".join(found)
    context.assume(f"{names[0]} are the parameters of {listed}: nothing else is trained", None)
    return found


def without_references(
    context: Context, names: Sequence[str], trains: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """What is trained, without networks of a letter that the trained one has by its parameters' name."""
    networks = list(context.networks.values())
    owned = [each for each in networks if each.group is not None and each.group in names]
    letters = {_letter(each) for each in owned}
    held = [each for each in networks if each.group is None and _letter(each) in letters]
    if not held or not set(names) <= GREEK_GROUPS:
        return trains
    for each in held:
        context.assume(f"{each.label} is held constant: only {', '.join(names)} is trained", None)
    owned_names = tuple(each.name for each in networks) + tuple(context.parameters)
    apart = {each.name for each in held}
    return tuple(each for each in (owned_names if trains is None else trains) if each not in apart)


def _letter(network: Network) -> str:
    return network.label.split("_")[0]
