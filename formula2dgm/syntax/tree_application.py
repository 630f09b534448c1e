"""A head applied to arguments: calls and known functions."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``head(args | given; params)``: a density at values, a network, a family, or (undecided) a product.

    ``given`` and ``params`` are None when there is no bar or no semicolon. ``function``: the text says that it is no
    density, though its letter is one of densities.
    """

    head: Node
    args: tuple[Node, ...]
    given: tuple[Node, ...] | None = None
    params: tuple[Node, ...] | None = None
    function: bool = False


@dataclass(frozen=True, slots=True)
class Func(Node):
    """A known function with its argument in brackets: ``log(...)``, ``max(a, b)``, ``sg[...]``, ``\\nabla_x(...)``.

    ``total``: a derivative ``\\frac{d}{dt}``, not ``\\frac{\\partial}{\\partial t}``.
    """

    name: str
    args: tuple[Node, ...]
    sub: tuple[Node, ...] = ()
    total: bool = False


@dataclass(frozen=True, slots=True)
class Prefix(Node):
    """A known function without brackets; ``operand`` is all that follows in the same product.

    How many of the operand's factors belong to the function is the resolver's to decide.
    """

    name: str
    operand: Node
    sub: tuple[Node, ...] = ()
    total: bool = False
