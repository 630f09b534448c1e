r"""Functions whose letter is one of densities: the value ``Q(s, a)``, the reward ``r(s, a)``, the ratio ``r(\theta)``,
and what is measured as a vector, the prediction ``q(z)`` of ``\|q(z)\|``.

A letter without a bar is a density's where the text draws from it, takes its logarithm, divides it by a density or
compares it with one, or gives it a bar somewhere. Where it does none of these, what stands is a value: of a network, or
of what the text defines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.notes import Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_at_value, is_density_call
from formula2dgm.syntax import tree

#: Letters that papers use for densities and for functions alike.
BOTH = frozenset(("Q", "r", "rho"))
_EQUAL = ("=", ":=")
_LOGS = frozenset(("log", "ln", "H"))


def values_of_functions(roots: Sequence[tree.Node], notes: Notes) -> list[tree.Node]:
    """The trees with calls of such letters as values of functions where nothing says that they are densities."""
    both = BOTH | {letter for root in roots for letter in _as_vectors(root)}
    calls = [each for root in roots for each in root.walk() if _is_doubtful(each, both)]
    if not calls:
        return list(roots)
    densities = {_letter(each, both) for root in roots for each in _densities(root, False, both)}
    densities |= {_letter(each, both) for each in _written_as_densities(roots, both)}
    functions = {_letter(each, both) for each in calls} - densities - {None}
    if not functions:
        return list(roots)
    for each in {_letter(each, both): each for each in reversed(calls)}.values():
        if _letter(each, both) in functions:
            text = f"{each} is a value of a function: nothing draws from {_letter(each, both)} or takes its logarithm"
            notes.add(text, each.span)

    def marked(node: tree.Node) -> tree.Node:
        node = map_children(node, marked)
        if isinstance(node, tree.Call) and _is_doubtful(node, both) and _letter(node, both) in functions:
            return replace(node, function=True)
        return node

    return [marked(each) for each in roots]


def _as_vectors(root: tree.Node) -> Iterator[str]:
    """The letters of what is measured or multiplied as a vector: ``\\|q(z)\\|``, ``\\langle q(z), z' \\rangle``. Two of
    them side by side, ``\\|p(x) - q(x)\\|``, may be densities that are compared."""
    for node in root.walk():
        match node:
            case tree.Norm(body) | tree.Power(body, tree.Symbol("top")):
                parts: tuple[tree.Node, ...] = (body,)
            case tree.Func(name="dot" | "inner" | "sim" | "cos", args=args):
                parts = args
            case _:
                continue
        calls = [each for part in parts for each in part.walk() if _is_density(each)]
        heads = [each.head for each in calls if isinstance(each, tree.Call)]
        letters = {each.letter for each in heads if isinstance(each, tree.Symbol)}
        if len(letters) == 1:
            yield from letters


def _is_doubtful(node: tree.Node, both: frozenset[str]) -> bool:
    return isinstance(node, tree.Call) and node.given is None and _is_density(node) and _letter(node, both) is not None


def _is_density(node: tree.Node) -> bool:
    """Is this a density by its letter, at names or at expressions?"""
    return is_density_call(node) or is_density_at_value(node)


def _letter(node: tree.Node, both: frozenset[str]) -> str | None:
    """The letter of a call, with what tells it from others of the letter but parameters."""
    head = node.head if isinstance(node, tree.Call) else node
    return head.letter if isinstance(head, tree.Symbol) and head.letter in both else None


def _written_as_densities(roots: Sequence[tree.Node], both: frozenset[str]) -> Iterator[tree.Node]:
    """What statements declare: a family, a product of densities, what is proportional; and all that has a bar."""
    for root in roots:
        for each in root.walk():
            if isinstance(each, tree.Call) and each.given is not None:
                yield each
        match root:
            case tree.Chain(members=(tree.Call() as left, *_, right), relations=(relation, *_)):
                if relation not in _EQUAL or not _is_function_of(left, right, both):
                    yield left
            case tree.Call():
                yield root  # the key of a binding, a density on its own


def _is_function_of(left: tree.Call, right: tree.Node, both: frozenset[str]) -> bool:
    """Does a definition say a value: of parameters alone, ``r(\\theta)``, or with no density in it?"""
    if all(plain(each) in GREEK_GROUPS for each in left.args):
        return True
    return not any(_is_law(each, both) for each in right.walk())


def _is_law(node: tree.Node, both: frozenset[str]) -> bool:
    if not isinstance(node, tree.Call):
        return False
    family = isinstance(node.head, tree.Symbol) and registry.family_by_spelling(node.head.style + node.head.letter)
    return bool(family) or (is_density_call(node) and _letter(node, both) is None)


def _densities(node: tree.Node, measured: bool, both: frozenset[str]) -> Iterator[tree.Node]:
    """The calls that stand where only a density can; ``measured``: under a logarithm, in a ratio, a divergence or an
    integral."""
    if _letter(node, both) is not None and (measured or isinstance(node, tree.Symbol)):
        if isinstance(node, tree.Call):
            yield node
        return
    match node:
        case tree.Expect(binders=binders):
            yield from (part for each in binders for part in each.all(tree.Call, tree.Symbol))
            yield from _densities(node.body, False, both)
        case tree.Draws(density=law) | tree.Chain(members=(_, law), relations=("~",)):
            yield from law.walk()
        case tree.Divergence() | tree.Integral():
            yield from (part for each in node.children for part in each.walk())
        case tree.Prefix(name=name, operand=operand) if name in _LOGS:
            yield from _densities(operand, True, both)
        case tree.Func(name=name, args=args) if name in _LOGS:
            yield from (found for each in args for found in _densities(each, True, both))
        case tree.Div(numerator=above, denominator=below):
            ratio = measured or (_is_ratio(above) and _is_ratio(below))
            yield from (*_densities(above, ratio, both), *_densities(below, ratio, both))
        case tree.Mul() | tree.Big() | tree.Labelled() | tree.Neg() | tree.Power():
            yield from (found for each in node.children for found in _densities(each, measured, both))
        case _:
            yield from (found for each in node.children for found in _densities(each, False, both))


def _is_ratio(node: tree.Node) -> bool:
    """Is a side of a quotient made of densities alone?"""
    factors = node.factors if isinstance(node, tree.Mul) else (node,)
    return all(is_density_call(each) for each in factors)
