r"""The density of the data where something scores it: it is known by its examples alone.

    KL[p_{data}(x) \| p(x)]                       E_{p_{data}(x)}[-\log p(x)]
    E_{p_{data}}[\log p_{data}(x) - \log p(x)]    E_{p_{data}}[-\log p(x)]
    KL[p_{data}(y|x) \| p(y|x)]                   E_{p_{data}(y|x)}[-\log p(y|x)]
    H(p_{data}(y|x), p(y|x))                      the same, and nothing is left out

At the examples, the logarithm of the density of the data depends on nothing that is trained: as a term of an objective
it is left out. Elsewhere, at values that a model makes or under a function, it has to be bound. A name that says it
less clearly, ``\hat p``, ``p^*``, is that of the data as the left side beside a model that its parameters name.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import DATA_LABELS, DATA_NAMES, SURE_LABELS
from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import replace
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def leave_out_entropies(
    statements: Sequence[tree.Statement], bound: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements without such terms, and what was decided. ``bound`` are the bindings' keys."""
    writer = _Writer(statements, bound)
    return [each.with_body(writer.written(each.body, frozenset())) for each in statements], writer.notes


def is_of_data(head: tree.Node) -> bool:
    """By its name, is a density that of the data?"""
    if not isinstance(head, tree.Symbol):
        return False
    name = read_name(head, frozenset(), head=True)
    return name.id in DATA_NAMES or bool(DATA_LABELS & set(name.labels))


def _is_perhaps_of_data(head: tree.Node, model: tree.Node) -> bool:
    r"""Is a density of the data beside the model: ``\hat p`` beside ``p_\theta``, ``\pi^*`` beside ``\pi_\theta``?"""
    if not isinstance(head, tree.Symbol) or not isinstance(model, tree.Call) or not isinstance(model.head, tree.Symbol):
        return False
    name, other = (read_name(each, frozenset(), head=True) for each in (head, model.head))
    said = bool(DATA_LABELS & set(name.labels)) or (bool(name.accents) and not name.labels)
    return said and not name.group and name.letter == other.letter and bool(other.group or model.params)


class _Writer:
    """Writes the terms of one text without the entropy of its data."""

    def __init__(self, statements: Sequence[tree.Statement], bound: Sequence[tree.Node]):
        chains = [each.body for each in statements if isinstance(each.body, tree.Chain)]
        heads = [each for each in (*(chain.members[0] for chain in chains), *bound) if isinstance(each, tree.Call)]
        self.said = {each.head for each in heads}
        self.made = {
            each.members[0]
            for each in chains
            if each.relations[0] in ("=", ":=") or (each.relations[0] == "~" and not is_of_data(_head(each.members[1])))
        }
        nodes = [node for each in statements for node in each.body.walk()]
        self.all_drawn = frozenset().union(*(self._drawn(node) for node in nodes if isinstance(node, tree.Expect)))
        self.notes: list[Note] = []

    def written(self, node: tree.Node, drawn: frozenset[tree.Node]) -> tree.Node:
        """What is linear in the terms of an objective, where ``drawn`` are not data."""
        return self._term(node, drawn) or tree.Number("0", span=node.span)

    def _term(self, node: tree.Node, drawn: frozenset[tree.Node]) -> tree.Node | None:
        """A term, or None where nothing of it is left."""
        match node:
            case tree.Chain(members=(first, *others)):
                return replace(node, members=(first, *(self.written(each, drawn) for each in others)))
            case tree.Add(terms):
                kept = [each for term in terms if (each := self._term(term, drawn)) is not None]
                if not kept or all(a is b for a, b in zip(kept, terms, strict=False)) and len(kept) == len(terms):
                    return node if kept else None
                return replace(node, terms=tuple(kept)) if len(kept) > 1 else kept[0]
            case tree.Expect():
                return self._around(node, drawn | self._drawn(node))
            case tree.Neg() | tree.Optimise() | tree.Labelled() | tree.Big(op="sum"):
                return self._around(node, drawn)
            case tree.Divergence(name="KL", left=left, right=right) if self._is_compared(left, right, drawn):
                bracket = _cross_entropy(node, left, right)
                self.notes.append(Note(f"{node} is {bracket}, but for the entropy of the data", node.span))
                return bracket
            case tree.Func(name="H", args=(left, right)) if self._is_compared(left, right, drawn):
                return _cross_entropy(node, left, right)
            case tree.Mul(factors) if any(isinstance(each, tree.Func) for each in factors):
                made = (self._term(each, drawn) if isinstance(each, tree.Func) else each for each in factors)
                return replace(node, factors=tuple(each for each in made if each is not None))
            case tree.Prefix(name="log", operand=inside) if (rest := self._without(inside, drawn)) is not inside:
                self.notes.append(
                    Note(f"{node}: the density of the data is left out: nothing trained is in it", node.span)
                )
                return self._logarithm(rest)
        return node

    def _around(
        self, node: tree.Expect | tree.Neg | tree.Optimise | tree.Labelled | tree.Big, drawn: frozenset[tree.Node]
    ) -> tree.Node | None:
        body = self._term(node.body, drawn)
        if body is None or body is node.body:
            return None if body is None else node
        if isinstance(node, tree.Neg) and isinstance(body, tree.Neg):
            return body.body
        return replace(node, body=body)

    def _without(self, inside: tree.Node, drawn: frozenset[tree.Node]) -> tree.Node | None:
        """The argument of a logarithm without what is over the data; itself where nothing of it is."""
        match inside:
            case tree.Div(top, bottom) if self._is_at_data(top, drawn):
                return tree.Div(tree.Number("1", span=top.span), bottom, span=inside.span)
            case tree.Div(top, bottom) if self._is_at_data(bottom, drawn):
                return top
        return None if self._is_at_data(inside, drawn) else inside

    def _logarithm(self, rest: tree.Node | None) -> tree.Node | None:
        match rest:
            case None:
                return None
            case tree.Div(tree.Number("1"), bottom):
                return tree.Neg(tree.Prefix("log", bottom, span=bottom.span), span=rest.span)
        return tree.Prefix("log", rest, span=rest.span)

    def _is_at_data(self, node: tree.Node, drawn: frozenset[tree.Node]) -> bool:
        """Is it the density of the data, which nothing says or binds, at examples?"""
        if not isinstance(node, tree.Call) or not self._is_at_examples(node, drawn):
            return False
        return is_of_data(node.head) if node.given is None else _is_surely_of_data(node.head)

    def _is_compared(self, left: tree.Node, right: tree.Node, drawn: frozenset[tree.Node]) -> bool:
        """Is the left side the density of the data, at examples, and the right side a model of them?"""
        if self._is_at_data(left, drawn):
            return True
        return (
            isinstance(left, tree.Call)
            and self._is_at_examples(left, drawn | self.all_drawn)
            and _is_perhaps_of_data(left.head, right)
        )

    def _is_at_examples(self, node: tree.Call, drawn: frozenset[tree.Node]) -> bool:
        """Is it a density, which nothing says or binds, of values that are not drawn? What it is over, given others,
        is drawn nowhere."""
        variables = {*node.args, *(node.given or ())}
        if not is_density_call(node) or node.head in self.said or variables & (drawn | self.made):
            return False
        return node.given is None or not set(node.args) & self.all_drawn

    def _drawn(self, node: tree.Expect) -> frozenset[tree.Node]:
        """What an expectation draws from anything but the data."""
        found: set[tree.Node] = set()
        for each in node.binders:
            source = each.density if isinstance(each, tree.Draws) else each
            if not is_of_data(_head(source)):
                names = each.names if isinstance(each, tree.Draws) else each.args if isinstance(each, tree.Call) else ()
                found |= set(names)
        return frozenset(found)


def _cross_entropy(node: tree.Node, left: tree.Node, right: tree.Node) -> tree.Node:
    log = tree.Prefix("log", right, span=right.span)
    return tree.Expect((left,), tree.Neg(log, span=right.span), span=node.span)


def _is_surely_of_data(head: tree.Node) -> bool:
    """By its name, can a density be that of the data alone, and no decoder ``p_D`` and no optimum ``p^*``?"""
    return isinstance(head, tree.Symbol) and bool(SURE_LABELS & set(read_name(head, frozenset(), head=True).labels))


def _head(density: tree.Node) -> tree.Node:
    return density.head if isinstance(density, tree.Call) else density
