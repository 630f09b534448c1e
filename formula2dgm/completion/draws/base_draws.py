r"""What a flow starts from, drawn in a bracket or by a statement: ``z = f(z_0)``, ``z_0 \sim N(0, 4 I)``.

The density of z, ``\log q(z)``, is that of z_0 under the change of variables, so the draw of z_0 is from a density with
a name, ``q(z_0) = N(z_0; 0, 4 I)``, as where the text declares one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import POSTERIOR_LETTERS, is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def name_base_draws(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with such draws from densities that are declared."""
    bodies = [each.body for each in statements]
    nodes = [node for body in bodies for node in body.walk()]
    calls = [each for each in nodes if isinstance(each, tree.Call) and is_density_call(each)]
    declared = [each for body in bodies if isinstance(body, tree.Chain) for each in body.members[0].walk()]
    scored = {id(each) for node in nodes if _is_log(node) for each in node.walk()}
    unknown = [each for each in calls if id(each) in scored and not any(each == other for other in declared)]
    brackets = [each for node in nodes if isinstance(node, tree.Expect) for each in node.binders]
    # of the prior and the posterior of z it is the one that brackets draw from that the value's own draw makes
    drawn = [each.head if isinstance(each, tree.Call) else each for each in brackets]
    made: dict[tree.Symbol, tuple[tree.Call, tree.Node]] = {}
    for place in (*brackets, *bodies):
        name, family = _drawn(place)
        if name is None or name in made or any(each.args == (name,) for each in calls):
            continue
        following = [each for each in unknown if len(each.args) == 1 and _is_made_of(bodies, each.args[0], name)]
        if following:
            law = min(following, key=lambda each: (each.head not in drawn, not _is_posterior(each)))
            made[name] = tree.Call(law.head, (name,), span=family.span), family
    if not made:
        return list(statements)

    def named(node: tree.Node) -> tree.Node:
        name, _ = _drawn(node)
        if name is None or name not in made:
            return map_children(node, named)
        if isinstance(node, tree.Draws):
            return replace(node, density=made[name][0])
        assert isinstance(node, tree.Chain)
        return replace(node, members=(name, made[name][0]))

    added = [
        tree.Statement(tree.Chain((density, family), ("=",), span=family.span), span=family.span)
        for density, family in made.values()
    ]
    return [*(each.with_body(named(each.body)) for each in statements), *added]


def _is_posterior(call: tree.Call) -> bool:
    return isinstance(call.head, tree.Symbol) and call.head.letter in POSTERIOR_LETTERS


def _is_log(node: tree.Node) -> bool:
    return isinstance(node, tree.Prefix | tree.Func) and node.name == "log"


def _drawn(node: tree.Node) -> tuple[tree.Symbol | None, tree.Node]:
    """The one variable that is drawn from a written family here, and the family."""
    match node:
        case tree.Draws((tree.Symbol() as name,), density) if is_written_family(density):
            return name, density
        case tree.Chain((tree.Symbol() as name, density), ("~",)) if is_written_family(density):
            return name, density
    return None, node


def _is_made_of(bodies: Sequence[tree.Node], variable: tree.Node, start: tree.Symbol) -> bool:
    """Do definitions make the variable of the start by functions: ``z = f_2(u)``, ``u = f_1(z_0)``?"""
    seen: list[tree.Node] = []
    waiting = [variable]
    while waiting:
        name = waiting.pop()
        seen.append(name)
        for body in bodies:
            if not (isinstance(body, tree.Chain) and body.relations == ("=",) and body.members[0] == name):
                continue
            inner = body.members[1]
            while isinstance(inner, tree.Call) and inner.args:
                inner = inner.args[0]
            if inner == start:
                return True
            waiting += [] if inner in seen else [inner]
    return False
