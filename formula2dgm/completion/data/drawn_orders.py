r"""Autoregressions in a drawn order: ``E_{z \sim Z_T}[\sum_t \log p(x_{z_t} | x_{z_{<t}})]``, of ``x_{\sigma(t)}``.

The sum is the density of all of x, each entry given those before it in the order. The order is that of as many
independent draws, of which each order is as likely; a default network is given x and these draws, and reads for each
entry those that come before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import placed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.spans import Span
from formula2dgm.syntax import parse_one, tree

#: The function that stands for the entries that a network with an order reads: the whole vector.
IN_ORDER = "entries_in_order"


def write_orders(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], defaults: bool, dims: Mapping[str, int]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with densities of whole vectors, and what was decided; ``keys`` are what is bound, ``defaults``
    whether what nothing says is a default network's, ``dims`` are the sizes of variables."""
    writer = _Orders([each.body for each in statements], dims)
    out = [each.with_body(writer.written(each.body)) for each in statements]
    for body in (each.body for each in out):
        for call in body.walk():
            left = [_before(each) for each in getattr(call, "given", None) or () if isinstance(each, tree.Symbol)]
            if any(name is not None and name in writer.drawn for name, _ in filter(None, left)):
                raise _refuse("it is no sum over all places of an expectation over the order", call.span)
    if not writer.orders:
        return list(statements), []
    heads = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    for call, order, entries in writer.orders:
        if not defaults or any(isinstance(each, tree.Call) and each.head == call.head for each in (*heads, *keys)):
            raise _refuse(
                "only a default network reads entries in an order, of a density that nothing declares", call.span
            )
        if any(each == order for each in (*heads, *keys)):
            raise _refuse(f"the text says of {order} what is no order", call.span)
        size = writer.count(entries, call.span)
        out = [each.with_body(_of_whole(each.body, entries, size)) for each in out]
        out.append(_statement(rf"{order.latex()} \in \mathbb{{R}}^{{{size}}}", call.span))
    return [*out, *writer.sizes(out)], writer.notes


#: Letters of a law under which all elements of a set are as likely.
_UNIFORM = frozenset(("U", "Unif", "Uniform"))


class _Orders:
    """Writes sums over places in an order as densities of whole vectors."""

    def __init__(self, bodies: Sequence[tree.Node], dims: Mapping[str, int]):
        self.bodies, self.dims = bodies, dims
        self.notes: list[Note] = []
        self.orders: list[tuple[tree.Call, tree.Symbol, tree.Symbol]] = []
        binders = [binder for body in bodies for each in body.all(tree.Expect) for binder in each.binders]
        self.drawn = {name for each in binders for name in (each.names if isinstance(each, tree.Draws) else (each,))}
        self.uppers: list[tree.Node] = []
        self.counted: list[tuple[tree.Node, int]] = []

    def written(self, node: tree.Node) -> tree.Node:
        if isinstance(node, tree.Expect):
            for place, binder in enumerate(node.binders):
                order = binder.names[0] if isinstance(binder, tree.Draws) and len(binder.names) == 1 else binder
                if not isinstance(order, tree.Symbol) or order.sub or order.sup:
                    continue
                body = self._in(node.body, order)
                if body != node.body:
                    self._is_of_orders(binder)
                    drawn = parse_one(rf"E_{{{order.latex()} \sim \mathcal{{N}}(0, I)}}[1]")
                    assert isinstance(drawn, tree.Expect)
                    binders = [*node.binders[:place], placed(drawn.binders[0], binder.span), *node.binders[place + 1 :]]
                    self.notes.append(
                        Note(
                            f"{order} is each order with the same probability, by normal draws: one for each example",
                            binder.span,
                        )
                    )
                    return replace(node, binders=tuple(binders), body=self.written(body))
        return map_children(node, self.written)

    def _is_of_orders(self, binder: tree.Node) -> None:
        """``Z_T``, ``U(S_D)``: a name that nothing explains, or what is uniform over one."""
        match binder:
            case tree.Draws(density=tree.Symbol() | tree.Call(args=(tree.Symbol(),), given=None, params=None) as law):
                name = law.args[0] if isinstance(law, tree.Call) else law
                said = (each.members[0] for each in self.bodies if isinstance(each, tree.Chain))
                uniform = isinstance(law, tree.Symbol) or getattr(law.head, "letter", "") in _UNIFORM
                if uniform and name not in said:
                    return
            case tree.Symbol():
                return
        raise _refuse(f"{binder} draws no order with the same probability for each", binder.span)

    def _in(self, node: tree.Node, order: tree.Symbol) -> tree.Node:
        node = map_children(node, lambda each: self._in(each, order))
        match node:
            case tree.Big("sum", (binder,), upper, tree.Prefix("log", tree.Call() as call) as body):
                index = binder.name if isinstance(binder, tree.Binds) else binder
                made = self._whole(call, order, index)
                if made is None:
                    return node
                if isinstance(binder, tree.Binds) and binder.value != tree.Number("1", span=binder.value.span):
                    raise _refuse(f"{index} does not count the places from 1", call.span)
                self.uppers += [upper] if upper is not None else []
                return replace(body, operand=made)
        return node

    def _whole(self, call: tree.Call, order: tree.Symbol, index: tree.Node) -> tree.Call | None:
        """The density of x, of one of ``x_{z_t}`` given ``x_{z_{<t}}``."""
        if not is_density_call(call) or len(call.args) != 1 or not isinstance(entry := call.args[0], tree.Symbol):
            return None
        if _at(entry) != (order, index):
            return None
        whole = replace(entry, sub=())
        before = [
            each
            for each in call.given or ()
            if isinstance(each, tree.Symbol) and replace(each, sub=(), style="") == replace(whole, style="")
        ]
        if not before:
            return None
        others = [each for each in call.given or () if not any(each is one for one in before)]
        if [_before(each) for each in before] != [(order, index)]:
            raise _refuse(f"{entry} is not given the entries before it in the order alone", call.span)
        if any(each in (order, index) for part in others for each in part.walk()):
            raise _refuse(f"it reads {index} or {order} elsewhere, too", call.span)
        self.orders.append((call, order, whole))
        self.notes.append(
            Note(f"{call} over all {index} is one density of {whole}, each entry given those before", call.span)
        )
        read = tree.Func(IN_ORDER, (whole,), span=entry.span)
        return replace(call, args=(whole,), given=(read, replace(order, span=entry.span), *others))

    def sizes(self, statements: Sequence[tree.Statement]) -> list[tree.Statement]:
        """``D = 3``, where D is read beside its sum and nothing says it."""
        said = {each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)}
        read = {node for each in statements for node in each.body.walk()}
        sizes = {upper: size for upper, size in self.counted if isinstance(upper, tree.Symbol)}
        unsaid = {upper: size for upper, size in sizes.items() if upper in read and upper not in said}
        self.notes += [Note(f"{upper} is {size}", upper.span) for upper, size in unsaid.items()]
        return [_statement(f"{upper.latex()} = {size}", upper.span) for upper, size in unsaid.items()]

    def count(self, entries: tree.Symbol, span: Span) -> int:
        """How many entries there are: by an option, a space, or the end of the sum."""
        found = {self.dims[each] for each in (entries.letter,) if each in self.dims}
        for body in self.bodies:
            match body:
                case tree.Chain((left, tree.Power(exponent=tree.Number(text))), ("in",)) if left == entries:
                    found.add(int(text))
                case tree.Chain((left, tree.Number(text)), ("=" | ":=",)) if left in self.uppers and text.isdigit():
                    found.add(int(text))
        found |= {int(each.text) for each in self.uppers if isinstance(each, tree.Number) and each.text.isdigit()}
        if len(found) > 1:
            raise _refuse(f"{entries} has {' and '.join(map(str, sorted(found)))} entries", span)
        if not found:
            message = f"the formula does not say how many entries {entries} has, which are read in an order"
            hint = f"say it: dims={{{entries.letter!r}: 16}}, or by its space: {entries} \\in \\mathbb{{R}}^{{16}}"
            raise FormulaError(Diagnostic("F2D-0609", "error", message, span, hint))
        size = found.pop()
        self.counted += [(upper, size) for upper in self.uppers]
        return size


def _at(symbol: tree.Symbol) -> tuple[tree.Symbol, tree.Node] | None:
    """z and t of ``x_{z_t}`` and ``x_{z(t)}``."""
    return _item(symbol.sub[0]) if len(symbol.sub) == 1 else None


def _item(item: tree.Node) -> tuple[tree.Symbol, tree.Node] | None:
    """z and t of ``z_t`` and ``z(t)``."""
    match item:
        case tree.Symbol(sub=(index,)) as name:
            return replace(name, sub=()), index
        case tree.Call(head=tree.Symbol() as name, args=(index,), given=None, params=None):
            return name, index
    return None


def _before(symbol: tree.Symbol) -> tuple[tree.Symbol, tree.Node] | None:
    """z and t of ``x_{z_{<t}}``, ``x_{z_{1:t-1}}``, ``x_{z(<t)}`` and, as some print it, ``x_{z<t}``."""
    match symbol.sub:
        case (tree.Relates(tree.Symbol() as name, "<", index),):
            return name, index
        case (tree.Range(lower, upper),):  # x_{z_1}, ..., x_{z_{t-1}}
            match _item(lower), _item(upper):
                case (name, tree.Number("1")), (other, tree.Add((index, tree.Neg(tree.Number("1"))))) if name == other:
                    return name, index
    match _at(symbol):
        case (name, tree.OpenRange("<", index)):
            return name, index
        case (name, tree.Range(tree.Number("1"), tree.Add((index, tree.Neg(tree.Number("1")))))):
            return name, index
    return None


def _of_whole(body: tree.Node, entries: tree.Symbol, size: int) -> tree.Node:
    """``x \\in S^T`` of ``x_t \\in S``."""
    match body:
        case tree.Chain((tree.Symbol(sub=(tree.Symbol(),)) as left, space), ("in",)) if (
            replace(left, sub=()) == entries
        ):
            power = tree.Power(space, tree.Number(str(size), span=space.span), span=space.span)
            return replace(body, members=(entries, power))
    return body


def _statement(text: str, span: Span) -> tree.Statement:
    return tree.Statement(placed(parse_one(text), span), span=span)


def _refuse(why: str, span: Span) -> FormulaError:
    message = f"an autoregression in a drawn order is not understood here: {why}"
    hint = r"write E_{z \sim Z_T}[\sum_{t=1}^T \log p(x_{z_t}|x_{z_{<t}})], or permute the data: p(x_i|x_{<i})"
    return FormulaError(Diagnostic("F2D-0592", "error", message, span, hint))
