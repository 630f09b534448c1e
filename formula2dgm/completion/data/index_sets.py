r"""Sets of examples: ``A(i) = I \setminus \{i\}``, ``P(i) = \{p \in A(i) : y_p = y_i\}``.

A sum over such a set is one over all examples of the batch, of which those count that fulfil its conditions: others
than i by ``\sum_{p \ne i}``, all else by an indicator. ``|P(i)|`` is how many they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace

from formula2dgm.completion.data.batch_names import batch_name
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import RESTRICTIONS
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.spans import Span
from formula2dgm.syntax import tree

_DEFINES = ("=", ":=")


def write_sets(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with sums over the batch in place of sums over such sets; ``keys`` are what is bound."""
    sets = _declared([each.body for each in statements])
    sums = [each for one in statements for each in one.body.all(tree.Big)]
    if not any(isinstance(each, tree.SetWhere) for one in statements for each in one.body.walk()):
        if not any(_is_difference(each) for one in statements for each in one.body.walk()):
            if not any(_conditions_beside(each) for each in sums):
                return list(statements), []
    sets += _whole_sets(sets, sums)
    writer = _Writer(sets, batch_name(statements, keys, {upper for each in sets for upper in each.uppers}))
    kept = [each for each in statements if all(each.body is not one.statement for one in sets)]
    return [each.with_body(writer.written(each.body)) for each in kept], writer.notes


@dataclass(frozen=True, slots=True)
class _Set:
    """``name(parameter) = body``; the body is None for a set of all examples, ``I = \\{1, \\dots, N\\}``."""

    name: tree.Node
    parameter: tree.Node | None
    body: tree.Node | None
    statement: tree.Node
    uppers: tuple[tree.Node, ...] = ()


def _declared(bodies: Sequence[tree.Node]) -> list[_Set]:
    found: list[_Set] = []
    for body in bodies:
        match body:
            case tree.Chain(members=(tree.Symbol(), tree.Symbol() as name, tree.SetOf() as whole), relations=("in", _)):
                found.append(_Set(name, None, None, body, _upper(whole)))
            case tree.Chain(members=(left, right), relations=(relation,)) if relation in _DEFINES:
                named, parameter = _named(left)
                if named is not None and isinstance(right, tree.SetOf) and _upper(right) and parameter is None:
                    found.append(_Set(named, None, None, body, _upper(right)))
                elif named is not None and (isinstance(right, tree.SetWhere) or _is_difference(right)):
                    found.append(_Set(named, parameter, right, body))
    return found


def _whole_sets(sets: Sequence[_Set], sums: Sequence[tree.Big]) -> list[_Set]:
    """The names of all examples: others are parts of these, or elements of them stand in conditions, ``y_p = y_i``."""
    names: list[tree.Node] = []
    for each in sets:
        for part in each.body.walk() if each.body is not None else ():
            if isinstance(part, tree.Mul) and "setminus" in part.ops:
                names.append(part.factors[0])
            elif isinstance(part, tree.SetWhere) and isinstance(part.element, tree.Relates):
                names.append(part.element.right)
    inside = [item for each in sums if _conditions_beside(each) for item in each.binders]
    read = {at for each in inside for part in each.all(tree.Symbol) for at in part.sub}
    for big in sums:
        names += [item.right for item in big.binders if isinstance(item, tree.Relates) and item.left in read]
    known = {each.name for each in sets}
    bare = dict.fromkeys(each for each in names if isinstance(each, tree.Symbol) and not (each.sub or each.sup))
    return [_Set(each, None, None, each) for each in bare if each not in known]


def _named(left: tree.Node) -> tuple[tree.Node | None, tree.Node | None]:
    """A set's name and its parameter: ``P(i)`` and ``P_i`` are one way to write it."""
    match left:
        case tree.Call(head=tree.Symbol() as name, args=(tree.Symbol() as parameter,), given=None, params=None):
            return name, parameter
        case tree.Symbol(sub=(parameter,), sup=()):
            return replace(left, sub=()), parameter
        case tree.Symbol(sub=(), sup=()):
            return left, None
    return None, None


def _upper(whole: tree.SetOf) -> tuple[tree.Node, ...]:
    """N of ``\\{1, \\dots, N\\}``."""
    match whole.items:
        case (tree.Number("1"), *_, tree.Ellipsis(), upper):
            return (upper,)
    return ()


def _is_difference(node: tree.Node) -> bool:
    return isinstance(node, tree.Mul) and "setminus" in node.ops


def _conditions_beside(big: tree.Big) -> bool:
    """``\\sum_{p : y_p = y_i}``: conditions on what is read at the index."""
    names = {plain(each) for each in big.binders} - {None}
    for each in big.binders:
        name = each.name if isinstance(each, tree.Binds) else each.left if isinstance(each, tree.Relates) else None
        if isinstance(name, tree.Symbol) and names & {plain(at) for at in name.sub}:
            return True
    return False


@dataclass(slots=True)
class _Writer:
    """Writes sums over sets out; ``size`` is what the number of the examples is called."""

    sets: list[_Set]
    size: tree.Symbol
    notes: list[Note] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def written(self, node: tree.Node) -> tree.Node:
        match node:
            case tree.Big(binders=(tree.Relates(tree.Symbol() as index, "in", tree.Call() as right),)):
                return self._sum(node, index, self._conditions(right, index), node.body)
            case tree.Big(binders=(tree.Relates(tree.Symbol() as index, "in", right),)) if self._knows(right):
                return self._sum(node, index, self._conditions(right, index), node.body)
            case tree.Big() if _conditions_beside(node):
                index = next(each for each in node.binders if isinstance(each, tree.Symbol))
                return self._sum(node, index, [each for each in node.binders if each != index], node.body)
            case tree.Div(top, bottom):
                return replace(node, numerator=self.written(top), denominator=self._some(bottom))
            case tree.Abs(body) if self._knows(body):
                return self._count(node, body)
        if any(node == upper for each in self.sets for upper in each.uppers):
            return replace(self.size, span=node.span)
        return map_children(node, self.written)

    def _knows(self, node: tree.Node) -> bool:
        return _is_difference(node) or isinstance(node, tree.SetWhere) or self._find(node)[0] is not None

    def _find(self, node: tree.Node) -> tuple[_Set | None, tree.Node | None]:
        """A set of the text, and what its parameter is here; a set that others are parts of is all examples."""
        name, value = _named(node)
        found = next(
            (each for each in self.sets if each.name == name and (each.parameter is None) == (value is None)), None
        )
        return found, value

    def _conditions(self, node: tree.Node, index: tree.Symbol) -> list[tree.Node]:
        """What an element of the set fulfils, said of ``index``."""
        match node:
            case tree.Mul((whole, *others), ops) if set(ops) == {"setminus"}:
                items = [item for each in others for item in (each.items if isinstance(each, tree.SetOf) else (each,))]
                apart = [tree.Relates(index, "!=", each, span=each.span) for each in items]
                return [*self._conditions(whole, index), *apart]
            case tree.SetWhere(element, conditions):
                own: list[tree.Node] = []
                name = element
                if isinstance(element, tree.Relates):
                    name, within = element.left, element.op == "in"
                    own = self._conditions(element.right, index) if within else [_put(element, {name: index})]
                return [*own, *(_put(each, {name: index}) for each in conditions)]
        found, value = self._find(node)
        if found is None:
            message = f"the set {node} is declared nowhere, and is no set of the examples of a batch"
            hint = "say what its elements are: A(i) = I \\setminus \\{i\\}, P(i) = \\{p \\in A(i) : y_p = y_i\\}"
            raise FormulaError(Diagnostic("F2D-0562", "error", message, node.span, hint))
        if found.body is None:
            return []
        body = found.body if found.parameter is None or value is None else _put(found.body, {found.parameter: value})
        return self._conditions(body, index)

    def _sum(self, node: tree.Big, index: tree.Symbol, conditions: Sequence[tree.Node], body: tree.Node) -> tree.Big:
        """The sum over all examples of which those count that fulfil the conditions."""
        made, span = self.written(body), node.span
        others = [each for each in conditions if _is_order(each)]
        more = [each for each in conditions if not _is_order(each)]
        if more:
            mask = tree.Func("indicator", tuple(more), span=span)
            made = tree.Mul((mask, made), ("",), span=span)
        binder = tree.Binds(index, tree.Number("1", span=span), span=span)
        self._note(node, index, span)
        return replace(node, binders=tuple(others) or (binder,), upper=None if others else self.size, body=made)

    def _count(self, node: tree.Node, body: tree.Node) -> tree.Node:
        """``|P(i)|``."""
        index = _fresh(node)
        conditions = self._conditions(body, index)
        span = node.span
        if all(isinstance(each, tree.Relates) and each.op == "!=" and _is_order(each) for each in conditions):
            less = tuple(tree.Neg(tree.Number("1", span=span), span=span) for _ in conditions)
            return tree.Add((self.size, *less), span=span) if less else self.size
        big = tree.Big("sum", (index,), None, tree.Number("1", span=span), False, span=span)
        made = self._sum(big, index, conditions, tree.Number("1", span=span))
        return made

    def _some(self, bottom: tree.Node) -> tree.Node:
        """A number of examples that is divided by: where there are none, nothing is summed either."""
        if not isinstance(bottom, tree.Abs) or not self._knows(bottom.body):
            return self.written(bottom)
        self.notes.append(Note(f"where {bottom.body} has no element, what is divided by {bottom} is 0", bottom.span))
        one = tree.Number("1", span=bottom.span)
        return tree.Func("max", (one, self.written(bottom)), span=bottom.span)

    def _note(self, node: tree.Big, index: tree.Symbol, span: Span) -> None:
        said = ", ".join(map(str, node.binders))
        if said not in self.said and said != str(index):
            self.said.add(said)
            self.notes.append(Note(f"the sum over {said} runs over the examples of the batch", span))


def _is_order(node: tree.Node) -> bool:
    """Is this a relation between two indices?"""
    return (
        isinstance(node, tree.Relates) and node.op in RESTRICTIONS and None not in (plain(node.left), plain(node.right))
    )


def _fresh(node: tree.Node) -> tree.Symbol:
    used = {plain(each) for each in node.walk()}
    return tree.Symbol(next(each for each in "nmjkl" if each not in used), span=node.span)


def _put(node: tree.Node, put: dict[tree.Node, tree.Node]) -> tree.Node:
    if node in put:
        return put[node]
    return map_children(node, lambda each: _put(each, put))
