r"""Draws under another name than the density's: ``E_{u \sim q(z|x)}[\log p(x|u)]`` is ``E_{q(z|x)}[\log p(x|z)]``.

The name below E is that of the value; the density is the one that the text writes, and not a second one over u. So it
is of ``z \sim q(z|x)`` as a statement. The value takes the density's own name, or, where the bracket reads that too,
the name with a prime. A density over u that the text or a binding knows is another one, and stays. ``z(0) \sim p(z)``
is ``z(0) \sim p(z(0))``.

Of a joint, ``\tilde x, z \sim p(x, z)``, names that are those of variables are these; the others follow in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.reading.written_families import is_written_family
from formula2dgm.syntax import tree

#: What a name is apart from its index: its letter, accents and font.
Base = tuple[str, tuple[str, ...], str]


def name_draws(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what is drawn by the density's own names, and what was decided; ``keys`` are what is
    bound."""
    text = _Text(statements, keys)
    made = [each.with_body(_at_its_time(text.written(each.body))) for each in statements]
    return text.stated(made), text.notes


class _Text:
    def __init__(self, statements: Sequence[tree.Statement], keys: Sequence[tree.Node]):
        self.roots = [each.body for each in statements]
        chains = [each for each in self.roots if isinstance(each, tree.Chain) and each.relations[0] != "~"]
        self.known = {*keys, *(each.members[0] for each in chains)}
        self.calls = [node for root in self.roots for node in root.all(tree.Call)]
        self.notes: list[Note] = []

    def written(self, node: tree.Node) -> tree.Node:
        """An expression with such brackets renamed, those inside first."""
        node = map_children(node, self.written)
        if not isinstance(node, tree.Expect):
            return node
        node = self._of_joints(node)
        for place, binder in enumerate(node.binders):
            if not isinstance(binder, tree.Draws) or len(binder.names) != 1:
                continue
            if (found := self._other(binder.names[0], binder.density)) is None:
                continue
            old, new = found
            rest = (*node.binders[:place], *node.binders[place + 1 :], node.body)
            if _reads(rest, new):
                new = (new[0], (*new[1], "prime"), new[2])
            if _reads(rest, new) or any(old == _base(each) for inner in rest for each in _drawn(inner)):
                continue
            name = _renamed(binder.names[0], old, new)
            drawn = replace(binder, names=(name,))
            others = [_renamed(each, old, new) for each in (*node.binders[:place], *node.binders[place + 1 :])]
            binders = (*others[:place], drawn, *others[place:])
            self.notes.append(Note(f"{binder.names[0]} is {name}, a value of {binder.density}", binder.span))
            node = replace(node, binders=binders, body=_renamed(node.body, old, new))
        return node

    def _of_joints(self, node: tree.Expect) -> tree.Expect:
        """A bracket whose draws from joint densities go by the names of their variables."""
        for place, binder in enumerate(node.binders):
            if not isinstance(binder, tree.Draws) or not isinstance(binder.density, tree.Call):
                continue
            names = (*node.binders[place + len(binder.names) - len(binder.density.args) : place], *binder.names)
            if len(names) != len(binder.density.args):
                continue
            others = (*node.binders[: place + len(binder.names) - len(names)], *node.binders[place + 1 :])
            if (made := self._of_joint(node, replace(binder, names=names), others)) is not node:
                return self._of_joints(made)
        return node

    def _of_joint(self, node: tree.Expect, binder: tree.Draws, others: tuple[tree.Node, ...]) -> tree.Expect:
        """A bracket that draws all variables of a joint density, by their names; ``others`` are its other binders."""
        assert isinstance(binder.density, tree.Call)
        pairs, rest = _pairs_of_joint(binder.names, binder.density), (*others, node.body)
        inside = {_base(each) for inner in rest for each in _drawn(inner)}
        if not pairs or self._says(binder.density, binder.names) or inside & {each for pair in pairs for each in pair}:
            return node
        if any(_reads(rest, new) for _, new in pairs):
            _refuse_two_names(binder, rest, [old for old, _ in pairs])
            return node
        order = [*map(_base, binder.density.args)]
        drawn, over = (", ".join(map(str, each)) for each in (binder.names, binder.density.args))
        self.notes.append(Note(f"{drawn} are the {over} of {binder.density}", binder.span))
        for old, new in pairs:
            binder = replace(binder, names=tuple(_renamed(each, old, new) for each in binder.names))
            rest = tuple(_renamed(each, old, new) for each in rest)
        binder = replace(binder, names=tuple(sorted(binder.names, key=lambda each: order.index(_base(each)))))
        return replace(node, binders=(binder, *rest[:-1]), body=rest[-1])

    def _says(self, density: tree.Call, names: Sequence[tree.Node]) -> bool:
        """Does the text say a density of this letter over these names itself?"""
        drawn = [*map(_base, names)]
        return any(
            isinstance(each, tree.Call) and each.head == density.head and [*map(_base, each.args)] == drawn
            for each in self.known
        )

    def stated(self, statements: list[tree.Statement]) -> list[tree.Statement]:
        """The same of draws that are statements, where the text reads the density's name in densities alone."""
        for statement in list(statements):
            match statement.body:
                case tree.Chain(members=(tree.Symbol() as name, density), relations=("~",)):
                    found = self._other(name, density)
                case _:
                    continue
            if found is None or self._reads_alone(found[1]):
                continue
            old, new = found
            self.notes.append(Note(f"{name} is {_renamed(name, old, new)}, a value of {density}", statement.span))
            statements = [each.with_body(_renamed(each.body, old, new)) for each in statements]
        return statements

    def _other(self, name: tree.Node, density: tree.Node) -> tuple[Base, Base] | None:
        """The names of what is drawn and of what the density is over, where they are two."""
        if not isinstance(density, tree.Call) or not is_density_call(density) or len(density.args) != 1:
            return None
        own = density.args[0]
        if not isinstance(name, tree.Symbol) or not isinstance(own, tree.Symbol):
            return None
        if name.letter == own.letter or own.sup or (own.sub and own.sub != name.sub):
            return None
        if density.given is None and density not in self.known and self.calls.count(density) < 2:
            return None
        return None if self._knows(density, name) else (_base(name), _base(own))

    def _knows(self, density: tree.Call, name: tree.Symbol) -> bool:
        """Is a density of this letter over the other name known by itself?"""
        return any(
            isinstance(each, tree.Call) and each.head == density.head and [*map(_base, each.args)] == [_base(name)]
            for each in self.known
        )

    def _reads_alone(self, name: Base) -> bool:
        """Does the text read a name anywhere but as what a density is over?"""
        over = sum(_base(each) == name for call in self.calls if is_density_call(call) for each in call.args)
        return over < sum(_base(each) == name for root in self.roots for each in _values(root))


def _refuse_two_names(binder: tree.Draws, rest: Sequence[tree.Node], drawn: Sequence[Base]) -> None:
    """An error where a bracket reads a variable of a joint and what is drawn of it; primes are other examples."""
    if all("prime" in each[1] for each in drawn if _reads(rest, each)):
        return
    names = ", ".join(map(str, binder.names))
    message = f"{names} are drawn from {binder.density} under other names, and the bracket reads both"
    assert isinstance(binder.density, tree.Call)
    hint = f"name in the density what is drawn: {replace(binder.density, args=binder.names)}"
    raise FormulaError(Diagnostic("F2D-0525", "error", message, binder.span, hint))


def _pairs_of_joint(names: Sequence[tree.Node], density: tree.Call) -> list[tuple[Base, Base]]:
    r"""What is drawn and the variable that it is, where the names of a joint's draws are not its own: x tilde and x of
    ``\tilde x, z \sim p(x, z)``. A prime on one of them, ``(x, y') \sim p(x, y)``, may say another example."""
    own = density.args
    if len(names) != len(own) or len(own) < 2 or not is_density_call(density) or is_written_family(density):
        return []
    if not all(isinstance(each, tree.Symbol) and not each.sub and not each.sup for each in (*names, *own)):
        return []
    drawn, over = [*map(_base, names)], [*map(_base, own)]
    pairs = [
        *zip(
            (each for each in drawn if each not in over),
            (each for each in over if each not in drawn),
            strict=True,
        )
    ]
    primes = ["prime" in old[1] for old, _ in pairs]
    if (
        len({*drawn}) < len(drawn)
        or (any(primes) and sum(primes) < len(own))
        or _reads(density.given or (), *(each for pair in pairs for each in pair))
    ):
        return []
    return pairs


def _at_its_time(body: tree.Node) -> tree.Node:
    """``z(0) ~ p(z)``, what the state is at a time, as ``z(0) ~ p(z(0))``."""
    match body:
        case tree.Chain(members=(tree.Call(given=None) as state, tree.Call() as density), relations=("~",)) if (
            density.args == (state.head,)
        ):
            return replace(body, members=(state, replace(density, args=(state,))))
    return body


def _base(node: tree.Node) -> Base:
    return (node.letter, node.accents, node.style) if isinstance(node, tree.Symbol) else ("", (), "")


def _values(node: tree.Node) -> Iterator[tree.Node]:
    """The names in an expression that are no heads of calls."""
    if isinstance(node, tree.Symbol):
        yield node
    for each in node.children:
        if not (isinstance(node, tree.Call) and each is node.head):
            yield from _values(each)


def _reads(nodes: Sequence[tree.Node], *names: Base) -> bool:
    return any(_base(each) in names for node in nodes for each in _values(node))


def _drawn(node: tree.Node) -> Iterator[tree.Node]:
    """What brackets inside draw by name."""
    draws = node.all(tree.Draws)
    return (name for each in draws for name in each.names)


def _renamed(node: tree.Node, old: Base, new: Base) -> tree.Node:
    if isinstance(node, tree.Symbol) and _base(node) == old:
        return replace(node, letter=new[0], accents=new[1], style=new[2])
    if isinstance(node, tree.Call):
        made = map_children(node, lambda each: each if each is node.head else _renamed(each, old, new))
        return made
    return map_children(node, lambda each: _renamed(each, old, new))
