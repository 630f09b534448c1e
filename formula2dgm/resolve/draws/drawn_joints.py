"""Joints that are drawn from or compared, and of which nothing says how their variables depend: ``(x, y) ~ \\pi``.

A default would draw each variable from a prior of its own, which says nothing of their dependence; where some of them
are no noise, that is not what the text means.
"""

from __future__ import annotations

from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import POSTERIOR_LETTERS, Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.densities.approximations import drawn_from, is_compared, is_evaluated
from formula2dgm.syntax import tree


def refuse_unrelated(context: Context, wanted: Signature, related: object) -> None:
    """Refuse a joint of priors that is drawn from, or that is the left side of a divergence and no approximation;
    ``related``: its default has variables that depend on others."""
    names = [each for each in wanted.variables if each is not None]
    if related or wanted.given or all(each.letter in NOISE_LETTERS for each in names):
        return
    fitted = wanted.head.split("_")[0] in POSTERIOR_LETTERS
    drawn = _is_drawn(context, wanted)
    if not drawn and (fitted or not is_compared(context, wanted)):
        return
    if fitted and is_evaluated(context, wanted):
        return  # an approximation that is fitted, each variable by itself
    own = {each.id for each in names}
    if any(each.signature.ids[0] & own and each.signature.ids[1] & own for each in context.densities.all):
        return
    first, second = names[0].id, names[1].id
    listed = " and ".join(each.id for each in names)
    use = "drawn from" if drawn else "compared"
    raise context.refuse(
        "F2D-0486",
        f"{wanted.label} is {use}, and nothing says how {listed} depend on each other",
        wanted.slots[0].span,
        f"write its factors, {wanted.head}({first}|{second}) {wanted.head}({second}); or name the data, p_{{data}}",
    )


def _is_drawn(context: Context, wanted: Signature) -> bool:
    for source in drawn_from(context):
        if isinstance(source, tree.Symbol) and read_name(source, context.model.indices, head=True).id == wanted.head:
            return True
        if isinstance(source, tree.Call) and is_density_call(source):
            other = read_signature(source, context.model.indices, context.model.parameters)
            if (other.head, other.ids) == (wanted.head, wanted.ids):
                return True
    return False
