r"""Sums over some of the steps: ``\sum_{t \in \mathcal{M}} \log p(x_t|z)``, frames that are masked, or observed.

Which steps these are is data, ``\mathcal{M}_t``, 1 at the steps of the set and 0 at the others, of each sequence its
own. The sum is over all steps, of what is multiplied by that number; ``t \notin \mathcal{M}`` are the others, and
``|\mathcal{M}|`` is how many steps the set has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_NAMES
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import tree

#: Letters of indices that count steps.
TIMES = frozenset(("t", "s", "tau"))


def choose_steps(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such sums over all steps, and what was decided. ``bound`` are the bindings' keys."""
    bodies = [each.body for each in statements]
    nodes = [each for body in (*bodies, *bound) for each in body.walk()]
    heads = {each.members[0] for each in bodies if isinstance(each, tree.Chain)} | set(bound)
    chosen: dict[tree.Symbol, tree.Symbol] = {}
    for node in nodes:
        if isinstance(node, tree.Big) and (found := _choice(node)) is not None and found[1] not in heads:
            chosen.setdefault(found[1], found[0])
    if not chosen:
        return list(statements), []
    writer = _Writer(chosen, _last(nodes))
    out = [each.with_body(writer.written(each.body)) for each in statements]
    return [*out, *map(writer.space, chosen)], writer.notes


@dataclass(slots=True)
class _Writer:
    """``chosen`` are the sets, each with the index of its steps; ``last`` is the last step."""

    chosen: dict[tree.Symbol, tree.Symbol]
    last: tree.Node
    notes: list[Note] = field(default_factory=list)

    def written(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Big(body=body) if (found := _choice(node)) is not None and found[1] in self.chosen:
                index, named, inside = found
                share: tree.Node = replace(named, sub=(index,))
                if not inside:
                    one = tree.Number("1", span=named.span)
                    share = tree.Add((one, tree.Neg(share, span=named.span)), span=named.span)
                if not any(each.span == node.span for each in self.notes):
                    said = f"{named}_{index} is data: 1 at the steps of {named}, 0 at the others"
                    self.notes.append(Note(said, node.span))
                made = tree.Mul((share, self.written(body)), ("",), span=body.span)
                return self._over_steps(index, made, node)
            case tree.Abs(tree.Symbol() as named) if named in self.chosen:
                index = self.chosen[named]
                return self._over_steps(index, replace(named, sub=(index,)), node)
        return map_children(node, self.written)

    def _over_steps(self, index: tree.Symbol, body: tree.Node, node: tree.Node) -> tree.Big:
        first = tree.Binds(index, tree.Number("1", span=node.span), span=node.span)
        return tree.Big("sum", (first,), replace(self.last, span=node.span), body, False, span=node.span)

    def space(self, named: tree.Symbol) -> tree.Statement:
        """``\\mathcal{M}_t \\in \\{0, 1\\}``."""
        ends = tree.SetOf((tree.Number("0", span=named.span), tree.Number("1", span=named.span)), span=named.span)
        mark = replace(named, sub=(self.chosen[named],))
        return tree.Statement(tree.Chain((mark, ends), ("in",), span=named.span), span=named.span)


def _choice(node: tree.Big) -> tuple[tree.Symbol, tree.Symbol, bool] | None:
    """The index of a sum over steps in a set, the set, and whether they are in it or outside of it."""
    match node:
        case tree.Big(
            "sum", (tree.Relates(tree.Symbol() as index, "in" | "notin" as op, tree.Symbol() as named),), None
        ):
            read = list(node.body.all(tree.Symbol))
            steps = plain(index) in TIMES and any(index in (*each.sub, *each.sup) for each in read)
            if steps and not named.sub and named.style != "bb" and named.style + named.letter not in DATA_NAMES:
                return index, named, op == "in"
    return None


def _last(nodes: Sequence[tree.Node]) -> tree.Node:
    """The last step: the end of a run of the text, else T."""
    ends = [each.upper for each in nodes if isinstance(each, tree.Range) and isinstance(each.upper, tree.Symbol)]
    return next((each for each in ends if plain(each) == "T"), None) or tree.Symbol("T", span=nodes[0].span)
