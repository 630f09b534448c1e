r"""Logarithms to a base that is a number: ``\log_2 p(x)`` is ``\log p(x) / \log 2``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree


def natural_logs(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with every such logarithm written by natural ones.

    >>> from formula2dgm.syntax import parse
    >>> str(natural_logs(parse(r"-\\frac1D \\log_2 p(x)")[0])[0])
    '-(1/D) ((log p(x)) / (log 2))'
    """
    return [each.with_body(_natural(each.body)) for each in statements]


def _natural(node: tree.Node) -> tree.Node:
    changed = map_children(node, _natural)
    match changed:
        case tree.Prefix(name="log", sub=(base,)) | tree.Func(name="log", sub=(base,)) if _is_base(base):
            return tree.Div(replace(changed, sub=()), tree.Prefix("log", base, span=base.span), span=node.span)
    return changed


def _is_base(node: tree.Node) -> bool:
    return isinstance(node, tree.Number) and float(node.text) not in (0.0, 1.0)
