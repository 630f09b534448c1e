r"""A joint written twice, as densities and as their families: each density is the family at its place.

``q(x_{1:T}|x_0) = \prod_t q(x_t|x_{t-1}) = \prod_t N(x_t; a x_{t-1}, b I)`` says that q(x_t|x_{t-1}) is that Normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import is_family_at_value
from formula2dgm.syntax import tree


def write_factors(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the families of such factors said one by one, and what was decided.

    >>> from formula2dgm.syntax import parse
    >>> found = parse("p(x, z) = p(x|z) p(z) = N(x; f(z), 1) N(z; 0, 1)")[0]
    >>> [str(each) for each in write_factors(found)[0]]
    ['p(x, z) = p(x|z) p(z)', 'p(x|z) = N(x; f(z), 1)', 'p(z) = N(z; 0, 1)']
    """
    out: list[tree.Statement] = []
    notes: list[Note] = []
    for each in statements:
        said = _factors(each.body)
        if not said:
            out.append(each)
            continue
        assert isinstance(each.body, tree.Chain)
        shorter = replace(each.body, members=each.body.members[:-1], relations=each.body.relations[:-1])
        out.append(each.with_body(shorter))
        for density, family in said:
            body = tree.Chain((density, family), ("=",), span=family.span)
            out.append(tree.Statement(body, span=family.span))
            notes.append(Note(f"{density} = {family}, factor by factor", family.span))
    return out, notes


def _factors(body: tree.Node) -> list[tuple[tree.Node, tree.Node]]:
    """The densities and the families of a chain whose last two members are these, factor by factor."""
    if not isinstance(body, tree.Chain) or len(body.members) < 3 or set(body.relations) - {"=", ":="}:
        return []
    densities, families = (_of_product(each) for each in body.members[-2:])
    pairs = list(zip(densities, families, strict=False))
    fits = len(densities) == len(families) and is_density_call(body.members[0])
    return pairs if fits and pairs and all(_is_of(*each) for each in pairs) else []


def _of_product(node: tree.Node) -> Sequence[tree.Node]:
    """The factors of a product; of one over an index what is multiplied."""
    if isinstance(node, tree.Mul):
        return [part for each in node.factors for part in _of_product(each)] if not any(node.ops) else []
    return _of_product(node.body) if isinstance(node, tree.Big) and node.op == "prod" else [node]


def _is_of(density: tree.Node, family: tree.Node) -> bool:
    """Is this a density, and that a family at the same variable?"""
    return (
        isinstance(density, tree.Call)
        and is_density_call(density)
        and not is_family_at_value(density)
        and isinstance(family, tree.Call)
        and is_family_at_value(family)
        and density.args == family.args
    )
