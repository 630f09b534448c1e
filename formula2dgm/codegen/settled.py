"""What is written with everything below it, so that nobody looks below it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from formula2dgm.codegen.scope import Scope
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk


class Settled:
    """The nodes that are written, or bound, with all that they need; nothing is where a block has begun or ended."""

    def __init__(self, scope: Scope):
        self._scope, self._bound = scope, scope.bound
        self._nodes: set[ir.Node] = set()

    def below(self, root: ir.Node, needs: Callable[[ir.Node], Iterable[ir.Node]]) -> Iterator[ir.Node]:
        """What is to be written before a root, and the root, each after what it needs; each is settled when whoever
        asks has written it, if all that it needs is."""
        for node in walk(root, below=lambda each: () if each in self._known() else needs(each)):
            yield node
            if self._known().issuperset(needs(node)):
                self._nodes.add(node)

    def clear(self) -> None:
        """Look again at everything: what was written may be wanted in another place."""
        self._nodes, self._bound = set(), self._scope.bound

    def _known(self) -> set[ir.Node]:
        if self._bound is not self._scope.bound:
            self.clear()
        return self._nodes
