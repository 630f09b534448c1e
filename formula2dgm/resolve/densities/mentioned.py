"""The densities that a text mentions, found once for all that ask: each density is looked for among all of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from formula2dgm.reading.names import Indices, read_name
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.statements.model import Model


class Mentioned:
    """The signatures of the densities in some expressions, in the order written, and by what they are asked for."""

    def __init__(self, roots: tuple[tree.Node, ...], indices: Indices, parameters: frozenset[str]):
        self.roots, self.indices, self.parameters = roots, indices, parameters
        calls = (each for root in roots for each in root.all(tree.Call) if is_density_call(each))
        self.all = tuple(read_signature(each, indices, parameters) for each in calls)

    def are(self, roots: tuple[tree.Node, ...], indices: Indices, parameters: frozenset[str]) -> bool:
        """Are these the densities of these very expressions?"""
        same = len(roots) == len(self.roots) and all(a is b for a, b in zip(roots, self.roots, strict=True))
        return same and indices is self.indices and parameters is self.parameters

    @cached_property
    def _by_head(self) -> dict[str, list[Signature]]:
        found: dict[str, list[Signature]] = {}
        for each in self.all:
            found.setdefault(each.head, []).append(each)
        return found

    @cached_property
    def _by_variable(self) -> dict[str, list[Signature]]:
        found: dict[str, list[Signature]] = {}
        for each in self.all:
            for name in each.ids[0]:
                found.setdefault(name, []).append(each)
        return found

    @cached_property
    def _by_head_and_variable(self) -> dict[tuple[str, str], list[Signature]]:
        found: dict[tuple[str, str], list[Signature]] = {}
        for each in self.all:
            for name in each.ids[0]:
                found.setdefault((each.head, name), []).append(each)
        return found

    @cached_property
    def _by_head_and_given(self) -> dict[tuple[str, str], list[Signature]]:
        found: dict[tuple[str, str], list[Signature]] = {}
        for each in self.all:
            for name in each.ids[1]:
                found.setdefault((each.head, name), []).append(each)
        return found

    @cached_property
    def grouped(self) -> list[Signature]:
        """Those that name parameters."""
        return [each for each in self.all if each.group]

    def of(self, head: str) -> list[Signature]:
        """Those of a letter with its labels."""
        return self._by_head.get(head, [])

    @cached_property
    def _without_names(self) -> list[Signature]:
        return [each for each in self.all if not each.ids[0]]

    def of_expressions(self, head: str) -> list[Signature]:
        """Those of a letter that are over no variable: ``p(f(x))``."""
        return [each for each in self._without_names if each.head == head]

    def over(self, names: Iterable[str]) -> list[Signature]:
        """Those over one of these variables at least; one over several of them stands there as often."""
        return [each for name in names for each in self._by_variable.get(name, [])]

    def of_over(self, head: str, names: Iterable[str]) -> list[Signature]:
        """Those of a letter that are over one of these variables at least, as :meth:`over` lists them."""
        return [each for name in names for each in self._by_head_and_variable.get((head, name), [])]

    def of_given(self, head: str, names: Iterable[str]) -> list[Signature]:
        """Those of a letter that are given one of these variables at least."""
        return [each for name in names for each in self._by_head_and_given.get((head, name), [])]

    @cached_property
    def drawn(self) -> frozenset[str]:
        """The letters, with their labels, of what expectations, divergences and integrals draw from."""
        heads = set()
        for root in self.roots:
            for node in root.walk():
                for side in sources(node):
                    heads |= {head for each in side.walk() if (head := self.head_of(each)) is not None}
        return frozenset(heads)

    @cached_property
    def evaluated(self) -> dict[str, list[Signature]]:
        """Those that stand anywhere but where something is drawn from them, ``log q(z)``, by their letters."""
        drawn = {
            id(each)
            for root in self.roots
            for node in root.walk()
            for side in sources(node)
            for each in side.all(tree.Call)
        }
        found: dict[str, list[Signature]] = {}
        for call in (each for root in self.roots for each in root.all(tree.Call)):
            if id(call) not in drawn and is_density_call(call):
                signature = read_signature(call, self.indices, self.parameters)
                found.setdefault(signature.head, []).append(signature)
        return found

    def head_of(self, source: tree.Node) -> str | None:
        """The letter with its labels of a density, written out or as a name."""
        if isinstance(source, tree.Call) and isinstance(source.head, tree.Symbol):
            return read_signature(source, self.indices, self.parameters).head
        return read_name(source, self.indices, head=True).id if isinstance(source, tree.Symbol) else None


def mentioned(model: Model, *more: tree.Node) -> Mentioned:
    """The densities of all that a model computes, and of more expressions."""
    return mentioned_in(model, (*model.expressions(), *more))


def mentioned_in(model: Model, roots: tuple[tree.Node, ...]) -> Mentioned:
    """The densities of some expressions."""
    for kept in model.mentioned:
        if kept.are(roots, model.indices, model.parameters):
            return kept
    model.mentioned = [Mentioned(roots, model.indices, model.parameters), *model.mentioned[:3]]
    return model.mentioned[0]


def sources(node: tree.Node) -> tuple[tree.Node, ...]:
    """What a node draws from."""
    match node:
        case tree.Expect(binders=binders):
            return tuple(each.density if isinstance(each, tree.Draws) else each for each in binders)
        case tree.Divergence(left=left):
            return (left,)
        case tree.Integral(body=tree.Mul(factors, _), lower=None, upper=None):
            return tuple(each for each in factors if is_density_call(each))
    return ()
