"""``q(z)`` before the first ``q(z|x)`` of a text: what it is the mixture of is made first, in any order of terms."""

from __future__ import annotations

from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.aggregated_forms import mixes_to
from formula2dgm.resolve.densities.finding import Density
from formula2dgm.resolve.scaffold.factors import scaffold_factors
from formula2dgm.syntax import tree


def scaffold_mixed(context: Context, wanted: Signature) -> list[Density] | None:
    """The ``q(z|x)`` that the text reads elsewhere, where nothing gives ``q(z)``, its mixture over the data."""
    if wanted.given or None in wanted.variables or wanted.head.split("_")[0] not in POSTERIOR_LETTERS:
        return None
    if any(len(each.members) > 1 for each in context.model.objectives):  # another member is another form
        return None
    written = (
        read_signature(node, context.model.indices, context.model.parameters)
        for root in context.model.expressions()
        for node in root.all(tree.Call)
        if is_density_call(node)
    )
    found = {each.ids: each for each in written if mixes_to(each, wanted, context.latent)}
    return scaffold_factors(context, *found.values()) if len(found) == 1 else None
