r"""``E_z[\log p(x|z)] - KL[q(z|x) \| p(z)]``: whether z is drawn from q(z|x) or from p(z) the text does not say."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading.names import read_name
from formula2dgm.reading.signature import Signature, is_density_call, read_signature
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree


def refuse_two_laws(context: Context, names: Sequence[tree.Node], body: tree.Node | None) -> None:
    """Refuse a bare variable under an expectation that scores what is given it, where a law of the variable given
    others is scored there, too, or is compared anywhere, and no statement draws it."""
    scored = [] if body is None else _densities(context, body)
    given = {slot.id for each in scored for slot in each.given if slot}
    said = context.model.drawn.keys() | context.model.definitions.keys()
    for symbol in (each for each in names if isinstance(each, tree.Symbol)):
        name = read_name(symbol, context.model.indices)
        if name.id not in given - said:
            continue
        laws = (each for each in (*_compared(context), *scored) if each.given)
        if law := next((each for each in laws if [slot and slot.id for slot in each.variables] == [name.id]), None):
            raise context.refuse(
                "F2D-0573",
                f"{symbol} may be drawn from {law.label} here, or from a law of its own: nothing says which",
                symbol.span,
                f"write E_{{{symbol} ~ {law.label}}}, or E_{{{symbol} ~ p({symbol})}}",
            )


def _compared(context: Context) -> list[Signature]:
    """The densities on the left sides of divergences."""
    nodes = (each for root in context.model.expressions() for each in root.walk())
    sides = (each.left for each in nodes if isinstance(each, tree.Divergence))
    return [found for side in sides for found in _densities(context, side)]


def _densities(context: Context, node: tree.Node) -> list[Signature]:
    calls = (each for each in node.all(tree.Call) if is_density_call(each))
    return [read_signature(each, context.model.indices, context.model.parameters) for each in calls]
