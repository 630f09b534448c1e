r"""Sums over how far a step is away: ``\sum_t \sum_{k=1}^3 \log p(x_{t+k}|x_t)``, as overshooting and contrastive
predictions write them.

Such a sum is written out, a term for each k.  A term counts at the steps t whose step t + k is one of the sequence's.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.reading.kinds import binder_names
from formula2dgm.reading.names import mentions, plain, read_name
from formula2dgm.reading.numbered import at_index, is_whole, lower_bound
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.sequences.places import Offset, place_of
from formula2dgm.resolve.sequences.windows import in_window
from formula2dgm.resolve.statements.hyperparameters import given_number
from formula2dgm.syntax import tree

#: The most terms that a sum is written out to.
MOST_TERMS = 64


@dataclass(frozen=True, slots=True)
class Term:
    """The body of a sum at one distance, and the steps at which it counts: the first, and how many it leaves out at the
    end."""

    body: tree.Node
    axis: Axis | None
    window: tuple[int, int]

    def closed(self, context: Context, node: ir.Node) -> ir.Node:
        """The term's value, 0 at the steps at which it does not count."""
        if self.axis is None or self.axis not in node.axes or node.event == "value":
            return node
        return in_window(context, node, self.axis, self.window)


def written_out(context: Context, node: tree.Big, scope: Scope) -> list[Term] | None:
    """The terms of a sum over distances; None for any other sum."""
    index, letter = _distance(context, node)
    if index is None or letter is None:
        return None
    if letter not in scope.indices and letter not in scope.values:
        inner = _over_steps_inside(context, node, letter)
        if inner is not None and not mentions(_without_body(inner), frozenset((index,))):
            swapped = replace(inner, body=replace(node, body=inner.body))
            return [Term(swapped, None, (1, 0))]
    numbers = _numbers(context, node, index)
    axis = scope.indices.get(letter)
    reads = [
        item for symbol in node.body.all(tree.Symbol) for item in (*symbol.sub, *symbol.sup) if mentions(item, {index})
    ]
    terms = []
    for number in numbers:
        places = [place_of(at_index(each, index, number), frozenset((letter,)), frozenset()) for each in reads]
        by = [each.by for each in places if isinstance(each, Offset)]
        window = (1 + max(0, *(-each for each in by), 0), max(0, *by, 0))
        terms.append(Term(at_index(node.body, index, number), axis, window))
    if axis is not None:
        read = next(item for item in reads if mentions(item, frozenset((letter,))))
        context.assume(f"the sum over {index} counts only the steps {read} that the sequence has", node.span)
    return terms


def _distance(context: Context, node: tree.Big) -> tuple[str | None, str | None]:
    """The index of a sum that is added to an index of steps, and that index of steps."""
    time = context.time
    names = [name for name, _ in binder_names(node)]
    if time is None or node.op != "sum" or len(names) != 1 or names[0] in time.indices:
        return None, None
    letters = time.indices | context.model.indices.positions
    for symbol in node.body.all(tree.Symbol):
        for item in (*symbol.sub, *symbol.sup):
            if isinstance(item, tree.Add) and mentions(item, frozenset(names)):
                found = [name for each in item.terms if (name := plain(each)) in letters and name]
                if found:
                    return names[0], found[0]
    return None, None


def _numbers(context: Context, node: tree.Big, index: str) -> range:
    """The distances, from the first to the last."""
    first = lower_bound(node) if len(node.binders) == 1 else None
    upper = next(upper for name, upper in binder_names(node) if name == index)
    last = int(upper.text) if isinstance(upper, tree.Number) and is_whole(upper) else None
    if isinstance(upper, tree.Symbol):
        given = given_number(context, read_name(upper, context.model.indices))
        last = int(given) if given is not None and given == int(given) else None
    if first is None or last is None or not first <= last < first + MOST_TERMS:
        raise context.refuse(
            "F2D-0416",
            f"a sum over {index} of what is read at other steps is written out, but its bounds are not two numbers",
            node.span,
            f"write them, \\sum_{{{index}=1}}^3, or give the name a value: {upper if upper is not None else 'K'} = 3",
        )
    return range(first, last + 1)


def _over_steps_inside(context: Context, node: tree.Big, letter: str) -> tree.Big | None:
    """The sum over steps that is all the body of a sum over distances."""
    body = node.body
    if isinstance(body, tree.Big) and body.op == "sum" and [name for name, _ in binder_names(body)] == [letter]:
        return body
    return None


def _without_body(node: tree.Big) -> tree.Node:
    return replace(node, body=tree.Blank(span=node.span))
