"""Operators whose body is what follows: sums, expectations, divergences, integrals, optimisers."""

from __future__ import annotations

from formula2dgm.records import dataclass
from formula2dgm.syntax.tree_node import Node


@dataclass(frozen=True, slots=True)
class Big(Node):
    """``\\sum`` or ``\\prod`` (``op`` is ``sum`` or ``prod``) over ``binders``, up to ``upper``; ``\\max`` and its kin
    where they give a value: ``\\gamma \\max_a Q(s, a)``.

    ``open``: the body has no bracket of its own, so it may reach over later terms.
    """

    op: str
    binders: tuple[Node, ...]
    upper: Node | None
    body: Node
    open: bool = True


@dataclass(frozen=True, slots=True)
class Expect(Node):
    """``E_{binders}[body | given]``; binders are densities, ``Draws``, names or nothing.

    ``open``: written without brackets, so it may reach over later terms. ``given`` is None where there is no bar.
    """

    binders: tuple[Node, ...]
    body: Node
    open: bool = False
    given: tuple[Node, ...] | None = None


@dataclass(frozen=True, slots=True)
class Divergence(Node):
    """``NAME[left || right]``: ``KL``, ``JS``, ``MMD``, ``W``, …"""

    name: str
    left: Node
    right: Node
    sub: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Integral(Node):
    """``\\int_{lower}^{upper} body d variables``; most have no bounds.

    A variable that is a call is a measure: ``\\int f(x) \\mu(dx)``, ``\\int f(x) d\\mu(x)``.
    """

    body: Node
    variables: tuple[Node, ...]
    lower: Node | None = None
    upper: Node | None = None


@dataclass(frozen=True, slots=True)
class Optimise(Node):
    """``\\min_{names} body``, ``\\max``, ``\\argmin``, ``\\argmax``, ``\\inf``, ``\\sup`` (``op``) of a statement or
    of a member of a chain."""

    op: str
    names: tuple[Node, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Labelled(Node):
    """``\\underbrace{body}_{label}``: the label names the term."""

    body: Node
    label: str
