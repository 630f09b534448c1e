"""One objective as it is written: the members of its chain, its name, and who wants what of it."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.completion.densities.named_functionals import INFORMATION
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import read_name
from formula2dgm.reading.objective_like import is_objective_like
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.records import dataclass
from formula2dgm.spans import Span
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Wanted:
    """One objective as written: its candidate members (the last that can be computed counts) and who wants what.

    apart   the members in front of the last one that is optimised which other operators, or none, stand before: its
            operators say nothing of them
    """

    members: tuple[tree.Node, ...]
    relations: tuple[str, ...]
    operators: tuple[tuple[str, tuple[str, ...]], ...]
    heads: tuple[str, ...]
    name: str | None
    span: Span
    statement: tree.Statement
    constraints: tuple[tree.Relates, ...] = ()
    apart: tuple[int, ...] = ()


def read_wanted(statement: tree.Statement, body: tree.Node) -> Wanted:
    operators: list[tuple[str, tuple[str, ...]]] = []
    heads: list[str] = []
    members: tuple[tree.Node, ...] = (body,)
    relations: tuple[str, ...] = ()
    name: str | None = None
    apart: tuple[int, ...] = ()
    while True:
        if isinstance(body, tree.Optimise):
            operators.append(_operator(body))
            body = _optimised(body)
        elif isinstance(body, tree.Chain):
            members, relations = body.members, body.relations
            left = members[0]
            if relations[0] in ("=", ":=") and _is_head(left):
                name = str(left)
                heads = _head_groups(left)
                members, relations = members[1:], relations[1:]
            else:
                losses = [each for each in members[:-1] if names_objective(each)]
                name = str(losses[-1]) if losses else name
                heads = _head_groups(losses[-1]) if losses else heads
            if isinstance(members[0], tree.Optimise) and len(members) == 1:
                body = members[0]
                continue
            operators += _operators_of(members)
            apart = _apart(members)
            members = tuple(map(_bare, members))
            break
        else:
            members = (body,)
            break
    players = tuple(_player(each) for each in statement.players)
    if players:
        operators.append(("", players))
    constraints = tuple(
        name for each in statement.body.all(tree.Optimise) for name in each.names if isinstance(name, tree.Relates)
    )
    said = tuple(operators), tuple(heads)
    return Wanted(members, relations, *said, name, statement.span, statement, constraints, apart)


def _operator(node: tree.Optimise) -> tuple[str, tuple[str, ...]]:
    """The operator and the players under it: D of ``D \\in \\mathcal{D}`` and of ``D: \\|D\\|_L \\le 1``."""
    return node.op, tuple(dict.fromkeys(_player(_constrained(each)) for each in node.names))


def _constrained(node: tree.Node) -> tree.Node:
    """What a relation under an operator is about."""
    left = node.left if isinstance(node, tree.Relates) else node
    return left.body if isinstance(left, tree.Norm) else left


def _operators_of(members: Sequence[tree.Node]) -> list[tuple[str, tuple[str, ...]]]:
    """What the last member of ``a = argmin_phi b = argmin_phi c`` that is optimised says."""
    optimised = [each for each in members if isinstance(each, tree.Optimise)]
    node: tree.Node | None = optimised[-1] if optimised else None
    found = []
    while isinstance(node, tree.Optimise):
        found.append(_operator(node))
        node = node.body
    return found


def _apart(members: Sequence[tree.Node]) -> tuple[int, ...]:
    """Where a chain says ``argmax a = argmin b``, a is no other writing of b."""
    said = [_operators_of([each]) for each in members]
    last = max((place for place, each in enumerate(said) if each), default=0)
    return tuple(place for place in range(last) if said[place] != said[last])


def _optimised(node: tree.Optimise) -> tree.Node:
    """What an operator is in front of. Behind ``\\arg\\max_{p(z)} K`` a density, ``= \\frac1N \\sum_n q(z|x_n)``, is
    the optimum, and nothing that is raised."""
    over = node.op in ("argmin", "argmax") and any(map(is_density_call, node.names))
    if over and isinstance(node.body, tree.Chain) and not any(map(is_objective_like, node.body.members[1:])):
        return node.body.members[0]
    return node.body


def _bare(node: tree.Node) -> tree.Node:
    """A member without its optimisers."""
    while isinstance(node, tree.Optimise):
        node = node.body
    return node


def _is_head(node: tree.Node) -> bool:
    """Is this the name of an objective: ``\\mathcal{L}``, ``V(D, G)``, ``\\mathcal{L}(\\theta; x)``?"""
    return isinstance(node, tree.Symbol) or (isinstance(node, tree.Call) and not is_density_call(node))


def _head_groups(node: tree.Node) -> list[str]:
    """The players that a head names; what stands in a mutual information are variables, ``I(c, G(z, c))``."""
    if not isinstance(node, tree.Call) or spelling(node.head) in INFORMATION:
        return []
    return [_player(each) for each in (*node.args, *(node.params or ()))]


def _player(node: tree.Node) -> str:
    return read_name(node, frozenset(), head=True).full if isinstance(node, tree.Symbol) else str(node)


def logarithm_wanted(declared: Sequence[tree.Statement]) -> tree.Statement | None:
    """The one logarithm of an integral or a sum, ``log p(x) = log \\int p(x|z) p(z) dz``, of statements that say what a
    density is: beside declarations alone it is what is wanted, too."""
    found = [each for each in declared if isinstance(each.body, tree.Chain) and _is_logarithm(each.body.members[-1])]
    return found[0] if len(found) == 1 else None


def _is_logarithm(node: tree.Node) -> bool:
    return isinstance(node, tree.Prefix) and node.name == "log" and isinstance(node.operand, tree.Integral | tree.Big)
