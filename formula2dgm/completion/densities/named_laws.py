r"""Distributions that a statement names: ``z \sim p`` where ``p = \mathcal{N}(0, 4 I)``.

The family is drawn from where its name stands. What a statement defines as anything else is no distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.data_names import is_data_name
from formula2dgm.reading.rewrite import map_children, replace
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree

_EQUAL = ("=", ":=")


def write_named_laws(statements: Sequence[tree.Statement]) -> list[tree.Statement]:
    """The statements with draws from names that others define as families drawn from these."""
    named = {each.body.members[0]: each.body.members[-1] for each in statements if _names_law(each.body)}  # type: ignore[attr-defined]

    def law(source: tree.Node) -> tree.Node:
        if source not in named or is_density_call(named[source]):
            return source
        if is_written_family(named[source]) or is_data_name(named[source]):
            return named[source]
        message = f"{source} is drawn from, and what the text defines it as, {named[source]}, is no distribution"
        hint = f"write a family, {source} = N(0, I), or a density, {source}(x) = ..."
        raise FormulaError(Diagnostic("F2D-0487", "error", message, source.span, hint))

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Draws(density=source):
                return replace(node, density=law(source))
            case tree.Chain(members=(left, source), relations=("~",)):
                return replace(node, members=(left, law(source)))
        return node

    return [each.with_body(written(each.body)) for each in statements] if named else list(statements)


def _names_law(body: tree.Node) -> bool:
    return (
        isinstance(body, tree.Chain)
        and isinstance(body.members[0], tree.Symbol)
        and len(body.members) == 2
        and body.relations[0] in _EQUAL
    )
