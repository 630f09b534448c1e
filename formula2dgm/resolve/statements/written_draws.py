r"""Draws as papers write them, made what the other rooms read: the law of a logarithm, ``\log\sigma \sim N(m, v)``, or
of a standardised value, ``(z - u)/s \sim N(0, I)``, and drawn values behind a semicolon, ``D(x; \sigma)``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.sequences.stepwise import is_parameter
from formula2dgm.resolve.statements.standardised import standardised
from formula2dgm.syntax import tree

#: Functionals of several variables, between which a semicolon stands.
_FUNCTIONALS = frozenset(("I", "MI", "TC", "H"))


def write_draws(statements: Sequence[tree.Statement], found: Diagnostics) -> list[tree.Statement]:
    """The statements with both written out; laws of other functions of a variable go to ``found``."""
    plain = [each.with_body(_without_logs(each.body, found)) for each in statements]
    drawn = {name for each in plain for name in _drawn(each.body)}
    calls = (each for statement in plain for each in statement.body.all(tree.Call))
    heads = {each.head for each in calls if _takes_drawn(each, drawn)}
    return [each.with_body(_with_arguments(each.body, heads, drawn)) for each in plain]


# -- laws of logarithms --------------------------------------------------------------------------------


def _without_logs(node: tree.Node, found: Diagnostics) -> tree.Node:
    node = map_children(node, lambda each: _without_logs(each, found))
    match node:
        case tree.Chain(members=(left, law), relations=("~",)) if (made := standardised(left, law)) is not None:
            return replace(node, members=made)
        case tree.Draws(names=(left,), density=law) if (made := standardised(left, law)) is not None:
            return replace(node, names=made[:1], density=made[1])
        case tree.Chain(members=(left, law), relations=("~",)) if (name := _under(left, law, found)) is not None:
            return replace(node, members=(name, _exponential(law)))
        case tree.Draws(names=(left,), density=law) if (name := _under(left, law, found)) is not None:
            return replace(node, names=(name,), density=_exponential(law))
    return node


def _under(node: tree.Node, law: tree.Node, found: Diagnostics) -> tree.Symbol | None:
    """The variable of whose logarithm the law is; None where it is that of a variable itself."""
    body = None
    match node:
        case tree.Prefix(name="log" | "ln", operand=operand, sub=()):
            body = operand
        case tree.Func(name="log" | "ln", args=(argument,), sub=()):
            body = argument
    normal = isinstance(law, tree.Call) and registry.family_by_spelling(spelling(law.head)) == registry.family("Normal")
    if isinstance(body, tree.Symbol) and normal:
        return body
    if isinstance(node, tree.Prefix | tree.Func | tree.Power | tree.Number | tree.Add | tree.Mul | tree.Div | tree.Neg):
        drawn = next((str(each) for each in node.all(tree.Symbol)), "x")
        found.error(
            "F2D-0496",
            f"the law of {node} says nothing that is read of {drawn}",
            node.span,
            f"draw another variable and define {drawn} by it: u \\sim {law}; {drawn} = ...",
        )
    return None


def _exponential(law: tree.Node) -> tree.Node:
    """The law of a variable whose logarithm has a Normal one."""
    assert isinstance(law, tree.Call)
    return replace(law, head=tree.Symbol("LogNormal", (), (), (), "", span=law.head.span))


# -- drawn values behind a semicolon -------------------------------------------------------------------


def _drawn(root: tree.Node) -> Iterator[tree.Node]:
    """What statements and expectations draw."""
    if isinstance(root, tree.Chain) and root.relations[0] == "~":
        left = root.members[0]
        yield from left.items if isinstance(left, tree.Tuple) else (left,)
    for each in root.walk():
        if isinstance(each, tree.Draws):
            yield from each.names


def _takes_drawn(node: tree.Call, drawn: set[tree.Node]) -> bool:
    """Is this a call of a network with a drawn value behind a semicolon?"""
    if not isinstance(node.head, tree.Symbol) or node.params is None:
        return False
    named = registry.family_by_spelling(spelling(node.head)) is not None or node.head.letter in _FUNCTIONALS
    named = named or all(map(is_parameter, node.args))  # L(\theta; \sigma)
    return not named and not is_density_call(node) and any(_reads(each, drawn) for each in node.params)


def _reads(node: tree.Node, drawn: set[tree.Node]) -> bool:
    return any(each in drawn for each in node.walk())


def _with_arguments(node: tree.Node, heads: set[tree.Node], drawn: set[tree.Node]) -> tree.Node:
    """``D(x, \\sigma)`` for ``D(x; \\sigma)``; names of parameters are left out."""
    node = map_children(node, lambda each: _with_arguments(each, heads, drawn))
    if isinstance(node, tree.Call) and node.head in heads and node.params is not None:
        given = tuple(each for each in node.params if _reads(each, drawn) or not is_parameter(each))
        return replace(node, args=(*node.args, *given), params=None)
    return node
