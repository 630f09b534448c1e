"""Spaces: where a variable lives, ``x \\in \\{0,1\\}^{64}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from formula2dgm.ir.program import Support
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class Space:
    """Where a variable lives: ``real``, ``binary``, ``unit``, ``category``; its event shape; the number of classes."""

    kind: Support
    shape: tuple[int, ...] | None
    classes: int | None = None


def read_space(node: tree.Node) -> Space | None:
    """``\\mathbb{R}^{16}``, ``\\{0,1\\}^{8 \\times 8}``, ``[0,1]^{64}``, ``\\{1,\\dots,10\\}``."""
    shape: tuple[int, ...] | None = ()
    if isinstance(node, tree.Power):
        if any(map(_is_no_size, _sizes(node.exponent))):
            return None
        shape = _shape(node.exponent)
        node = node.base
    if isinstance(node, tree.Symbol) and node.letter == "R" and not (node.sub or node.sup):
        return Space("real", shape)
    if isinstance(node, tree.Interval) and str(node.lower) == "0" and str(node.upper) == "1":
        return Space("unit", shape)
    if isinstance(node, tree.SetOf):
        texts = [str(each) for each in node.items if not isinstance(each, tree.Ellipsis)]
        if texts == ["0", "1"] and len(node.items) == 2:
            return Space("binary", shape)
        if all(text.isdigit() for text in texts) and texts:
            return _category(list(map(int, texts)), len(texts) < len(node.items), shape)
    return None


def sizes_of(nodes: Iterable[tree.Node]) -> dict[tree.Node, tree.Node]:
    """The names that statements give a whole number, ``d = 8``: a space may be written with them."""
    found: dict[tree.Node, tree.Node] = {}
    for node in nodes:
        match node:
            case tree.Chain((tree.Symbol() as name, tree.Number(text) as number), ("=",) | (":=",)) if text.isdigit():
                found[name] = number
    return found


def at_sizes(node: tree.Node, sizes: Mapping[tree.Node, tree.Node]) -> tree.Node:
    """A space with its sizes as numbers: ``\\mathbb{R}^d`` as ``\\mathbb{R}^8``."""
    return sizes[node] if node in sizes else map_children(node, lambda each: at_sizes(each, sizes))


def lipschitz_target(call: tree.Call) -> tree.Symbol | None:
    """D of ``\\mathrm{Lip}(D)``, ``K(D(\\cdot))`` and ``K(D(\\cdot, \\phi))``: a constant of the function D."""
    if str(call.head) not in ("Lip", "Lipschitz", "K") or len(call.args) != 1 or call.given is not None:
        return None
    match call.args[0]:
        case tree.Call(tree.Symbol() as target, (tree.Blank(), *_)):
            return target
        case tree.Symbol() as target if str(call.head) != "K":
            return target
    return None


def is_constraint(chain: tree.Chain) -> bool:
    """Does the statement say where parameters are kept, not where a variable lives: ``w \\in [-c, c]^d``,
    ``\\|D\\|_L \\le 1``, ``w := clip(w, -c, c)``?"""
    match chain.members, chain.relations:
        case (tree.Symbol(), tree.Interval() | tree.Power(tree.Interval())), ("in",):
            return read_space(chain.members[1]) is None
        case (tree.Norm(tree.Symbol(), tree.Symbol(letter="L" | "Lip" | "Lipschitz")), _), ("<=" | "<",):
            return True
        case (tree.Call() as bounded, tree.Number("1")), ("<=" | "<",):
            return lipschitz_target(bounded) is not None
        case (tree.Symbol() as kept, tree.Func("clip" | "clamp", (tree.Symbol() as clipped, *_))), (":=",):
            return kept == clipped
    return False


def _category(values: list[int], dots: bool, shape: tuple[int, ...] | None) -> Space | None:
    """The classes from the first to the last value: all written, or with dots between them."""
    first, last = values[0], values[-1]
    whole = all(after == before + 1 for before, after in pairwise(values)) or (dots and first < last)
    return Space("category", shape, last - first + 1) if whole else None


def _sizes(node: tree.Node) -> tuple[tree.Node, ...]:
    return node.factors if isinstance(node, tree.Mul) else (node,)


def _is_no_size(node: tree.Node) -> bool:
    """A number that no dimension has: 0, -1, 2.5."""
    return isinstance(node, tree.Neg) or (
        isinstance(node, tree.Number) and not (node.text.isdigit() and int(node.text))
    )


def _shape(node: tree.Node) -> tuple[int, ...] | None:
    sizes = _sizes(node)
    if all(isinstance(each, tree.Number) and each.text.isdigit() and int(each.text) for each in sizes):
        return tuple(int(each.text) for each in sizes if isinstance(each, tree.Number))
    return None
