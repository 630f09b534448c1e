r"""Sums of exponentials over all classes, of the entries of one vector: ``\sum_{y'} \exp(f(x)[y'])``.

The classes are those of the variable that the index is called after, or as many as the bound says; ``f_{y'}(x)`` under
such a sum is the entry of ``f(x)``, and so is ``f_y(x)`` elsewhere in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.spaces import at_sizes, read_space, sizes_of
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class ClassSum(tree.Func):
    """``\\log \\sum_y \\exp(v_y)`` over the entries of a vector, of which there are as many as classes."""

    classes: int = field(kw_only=True)


def write_class_sums(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums as functions of the vector, and what was decided."""
    bodies = [each.body for each in statements]
    sizes = sizes_of(bodies)
    spaces = dict(_categories(bodies, sizes))
    heads: dict[tree.Symbol, tree.Node] = {}  # f_{y'}, with its index

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Prefix("log", tree.Func("exp", (ClassSum() as total,)), ()):
                return total
            case tree.Func("log", (tree.Func("exp", (ClassSum() as total,)),), ()):
                return total
        if not isinstance(node, tree.Big) or (count := _classes(node, spaces, sizes)) is None:
            return node
        (index,) = _indices(node)
        exponent = _exponent(node.body)
        vector = None if exponent is None else _vector(exponent, index, heads)
        if vector is None or index in vector.walk():
            return node
        total = ClassSum("logsumexp", (vector,), classes=count, span=node.span)
        return tree.Func("exp", (total,), span=node.span)

    made = [written(each) for each in bodies]
    notes = [Note(f"{head}(...) is an entry of {replace(head, sub=())}(...)", head.span) for head in heads]
    plainly = {replace(head, sub=tuple(each for each in head.sub if each != index)) for head, index in heads.items()}

    def applied(node: tree.Node) -> tree.Node:
        node = map_children(node, applied)
        if isinstance(node, tree.Call) and isinstance(node.head, tree.Symbol) and not is_density_call(node):
            for index in (each for each in node.head.sub if each in spaces):
                bare = replace(node.head, sub=tuple(each for each in node.head.sub if each != index))
                if bare in plainly:
                    return tree.Indexed(replace(node, head=bare), (index,), span=node.span)
        return node

    made = [applied(each) for each in made] if heads else made
    return [each.with_body(body) for each, body in zip(statements, made, strict=True)], notes


def _categories(bodies: Sequence[tree.Node], sizes: Mapping[tree.Node, tree.Node]) -> Iterator[tuple[tree.Node, int]]:
    """The variables that have classes, and how many."""
    for body in bodies:
        if isinstance(body, tree.Chain) and body.relations[0] == "in":
            space, left = read_space(at_sizes(body.members[-1], sizes)), body.members[0]
            for each in left.items if isinstance(left, tree.Tuple) else (left,):
                if space is not None and space.classes is not None and space.shape == ():
                    yield each, space.classes


def _indices(node: tree.Big) -> list[tree.Symbol]:
    names = [each.name if isinstance(each, tree.Binds) else each for each in node.binders]
    names = [each.left if isinstance(each, tree.Relates) else each for each in names]
    return [each for each in names if isinstance(each, tree.Symbol)]


def _classes(node: tree.Big, spaces: Mapping[tree.Node, int], sizes: Mapping[tree.Node, tree.Node]) -> int | None:
    """How many classes a sum runs over, all of them; None where it is no such sum."""
    if node.op != "sum" or len(node.binders) != 1 or len(_indices(node)) != 1:
        return None
    (index,) = _indices(node)
    unprimed = replace(index, accents=tuple(each for each in index.accents if each != "prime"))
    match node.binders[0]:
        case tree.Symbol() if node.upper is None:
            return spaces.get(index, spaces.get(unprimed))
        case tree.Relates(_, "in", space):
            found = read_space(at_sizes(space, sizes))
            return found.classes if found is not None else spaces.get(unprimed)
        case tree.Binds(value=tree.Number(first)) if first in ("0", "1") and node.upper is not None:
            upper = sizes.get(node.upper, node.upper)
            last = upper
            if first == "0":
                match upper:
                    case tree.Add((last, tree.Neg(tree.Number("1")))):
                        last = sizes.get(last, last)
                    case tree.Number(text) if text.isdigit():
                        return int(text) + 1
                    case _:
                        return None
            return int(last.text) if isinstance(last, tree.Number) and last.text.isdigit() else None
    return None


def _exponent(node: tree.Node) -> tree.Node | None:
    """a of ``\\exp(a)`` and ``e^a``."""
    match node:
        case tree.Func("exp", (argument,)) | tree.Prefix("exp", argument):
            return argument
        case tree.Power(tree.Symbol("e", sub=(), sup=()), argument):
            return argument
    return None


def _vector(node: tree.Node, index: tree.Symbol, heads: dict[tree.Symbol, tree.Node]) -> tree.Node | None:
    """A vector, scaled, of whose entry at the index this speaks; None for anything else."""
    match node:
        case tree.Indexed(body, (one,)) if one == index:
            return body
        case tree.Call(head=tree.Symbol() as head) if index in head.sub and not is_density_call(node):
            heads[head] = index
            return replace(node, head=replace(head, sub=tuple(each for each in head.sub if each != index)))
        case tree.Neg(body):
            inner = _vector(body, index, heads)
            return None if inner is None else replace(node, body=inner)
        case tree.Div(top, bottom):
            inner = _vector(top, index, heads)
            return None if inner is None else replace(node, numerator=inner, denominator=bottom)
        case tree.Mul(factors):
            found = [(place, made) for place, each in enumerate(factors) if (made := _vector(each, index, heads))]
            others = [each for place, each in enumerate(factors) if place not in dict(found)]
            if len(found) == 1 and all(plain(each) is not None or isinstance(each, tree.Number) for each in others):
                place, inner = found[0]
                return replace(node, factors=(*factors[:place], inner, *factors[place + 1 :]))
    return None


def classes_read(roots: Sequence[tree.Node], spaces: Mapping[str, int]) -> Iterator[tuple[tree.Symbol, int]]:
    """The networks of vectors with an entry for each class, and how many: f of ``f(x)[y]``, ``softmax(f(x))_y`` and of
    sums over classes."""
    for node in (each for root in roots for each in root.all(ClassSum, tree.Indexed)):
        match node:
            case ClassSum(args=(vector,), classes=count):
                pass
            case tree.Indexed(vector, (tree.Symbol() as index,)) if str(index) in spaces:
                count = spaces[str(index)]
            case _:
                continue
        while isinstance(vector, tree.Func) and vector.name in ("softmax", "log", "exp"):
            vector = vector.args[0]
        parts = vector.walk() if isinstance(vector, tree.Neg | tree.Div | tree.Mul) else (vector,)
        heads = [each.head for each in parts if isinstance(each, tree.Call) and isinstance(each.head, tree.Symbol)]
        yield from ((each, count) for each in heads[:1])
