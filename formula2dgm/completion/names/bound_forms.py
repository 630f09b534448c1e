r"""A bound that is written in two displays: ``\log p(y|x) \ge A``, and ``\mathrm{ELBO} = B``.

A name that says that it is the bound on the evidence, that nothing reads and that is set equal to something beside one
bound on a log-density, names that bound: both are one objective, of which B is the last form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

#: What papers call the bound on the evidence.
NAMES = frozenset(("ELBO", "elbo", "ELBo", "VLB", "vlb"))


def join_bounds(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such a bound as one chain, and what was decided."""
    bounds = [each for each in statements if _is_bound(each.body)]
    named = [each for each in statements if _is_named(each.body)]
    if len(bounds) != 1 or len(named) != 1:
        return list(statements), []
    (bound,), (other,) = bounds, named
    first, more = bound.body, other.body
    assert isinstance(first, tree.Chain) and isinstance(more, tree.Chain)
    name = more.members[0]
    reads = sum(node == name for each in statements for node in each.body.walk())
    if reads > 1 or bound.players or other.players:
        return list(statements), []
    joined = replace(first, members=(*first.members, *more.members[1:]), relations=(*first.relations, *more.relations))
    note = Note(f"{name} is the bound on {first.members[0]}, in another form", name.span)
    kept = [each for each in statements if each is not other]
    return [each.with_body(joined) if each is bound else each for each in kept], [note]


def _is_bound(body: tree.Node) -> bool:
    """``\\log p(y|x) \\ge A``, where A is no name."""
    match body:
        case tree.Chain(members=(tree.Prefix(name="log", operand=inside), *_, last), relations=(*relations,)):
            return ">=" in relations and is_density_call(inside) and not isinstance(last, tree.Symbol | tree.Call)
        case tree.Chain(members=(tree.Func(name="log", args=(inside,)), *_, last), relations=(*relations,)):
            return ">=" in relations and is_density_call(inside) and not isinstance(last, tree.Symbol | tree.Call)
    return False


def _is_named(body: tree.Node) -> bool:
    """``\\mathrm{ELBO} = B``."""
    match body:
        case tree.Chain(members=(tree.Symbol(letter=letter), *_), relations=("=" | ":=", *_)):
            return letter in NAMES
    return False
