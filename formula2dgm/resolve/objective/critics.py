r"""Games that no one plays: a critic of data and of what another network makes, under one name and one direction.

``E[(D(x) - 1)^2] + E[D(G(z))^2]`` is what D minimises. Were G trained on it, too, it would help D to tell its own
samples from data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from formula2dgm.bindings import NetworkValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Term
from formula2dgm.ir.rewrite import walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.statements.wanted import Wanted

_ELEMENTWISE = (ir.Add, ir.Mul, ir.Div, ir.Pow, ir.Neg, ir.Apply, ir.Reduce)
#: What the label of a loss says of a player: the first letters of one of these, and of the player itself.
_ROLES = ("critic", "discriminator", "encoder", "generator")


def judged_networks(context: Context, terms: Sequence[Term]) -> list[tuple[str, str]]:
    """Each critic, a network whose value is a number, with a network that makes what it judges, while it judges other
    things, too, or nothing here is data."""
    nodes = [node for term in terms for node in (term.node, term.coefficient)]
    fixed = {each.name for each in context.networks.values() if _is_fixed(context, each)}
    calls: dict[str, list[frozenset[str]]] = {}
    for call in _numbers(nodes):
        if not call.frozen and call.network not in fixed:
            calls.setdefault(call.network, []).append(_makers(call) - {call.network} - fixed)
    data = any(isinstance(each, ir.Data) for each in walk(*nodes))
    found: dict[tuple[str, str], None] = {}
    for critic, makers in calls.items():
        if any(makers) and (len(set(makers)) > 1 or not data):
            found.update({(critic, each): None for made in makers for each in sorted(made)})
    return list(found)


def player_on_label(context: Context, terms: Sequence[Term], labels: Sequence[str]) -> Network | None:
    """The network of a game that the label of a loss says by its letter: D of ``L_{disc}``, G of ``L_g``."""
    pairs = judged_networks(context, terms)
    players = [context.networks[each] for each in dict.fromkeys(name for pair in pairs for name in pair)]
    for label in (each.lower() for each in reversed(labels)):
        found = [each for each in players if len(each.label) == 1 and _says(label, each.label.lower())]
        if len(found) == 1:
            return found[0]
    return None


def _says(label: str, letter: str) -> bool:
    return label == letter or (len(label) > 2 and any(role[0] == letter and role.startswith(label) for role in _ROLES))


def refuse_joint_game(
    context: Context, wanted: Wanted, terms: Sequence[Term], trains: tuple[str, ...] | None, named: tuple[str, ...]
) -> None:
    """Refuse to train a critic and what it judges by one loss, unless operators say it of both: ``\\min_{D, G}``."""
    for critic, made in judged_networks(context, terms):
        trained = trains is None or {critic, made} <= set(trains)
        judge, maker = (_name(context.networks[each]) for each in (critic, made))
        if not trained:
            continue
        if {critic, made} <= set(named):
            context.assume(f"{judge} and {maker}, which makes what {judge} judges, both want this", wanted.span)
            continue
        raise context.refuse(
            "F2D-0516",
            f"{judge} judges what {maker} makes, and nothing says which of them wants this",
            wanted.span,
            f"write the loss of each, \\mathcal{{L}}_{judge} = ... and \\mathcal{{L}}_{maker} = ..., or "
            f"\\min_{{{maker}}} \\max_{{{judge}}} in front; \\min_{{{judge}, {maker}}} if both want the same",
        )


def _is_fixed(context: Context, network: Network) -> bool:
    """Is it bound to what has nothing to train, such as a kernel?"""
    values = (each.value for each in context.named.values.values() if network.binding == (each.key.text, each.part))
    return any(isinstance(each, NetworkValue) and each.fixed for each in values)


def _name(network: Network) -> str:
    return network.group or network.label.split("(")[0]


def _numbers(nodes: Sequence[ir.Node]) -> Iterator[ir.NetCall]:
    """The calls of networks whose results are numbers: a term is one, and nothing elementwise reduces a vector."""

    def below(node: ir.Node) -> Sequence[ir.Node]:
        return tuple(node.children) if isinstance(node, _ELEMENTWISE) else ()

    for each in walk(*nodes, below=below):
        if isinstance(each, ir.Head) and each.event == "open":
            yield each.call


def _makers(call: ir.NetCall) -> frozenset[str]:
    """The networks that a gradient reaches through the arguments of a call."""

    def below(node: ir.Node) -> Sequence[ir.Node]:
        return () if isinstance(node, ir.StopGrad) else tuple(node.children)

    inside = walk(*call.args, below=below)
    return frozenset(each.network for each in inside if isinstance(each, ir.NetCall) and not each.frozen)
