"""How a dialect spells the pieces of a formula; where brackets stand is decided in ``printing``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from formula2dgm.syntax import tree


def printed_name(node: tree.Func | tree.Prefix) -> str:
    """The name under which a function is printed: that of a total derivative tells it from a partial one."""
    return "deriv" if node.total else node.name


class Spelling(ABC):
    """The spellings that a dialect must give."""

    @abstractmethod
    def atom(self, node: tree.Node) -> str:
        """A node that binds like a name."""

    @abstractmethod
    def bracketed(self, text: str) -> str:
        """The text in round brackets."""

    @abstractmethod
    def sub(self, items: Sequence[tree.Node], *, joined: bool = False) -> str:
        """A subscript."""

    @abstractmethod
    def sup(self, node: tree.Node) -> str:
        """A power, an upper bound."""

    @abstractmethod
    def operator(self, op: str) -> str:
        """What stands between two factors."""

    @abstractmethod
    def relation(self, op: str) -> str:
        """What stands between two members of a chain."""

    @abstractmethod
    def function_name(self, name: str, sub: Sequence[tree.Node]) -> str:
        """A known function's name with its subscript."""

    @abstractmethod
    def big_name(self, node: tree.Big) -> str:
        """A sum or product with its bounds."""

    @abstractmethod
    def expectation(self, node: tree.Expect, body: str) -> str:
        """An expectation without brackets around its body."""

    @abstractmethod
    def optimiser(self, node: tree.Optimise, body: str) -> str:
        """An optimiser with its names."""

    @abstractmethod
    def quotient(self, node: tree.Div) -> str:
        """A quotient in a place where it needs no brackets."""

    @abstractmethod
    def evaluated(self, node: tree.Evaluated) -> str:
        """A body with an evaluation bar."""

    @abstractmethod
    def labels(self, items: Sequence[tree.Node]) -> str:
        """Superscripts that are no powers."""

    @abstractmethod
    def bar(self, left: str, given: str) -> str:
        """The bar of a condition between these two."""
