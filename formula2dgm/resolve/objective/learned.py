r"""Does an objective compare data with data alone?

In ``\|a - b\|^2`` of two names that nothing defines nothing is learned: the text leaves to its prose what makes them. A
density that is written out, and scored, may be wanted without anything to learn.
"""

from __future__ import annotations

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.signature import is_density_call
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.objective.terms import Draft
from formula2dgm.resolve.statements.wanted import Wanted


def refuse_unlearned(context: Context, wanted: Wanted, drafts: list[Draft]) -> None:
    """Refuse an objective of data alone, where defaults stand for all that nothing is bound to."""
    nodes = [each for draft in drafts for each in walk(draft.node)]
    data = dict.fromkeys(each.name for each in nodes if isinstance(each, ir.Data))
    scored = any(is_density_call(each) for member in wanted.members for each in member.walk())
    if not data or scored or not learns_nothing(context) or any(isinstance(each, ir.Law) for each in nodes):
        return
    said = f"{' and '.join(data)} {'is' if len(data) == 1 else 'are'} data"
    made = next((each for each in data if each != "x"), "x")
    hint = f"say what makes one of them: {made} = f({'x' if made != 'x' else 'z'}), or bind a network"
    raise context.refuse("F2D-0514", f"nothing here is learned: {said}", wanted.span, hint)


def learns_nothing(context: Context) -> bool:
    """Has nothing that was collected so far a parameter, although defaults stand for all that nothing is bound to?"""
    learned = bool(context.networks) or any(each.learned for each in context.parameters.values())
    return context.options.scaffold and not learned
