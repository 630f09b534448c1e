"""Functions and objectives that the text defines with arguments: ``L(\\theta; x) = …``, ``w(t) = …``.

A call of such a name is its definition at the arguments of the call. What is used this way is no objective of its own,
and neither is a function that nothing uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from formula2dgm import registry
from formula2dgm.completion.names.called import Called
from formula2dgm.reading import Note
from formula2dgm.reading.kinds import spelling
from formula2dgm.reading.names import plain
from formula2dgm.reading.objective_like import is_objective_like
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Beyond this many nodes definitions of definitions are left as they are.
MAX_NODES = 20_000
_EQUAL = frozenset(("=", ":="))
#: Letters of densities: what they define with a bar is one.
_DENSITIES = frozenset(("p", "q", "P", "Q", "pi"))
_DERIVATIVES = frozenset(("grad", "hess", "jac", "div", "partial"))


@dataclass(frozen=True, slots=True)
class Function:
    """``call = body``: the call's arguments are symbols."""

    call: tree.Call
    body: tree.Node
    statement: tree.Statement

    @property
    def slots(self) -> tuple[tree.Node, ...]:
        return _values(self.call)

    @property
    def is_objective(self) -> bool:
        return names_objective(self.call)


def unfold_definitions(
    statements: Sequence[tree.Statement], bound: Collection[tree.Node]
) -> tuple[list[tree.Statement], list[Note], Called]:
    """The statements with calls of what they define unfolded, without the definitions; what was decided; and which
    densities of the definitions the calls use at other values.

    ``bound`` are the heads that the user binds: a binding wins over a statement.
    """
    functions = functions_defined(statements, bound)
    notes: list[Note] = []
    called = Called()
    out = list(statements)
    for _ in functions:
        made = [_unfolded(each, functions, notes, called) for each in out]
        if made == out or sum(1 for each in made for _ in each.body.walk()) > MAX_NODES:
            break
        out = made
    used = [each for each in functions if _is_called(each, statements)]
    kept = [new for old, new in zip(statements, out, strict=True) if all(old is not each.statement for each in used)]
    return _without_unused(kept, [each for each in functions if each not in used], notes), notes, called


def functions_defined(statements: Sequence[tree.Statement], bound: Collection[tree.Node]) -> list[Function]:
    """What is defined, once, by symbols that nothing in the definition binds."""
    found: list[Function] = []
    for statement in statements:
        match statement.body:
            case tree.Chain(members=(tree.Call(head=tree.Symbol() as head) as call, *_, body), relations=relations):
                made = Function(call, body, statement)
                own = {each.head for each in body.all(tree.Call)}
                scored = call.given is not None and _names_density(statements, made)
                if relations[0] in _EQUAL and head not in {*bound, *own} and not scored and _is_function(made):
                    found.append(made)
    heads = [each.call.head for each in found]
    return [each for each in found if heads.count(each.call.head) == 1]


def _is_function(made: Function) -> bool:
    call = made.call
    slots = made.slots
    if not all(isinstance(each, tree.Symbol) for each in slots):
        return False
    if len(set(slots)) < len(slots) or registry.family_by_spelling(spelling(call.head)):
        return False
    if (
        call.given is None
        and is_density_call(call)
        and (spelling(call.head) in ("p", "q", "P", "pi") or not is_objective_like(made.body))
    ):
        return False
    # D(x) = 1, of a function that is judged, says what it is to give for some x, and w(x) = 1 a weight
    letter = call.head.letter if isinstance(call.head, tree.Symbol) else ""
    return made.is_objective or not (isinstance(made.body, tree.Number) and letter.isupper())


def _names_density(statements: Sequence[tree.Statement], function: Function) -> bool:
    """Is ``m(z|x) = ...`` a density: by its letter, or drawn from, scored or compared somewhere? The velocity
    ``u_t(x|x_1)`` is none."""
    head = function.call.head
    if isinstance(head, tree.Symbol) and head.letter in _DENSITIES:
        return True
    for node in (each for statement in statements for each in statement.body.walk()):
        match node:
            case tree.Expect(binders=binders):
                places: tuple[tree.Node, ...] = binders
            case tree.Draws(density=density):
                places = (density,)
            case tree.Prefix(name="log" | "H") | tree.Func(name="log" | "H") | tree.Divergence():
                places = tuple(node.children)
            case tree.Chain(members=members, relations=("~" | "propto", *_)):
                places = members
            case _:
                continue
        if any(isinstance(each, tree.Call) and each.head == head for place in places for each in place.walk()):
            return True
    return False


def _values(call: tree.Call) -> tuple[tree.Node, ...]:
    """What a call is given, in order."""
    return (*call.args, *(call.given or ()), *(call.params or ()))


def _is_called(function: Function, statements: Sequence[tree.Statement]) -> bool:
    """Does another statement call it, an objective not only to derive it?"""
    others = [each for each in statements if each is not function.statement]
    return any(_holds_call(each.body, function) for each in others)


def _holds_call(node: tree.Node, function: Function) -> bool:
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Power):
        return _holds_call(replace(node, head=node.head.base), function)
    if _is_use(node, function) or _derived(node, function) is not None:
        return True
    return not _is_closed(node, function) and any(_holds_call(each, function) for each in _parts(node))


def _parts(node: tree.Node) -> tuple[tree.Node, ...]:
    """The children of a node; of a call its arguments, as its head is no value."""
    return _values(node) if isinstance(node, tree.Call) else tuple(node.children)


def _is_use(node: tree.Node, function: Function) -> bool:
    if function.is_objective and node == function.call.head:
        return True
    if not isinstance(node, tree.Call) or node.head != function.call.head:
        return False
    if len(node.given or ()) != len(function.call.given or ()):
        return False
    values = _values(node)
    return len(values) == len(function.slots) and _fits(function, values)


def _derived(node: tree.Node, function: Function) -> tree.Call | None:
    """The call of a function whose derivative is taken by name, f(x) of ``\\partial f / \\partial x``."""
    if function.is_objective or not isinstance(node, tree.Prefix | tree.Func) or node.name != "jac":
        return None
    inside = node.operand if isinstance(node, tree.Prefix) else node.args[0]
    if inside != function.call.head or len(node.sub) != 1 or not _fits(function, (node.sub[0], *function.slots[1:])):
        return None
    return tree.Call(inside, (node.sub[0], *function.slots[1:]), span=node.span)


def _is_closed(node: tree.Node, function: Function) -> bool:
    """A derivative of an objective says how it is trained; what is inside it stays a name."""
    return function.is_objective and isinstance(node, tree.Prefix | tree.Func) and node.name in _DERIVATIVES


def _fits(function: Function, values: Sequence[tree.Node]) -> bool:
    """Can the values stand in the definition without being bound by an operator in it?"""
    if _is_claim(function):
        return False
    changed = [(slot, value) for slot, value in zip(function.slots, values, strict=True) if slot != value]
    taken = {each for node in function.body.walk() for each in _bound(node)}
    return not any(slot in taken or any(each in taken for each in value.walk()) for slot, value in changed)


def _is_claim(function: Function) -> bool:
    r"""``s_\theta(x, \sigma_i) = f_i(x)``: the index of an argument chooses the function, which is what another one is
    to become at that argument, and defines it nowhere."""
    body = function.body
    if not isinstance(body, tree.Call) or not isinstance(body.head, tree.Symbol):
        return False
    chosen = {item for slot in function.slots if isinstance(slot, tree.Symbol) for item in slot.sub}
    own = {*function.slots, *(item for item in getattr(function.call.head, "sub", ()))}
    return any(isinstance(item, tree.Symbol) and item in chosen - own for item in body.head.sub)


def _bound(node: tree.Node) -> Iterator[tree.Node]:
    """The symbols that an operator binds."""
    if isinstance(node, tree.Integral):
        yield from node.variables
    for item in node.binders if isinstance(node, tree.Big | tree.Expect) else ():
        match item:
            case tree.Draws(names=names):
                yield from names
            case tree.Call(args=args):
                yield from args
            case tree.Binds(name=name) | tree.Relates(left=name):
                yield name
            case _:
                yield item


# -- unfolding -----------------------------------------------------------------------------------------


def _unfolded(
    statement: tree.Statement, functions: Sequence[Function], notes: list[Note], called: Called
) -> tree.Statement:
    body = statement.body
    if isinstance(body, tree.Chain):
        first = body.members[0]
        rest = tuple(_replaced(each, functions, notes, called) for each in body.members[1:])
        relations = body.relations
        named = body.members[-1]
        if isinstance(named, tree.Call) and names_objective(named) and rest[-1] != named and relations[-1] != "=":
            rest, relations = (*rest[:-1], named, rest[-1]), (*relations, "=")
        left = first if body.relations[0] in _EQUAL else _replaced(first, functions, notes, called)
        return statement.with_body(replace(body, members=(left, *rest), relations=relations))
    return statement.with_body(_replaced(body, functions, notes, called))


def _replaced(node: tree.Node, functions: Sequence[Function], notes: list[Note], called: Called) -> tree.Node:
    """The node with every call of a function as its definition."""
    if isinstance(node, tree.Call) and isinstance(node.head, tree.Power):  # \\sigma^2(t)
        inside = replace(node, head=node.head.base)
        if any(_is_use(inside, each) for each in functions):
            return tree.Power(_replaced(inside, functions, notes, called), node.head.exponent, span=node.span)
    for function in functions:
        if _is_use(node, function):
            return _applied(function, node, notes, called)
        if (call := _derived(node, function)) is not None:
            assert isinstance(node, tree.Prefix | tree.Func)
            unfolded = _applied(function, call, notes, called)
            return tree.Prefix(node.name, unfolded, node.sub, node.total, span=node.span)
    if any(_is_closed(node, each) and _names(node, each) for each in functions):
        return node
    made = map_children(node, lambda each: _replaced(each, functions, notes, called))
    return replace(made, head=node.head) if isinstance(made, tree.Call) and isinstance(node, tree.Call) else made


def _names(node: tree.Node, function: Function) -> bool:
    return any(each == function.call.head for each in node.walk())


def _applied(function: Function, use: tree.Node, notes: list[Note], called: Called) -> tree.Node:
    values = _values(use) if isinstance(use, tree.Call) else function.slots
    put = {slot: value for slot, value in zip(function.slots, values, strict=True) if slot != value}
    if function.is_objective and (put or not isinstance(use, tree.Call)):
        notes.append(Note(f"{use} is what the text defines as {function.call}", use.span))

    def substituted(node: tree.Node) -> tree.Node:
        if node in put:
            return put[node]
        if (value := _at_index(node, put)) is not None:
            return value
        made = map_children(node, substituted)
        called.enter_density(node, made)
        return made

    called.enter(put)
    return substituted(function.body) if put else function.body


def _at_index(node: tree.Node, put: Mapping[tree.Node, tree.Node]) -> tree.Symbol | None:
    """``z_i`` of what is called with ``z'``: ``z'_i``."""
    if not isinstance(node, tree.Symbol) or len(node.sub) == 0:
        return None
    index = node.sub[-1]
    value = put.get(replace(node, sub=node.sub[:-1]))
    if plain(index) not in INDEX_LETTERS or not isinstance(value, tree.Symbol):
        return None
    return replace(value, sub=(*value.sub, index), span=node.span)


def _without_unused(
    statements: list[tree.Statement], unused: Sequence[Function], notes: list[Note]
) -> list[tree.Statement]:
    """The statements without functions that nothing uses, if something else is there to train."""
    idle = [each for each in unused if not (each.is_objective or is_objective_like(each.body))]
    own = [each for each in statements if all(each.body.span != function.statement.body.span for function in idle)]
    if not idle or not any(is_objective_like(each.body) for each in own):
        return statements
    notes += [Note(f"{each.call} is left out: nothing uses what defines it", each.call.span) for each in idle]
    return own
