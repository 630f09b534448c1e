r"""Parameters that a statement holds constant: ``\theta_T = \mathrm{sg}(\theta_T)``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.notes import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.stopped import plain_symbol, unstopped
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree


def hold_said(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such parameters held constant wherever they are, and what was decided.

    Labelled parameters that are only set equal to others, and stopped ones that are no subscript, are refused.
    """
    kept: list[tree.Statement] = []
    stopped: dict[tree.Node, tree.Node] = {}
    notes: list[Note] = []
    below = _subscripts(statements)
    for statement in statements:
        said = _said(statement.body)
        if said is None:
            kept.append(statement)
            continue
        name, right, other = said
        if name in below and other in below | {name}:
            if right == other:
                if name.sub:
                    raise FormulaError(_equal(name, other, statement.body))
                kept.append(statement)
                continue
            stopped[name] = right
            if plain_symbol(name) != other:
                notes.append(Note(f"the parameters {name} are {other}, held constant", statement.span))
        elif right != other and not _is_value(name, statement, statements):
            raise FormulaError(_nobodys(name))
        else:
            kept.append(statement)
    return [each.with_body(_held(each.body, stopped)) for each in kept], notes


def _said(body: tree.Node) -> tuple[tree.Symbol, tree.Node, tree.Symbol] | None:
    """The parameters, what they are said to be, and the parameters in that."""
    match body:
        case tree.Chain(members=(tree.Symbol() as name, right), relations=("=" | ":=",)) if _is_parameter(name):
            other = unstopped(right)
            return (name, right, other) if isinstance(other, tree.Symbol) and _is_parameter(other) else None
    return None


def _is_parameter(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and node.letter in GREEK_GROUPS


def _is_value(name: tree.Symbol, where: tree.Statement, statements: Sequence[tree.Statement]) -> bool:
    """Is the name read anywhere else but behind a semicolon and below an operator?"""
    nodes = [node for each in statements if each is not where for node in each.body.walk()]
    aside: list[tree.Node] = []
    for node in nodes:
        match node:
            case tree.Call(params=(_, *_) as names) if not is_written_family(node):
                aside += [each for each in names if each == name]
            case tree.Optimise(names=names):
                aside += [each for each in names if each == name]
    return sum(each == name for each in nodes) > len(aside)


def _subscripts(statements: Iterable[tree.Statement]) -> frozenset[tree.Node]:
    """What stands below the names of functions and densities."""
    nodes = (each for statement in statements for each in statement.body.all(tree.Call))
    heads = (each.head for each in nodes if isinstance(each.head, tree.Symbol))
    return frozenset(each for head in heads for each in head.sub if _is_parameter(each))


def _held(node: tree.Node, stopped: dict[tree.Node, tree.Node]) -> tree.Node:
    made = map_children(node, lambda each: _held(each, stopped))
    if isinstance(made, tree.Call) and isinstance(made.head, tree.Symbol):
        sub = tuple(stopped.get(each, each) for each in made.head.sub)
        return made if sub == made.head.sub else replace(made, head=replace(made.head, sub=sub))
    return made


def _equal(name: tree.Symbol, other: tree.Symbol, chain: tree.Node) -> Diagnostic:
    message = f"{chain} says neither that {name} is updated nor that it is held constant"
    hint = f"write {name} = sg({other}), {name} <- 0.99 {name} + 0.01 {other}, or one name where they are the same"
    return Diagnostic("F2D-0574", "error", message, chain.span, hint)


def _nobodys(name: tree.Symbol) -> Diagnostic:
    message = f"{name} is held constant, and nothing has {name} as its parameters"
    hint = f"write them below a name, f_{{{name}}}(x), or what is trained below \\min"
    return Diagnostic("F2D-0574", "error", message, name.span, hint)
