"""Who optimises what: one objective for each player, the other players' networks held constant.

A player is a name under an operator (``\\min_G \\max_D``), in a head (``\\mathcal{L}(\\phi)``) or on a loss
(``\\mathcal{L}_D``).  Players are listed innermost operator first: the order of their steps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.arena import Arena
from formula2dgm.ir.program import Network, Objective, Parameter, Term
from formula2dgm.ir.rewrite import rewrite, walk
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.objective.critics import player_on_label, refuse_joint_game
from formula2dgm.resolve.objective.direction import decide, known_names
from formula2dgm.resolve.objective.held_targets import without_targets
from formula2dgm.resolve.objective.only_player import owned_by_the_only_player
from formula2dgm.resolve.objective.owners import owned_by
from formula2dgm.resolve.objective.references import students, without_references
from formula2dgm.resolve.objective.saturation import settle_saturation
from formula2dgm.resolve.objective.unbounded import warn_of_unbounded
from formula2dgm.resolve.objective.unlabelled import refuse_without_parameters
from formula2dgm.resolve.statements.wanted import Wanted
from formula2dgm.syntax import tree


def objectives_of(context: Context, wanted: Wanted, body: tree.Node, terms: tuple[Term, ...]) -> list[Objective]:
    """One objective for each player that the statement names; one for nobody in particular if it names none."""
    operators = [each for each in reversed(wanted.operators) if each[1]] or [("", wanted.heads)]
    game = len(context.model.objectives) > 1
    several = game or len({names for _, names in operators}) > 1
    out: dict[tuple[str, ...], Objective] = {}
    for operator, names in operators:
        written = operator or next((op for op, others in wanted.operators if op and others == names), None)
        written = written or next((op for op, others in wanted.operators if op and not others), None)
        own_network = students(context, names) if not several else ()
        own_network = own_network or (() if written or several else _network_on(context, wanted, names, terms))
        maximise = decide(context, wanted, body, written, own_network or names)
        warn_of_unbounded(context, body, known_names(context), maximise)
        if several:
            out[names] = _of_player(context, wanted, names, terms, maximise)
            continue
        if operator:
            _refuse_data(context, names, terms, wanted)
            if not own_network:
                refuse_without_parameters(context, names, terms, wanted.span)
        trains = owned_by_the_only_player(context, names, terms, wanted.span) if names else None
        if own_network:
            trains = owned_by(context, own_network)
        elif trains is None:
            trains = _not_stopped(context, wanted, terms)
        trains = trains if own_network else without_references(context, names, trains)
        trains = without_targets(context, names, trains)
        refuse_joint_game(context, wanted, terms, trains, _directed(context, wanted, names))
        own = tuple(frozen_for(context.arena, each, trains) for each in terms) if trains is not None else terms
        out[names] = Objective(own, maximise, None, trains, wanted.name, wanted.span)
    return list(out.values())


def _directed(context: Context, wanted: Wanted, names: tuple[str, ...]) -> tuple[str, ...]:
    """What the text says to go one way: what goes by the names of the operators, or, where they have none, all."""
    named = [each for _, each in wanted.operators if each]
    if not named and (wanted.operators or context.options.maximize is not None):
        return (*context.networks, *context.parameters)
    return owned_by(context, names) if named else ()


def _of_player(
    context: Context, wanted: Wanted, names: tuple[str, ...], terms: tuple[Term, ...], maximise: bool
) -> Objective:
    """The objective of one player among several: the terms that depend on what it owns."""
    names = names or _names_on(context, wanted)
    if not names:
        raise context.refuse(
            "F2D-0507",
            "there are several objectives, and nothing says who trains this one",
            wanted.span,
            f"name what is trained in front: \\min_{{{next(iter(context.networks), 'theta')}}}",
        )
    player = ",".join(names)
    trains = owned_by(context, names)
    own = terms_of_player(context, terms, trains, player)
    if not own:
        raise context.refuse(
            "F2D-0504",
            f"nothing here depends on {player}",
            wanted.span,
            f"name what is trained: {', '.join(context.networks) or 'no network is bound'}",
        )
    own = settle_saturation(context, own, player, trains, maximise)
    return Objective(own, maximise, player, trains, wanted.name, wanted.span)


def _refuse_data(context: Context, names: tuple[str, ...], terms: Sequence[Term], wanted: Wanted) -> None:
    r"""An error for ``\max_z \log p(z|x)``: what is to be found is a value, and the text reads it as data."""
    data = {each.name for each in walk(*(term.node for term in terms)) if isinstance(each, ir.Data)}
    found = [each for each in names if each in data and not owned_by(context, (each,))]
    if found:
        calls = [each for member in wanted.members for each in member.all(tree.Call)]
        beside = [
            each for each in calls if each.given is None and len(each.args) > 1 and found[0] in map(str, each.args)
        ]
        values = [str(each) for each in beside[0].args if str(each) != found[0]] if beside else []
        behind = f", or write {beside[0].head}({', '.join(values)}; {found[0]}), its parameters" if beside else ""
        raise context.refuse(
            "F2D-0498",
            f"{', '.join(found)} is what is to be found, and it is data here: no parameter goes by the name",
            wanted.span,
            f"write what is trained below the operator, or define {found[0]} by a network or parameters{behind}",
        )


def _network_on(context: Context, wanted: Wanted, heads: tuple[str, ...], terms: tuple[Term, ...]) -> tuple[str, ...]:
    """The network that the name of the only loss says, beside others: D of ``J^{(D)}(\\theta) = -E[\\log D(G(z))]``,
    and of ``L_{disc}``, where D judges."""
    if heads and owned_by(context, heads):
        return ()
    called = {each.label for each in context.networks.values()}
    labels = _labels(wanted)
    said = next((each for each in reversed(labels) if each in called and len(called) > 1), None)
    if said is None and (player := player_on_label(context, terms, labels)) is not None:
        said = player.label
    if said is None:
        return ()
    context.assume(f"{wanted.name} is the objective of {said}: nothing else is trained by it", wanted.span)
    return (said,)


def _not_stopped(context: Context, wanted: Wanted, terms: tuple[Term, ...]) -> tuple[str, ...] | None:
    """What a gradient can reach, where some networks stand under stopped gradients alone; else None."""
    nodes = [node for term in terms for node in (term.node, term.coefficient)]
    met = {each.network for each in walk(*nodes) if isinstance(each, ir.NetCall)}
    open_nodes = list(walk(*nodes, below=lambda each: () if isinstance(each, ir.StopGrad) else each.children))
    reached = {each.network for each in open_nodes if isinstance(each, ir.NetCall) and not each.frozen}
    stopped = [each for each in context.networks.values() if each.name in met - reached]
    for each in stopped:
        said = f"{each.label} stands under stopped gradients alone: nothing here trains it"
        context.assume(said, wanted.span, "F2D-0908")
    if not stopped or not reached:
        return None
    held = {each.name for each in stopped}
    owners: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    return tuple(each.name for each in owners if each.name not in held)


def _labels(wanted: Wanted) -> list[str]:
    """The labels on the name of a loss: D of ``J^{(D)}(\\theta)`` and ``L_D``."""
    name = re.split(r"(?<!\{)\(", wanted.name or "")[0]
    return re.findall(r"[^\W_]+", name)[1:]


def _names_on(context: Context, wanted: Wanted) -> tuple[str, ...]:
    """The player that the name of a loss says: ``\\mathcal{L}_D``, ``L_{disc}`` where D is the only such letter."""
    owners: Sequence[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    for label in reversed(_labels(wanted)):
        if owned_by(context, (label,)):
            return (label,)
        letters = {each.label for each in owners if len(each.label) == 1 and each.label.lower() == label[0].lower()}
        if len(letters) == 1:
            (letter,) = letters
            context.assume(f"{wanted.name} is the objective of {letter}", wanted.span)
            return (letter,)
    return ()


def terms_of_player(context: Context, terms: tuple[Term, ...], owned: tuple[str, ...], player: str) -> tuple[Term, ...]:
    """The terms that depend on what a player owns, everything else in them held constant.

    A gradient penalty belongs to the player whose network is differentiated: to charge another player with it,
    that player's objective must be written out.
    """
    kept = []
    for term in terms:
        foreign = [
            each for each in walk(term.node) if isinstance(each, ir.Grad) and not calls_any(each.body, each.wrt, owned)
        ]
        if foreign and depends_on(term.node, owned):
            context.assume(f"the gradient penalty {term.name} is not {player}'s to minimise", term.span)
        elif depends_on(term.node, owned):
            kept.append(frozen_for(context.arena, term, owned))
    return tuple(kept)


def calls_any(body: ir.Node, wrt: ir.Node, owned: tuple[str, ...]) -> bool:
    """Does ``body`` call one of the networks itself, not only inside the point ``wrt`` it is evaluated at?"""
    inside = set(walk(wrt))
    return any(isinstance(each, ir.NetCall) and each.network in owned for each in walk(body) if each not in inside)


def frozen_for(arena: Arena, term: Term, owned: tuple[str, ...]) -> Term:
    """The term with every network and parameter that the player does not own made a constant."""

    def freeze(node: ir.Node) -> ir.Node:
        if isinstance(node, ir.NetCall) and node.network not in owned and not node.frozen:
            return arena.inherit(arena.make(ir.NetCall, node.network, node.args, True, node.copy, node.method), node)
        if isinstance(node, ir.Param) and node.name not in owned and not node.frozen:
            return arena.inherit(arena.make(ir.Param, node.name, node.learned, True, node.own, node.number), node)
        return node

    return replace(term, node=rewrite(arena, term.node, freeze))


def depends_on(node: ir.Node, owned: tuple[str, ...]) -> bool:
    """Does a gradient reach one of the player's networks or parameters from this node?"""
    return any(
        (isinstance(each, ir.NetCall) and each.network in owned) or (isinstance(each, ir.Param) and each.name in owned)
        for each in walk(node)
    )
