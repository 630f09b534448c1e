r"""The game that a value function of several players is, where nothing says who raises it and who lowers it.

    V(G, D) = E_{x}[\log D(x)] + E_{z}[\log(1 - D(G(z)))]        \min_G \max_D V(G, D) = ...

D judges, and wants both logarithms up; G is judged, and wants to be taken for real. Where the terms do not tell what
each player wants, or all want the same, the value function is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import Options
from formula2dgm.reading import Note
from formula2dgm.reading.judgements import called_in
from formula2dgm.reading.kinds import find_indices
from formula2dgm.reading.polarity import Known, polarity
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

_EQUAL = frozenset(("=", ":="))


def write_games(statements: Sequence[tree.Statement], options: Options) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the operators of each player in front of a value function, and what was decided."""
    bodies = [each.body for each in statements]
    said = any(isinstance(each, tree.Optimise) for body in bodies for each in body.walk())
    if said or options.maximize is not None or any(each.players for each in statements):
        return list(statements), []
    if not any(_players(each, [other for other in bodies if other is not each]) for each in bodies):
        return list(statements), []
    known = Known(find_indices(bodies)[0])
    notes: list[Note] = []
    out = []
    for each in statements:
        others = [body for body in bodies if body is not each.body]
        operators = _operators(each.body, others, known)
        body: tree.Node = each.body
        for op, player in operators:
            body = tree.Optimise(op, (player,), body, span=body.span)
        if operators and isinstance(each.body, tree.Chain):
            game = " ".join(f"{op}_{player}" for op, player in reversed(operators))
            text = f"{each.body.members[0]} is the value of the game {game}: who judges is to be right"
            notes.append(Note(text, body.span))
        out.append(each.with_body(body))
    return out, notes


def _operators(body: tree.Node, others: Sequence[tree.Node], known: Known) -> list[tuple[str, tree.Symbol]]:
    """What each player of a value function does, the judge first; nothing where the terms do not tell."""
    players = _players(body, others)
    if not players or polarity(body.members[-1], known):  # type: ignore[attr-defined]
        return []
    value = body.members[-1]  # type: ignore[attr-defined]
    wishes = {each: polarity(value, replace(known, player=str(each))) for each in players}
    if any(len(each) != 1 for each in wishes.values()) or len(set(wishes.values())) < 2:
        return []
    own = sorted(players, key=lambda each: not _judges(value, players, each))
    return [("max" if 1 in wishes[each] else "min", each) for each in own]


def _players(body: tree.Node, others: Sequence[tree.Node]) -> list[tree.Symbol]:
    """The names that a value function is of, each applied in it; nothing for any other statement."""
    match body:
        case tree.Chain((tree.Call(tree.Symbol() as head, arguments, None, None) as left, *_, value), (relation, *_)):
            if relation not in _EQUAL or is_density_call(left) or any(called_in((each,), str(head)) for each in others):
                return []
            calls = list(value.all(tree.Call))
            applied = {str(each) for call in calls for each in _trained(call)}
            behind = {str(each): call.head for call in calls for each in call.params or ()}
            names = (behind.get(str(each), each) for each in arguments if str(each) in applied)
            players = [each for each in names if isinstance(each, tree.Symbol)]
            return players if len(players) == len(arguments) > 1 else []
    return []


def _trained(call: tree.Call) -> list[tree.Node]:
    """What a network goes by, and its parameters: phi of ``D(x; \\phi)``, theta of ``G_\\theta(z)``."""
    below = call.head.sub if isinstance(call.head, tree.Symbol) else ()
    return [call.head, *below, *(call.params or ())]


def _judges(value: tree.Node, players: Sequence[tree.Symbol], player: tree.Symbol) -> bool:
    """Is what another player makes given to this one?"""
    calls = [each for each in value.all(tree.Call) if player in _trained(each)]
    return any(called_in(call.args, str(other)) for call in calls for other in players if other is not player)
