"""Families by their own names in the text: ``N(0, I)``, ``Cat(z | pi)``."""

from __future__ import annotations

from formula2dgm import registry
from formula2dgm.reading.positions import UNIFORM, whole_set
from formula2dgm.registry.family import Family
from formula2dgm.syntax import tree


def is_written_family(node: tree.Node) -> bool:
    """``N(0, I)``, ``Bernoulli(x; f(z))``: a call of a family's own name."""
    if not isinstance(node, tree.Call) or not isinstance(node.head, tree.Symbol):
        return False
    return family_named(node) is not None


def is_family_at_value(node: tree.Node) -> bool:
    """``N(x; mu, Sigma)``, ``Cat(z | pi)``: a family's own name, at a value and its parameters."""
    return isinstance(node, tree.Call) and is_written_family(node) and bool(node.args and (node.params or node.given))


def family_named(call: tree.Call) -> Family | None:
    """The family that a call names; uniform on a sphere, ``\\mathcal{U}(S^{m-1})``, is one of unit vectors."""
    assert isinstance(call.head, tree.Symbol)
    spelling = call.head.style + call.head.letter
    over = call.params or call.given or call.args
    if spelling in UNIFORM and len(over) == 1 and _is_sphere(over[0]):
        return registry.family("SphericalUniform")
    if spelling in UNIFORM and whole_set(call) is not None:
        return registry.family("DiscreteUniform")
    return registry.family_by_spelling(spelling)


def _is_sphere(node: tree.Node) -> bool:
    """``S^{m-1}``: the unit vectors of m dimensions."""
    base = node.base if isinstance(node, tree.Power) else node
    return isinstance(base, tree.Symbol) and base.letter == "S" and (base is not node or bool(base.sup))
