"""Runs of a variable written with both ends as scripts: ``p(x_1^T)`` is ``p(x_{1:T})``.

Where only a variable can stand, 0 or 1 below and a capital letter or a number above are the ends of a run. So is an
expression above, ``p(x_t | x_1^{t-1})``, if the variable bears its name as an index elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from formula2dgm.reading.notes import Notes
from formula2dgm.reading.places import variable_places
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

_FIRST = frozenset(("0", "1"))


def name_dotted_runs(node: tree.Node) -> tree.Node:
    """The tree with ``\\psi^{0 \\dots K}`` as ``\\psi^{(0:K)}``: dots between two values above a name are no power."""
    node = map_children(node, name_dotted_runs)
    match node:
        case tree.Power(tree.Symbol() as base, tree.Mul((first, tree.Ellipsis(), last))):
            return replace(base, sup=(*base.sup, tree.Range(first, last, span=node.span)), span=node.span)
        case tree.Symbol(sup=(tree.Tuple((first, tree.Ellipsis(), last)),)):
            return replace(node, sup=(tree.Range(first, last, span=node.span),))
    return node


def name_runs(roots: Iterable[tree.Node], notes: Notes) -> list[tree.Node]:
    """The trees with such runs as ranges, wherever one of them stands."""
    roots = list(roots)
    indexed = _indices_below(roots)
    runs = {each for root in roots for node in root.walk() for each in variable_places(node) if _is_run(each, indexed)}

    def rebuild(node: tree.Node) -> tree.Node:
        match node:
            case tree.Power(base=tree.Symbol(sub=(first,)) as base, exponent=last) if node in runs:
                end = tree.Symbol("T", span=last.span) if _is_typed_t(last) else last
                made = replace(base, sub=(tree.Range(first, end, span=node.span),), span=node.span)
                notes.add(f"{node} is {made}: the scripts of a variable are the ends of a run", node.span)
                return made
        return map_children(node, rebuild)

    return [rebuild(each) for each in roots] if runs else roots


def _indices_below(roots: Iterable[tree.Node]) -> frozenset[tuple[str, str]]:
    """The letters of variables, each with a name that stands alone below it: ``x_t``."""
    symbols = (each for root in roots for each in root.all(tree.Symbol))
    return frozenset((each.letter, str(item)) for each in symbols for item in each.sub if isinstance(item, tree.Symbol))


def _is_run(node: tree.Node, indexed: frozenset[tuple[str, str]]) -> bool:
    match node:
        case tree.Power(base=tree.Symbol(sub=(tree.Number(text=first),)) as base, exponent=last) if first in _FIRST:
            if isinstance(last, tree.Number):
                return last.text.isdigit() and int(last.text) > int(first)
            if _is_typed_t(last):
                return True
            if isinstance(last, tree.Symbol) and not last.sub and len(last.letter) == 1 and last.letter.isupper():
                return True
            return any((base.letter, str(each)) in indexed for each in last.walk())
    return False


def _is_typed_t(node: tree.Node) -> bool:
    """A transpose typed as a plain T, which here is an end: a variable's place holds no transpose."""
    return isinstance(node, tree.Symbol) and node.letter == "top" and node.span.text.strip("{}^ ") == "T"
