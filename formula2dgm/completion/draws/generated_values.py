r"""Distributions that are known by what makes their values: ``\hat x \sim P`` beside ``\hat x = u x + (1-u) y``.

    \hat x \sim P_{\hat x}, and \hat x defined          what the definition computes
    \min_G ... E_{\tilde x \sim P_g}                    \tilde x = G(z), z a standard normal (a default)
    \hat x \sim P_{\hat x} beside x and \tilde x        \hat x = u x + (1-u) \tilde x, u uniform: on the line between
                                                        data and what is generated (a default)
    \hat x \sim P_{\hat x} beside x and D(G(z))         \hat x = u x + (1-u) G(z), of the x and z that others draw

The generator is a player that carries the label of the distribution, in either case, and that the text applies to
nothing. A distribution that is scored or compared is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults, placed
from formula2dgm.reading import Note
from formula2dgm.reading.names import GREEK_GROUPS, plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.syntax import parse_one, tree

#: Letters of noise, and of weights between two values, the first that the text does not use.
_NOISE, _WEIGHT = ("z", "u", "xi"), ("u", "epsilon", "alpha", "s")


def write_generated(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node], scaffold: bool
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such draws as what makes them, and what was decided; ``keys`` are what is bound."""
    text = _Generated(list(statements), keys)
    if not any(each.body.all(tree.Draws) for each in statements):
        return text.statements, []
    if scaffold:
        text.generators()
        text.lines()
    text.defined()
    return text.statements, text.notes


class _Generated(Defaults):
    def generators(self) -> None:
        """``\\tilde x = G(z)`` for ``\\tilde x \\sim P_g``, where G is a player."""
        players = [name for each in self.nodes() if isinstance(each, tree.Optimise) for name in each.names]
        called = {each.head for each in self.nodes() if isinstance(each, tree.Call)}
        for value, source in self._draws():
            label = plain(source.sub[0]) if len(source.sub) == 1 else None
            found = [each for each in players if label is not None and (plain(each) or "").lower() == label.lower()]
            if len(found) != 1 or found[0] in called or value in self.left_sides():
                continue
            if sum(each == value for each in self._bound()) > 1:  # x of the data, too
                value = self._renamed(value, source)
            noise = self._unused(_NOISE)
            said = f"{source} is the distribution of {found[0]}({noise}), {noise} a standard normal"
            self.add(rf"{value.latex()} = {found[0].latex()}({noise})", source.span, said)
            self.add(rf"{noise} \sim \mathcal{{N}}(0, I)", source.span)

    def lines(self) -> None:
        """``\\hat x`` on the line from ``\\tilde x`` to x, where its distribution has no other name than its own."""
        drawn = [value for value, _ in self._draws()]
        for value, source in self._draws():
            data, made = replace(value, accents=()), replace(value, accents=("tilde",))
            if value.accents != ("hat",) or source.sub != (value,) or value in self.left_sides():
                continue
            if data in drawn and made in drawn and made in self.left_sides():
                weight = self._unused(_WEIGHT)
                name = tree.Symbol(weight, span=value.span).latex()
                line = rf"{value.latex()} = {name} {data.latex()} + (1 - {name}) {made.latex()}"
                self.add(line, source.span, f"{value} is on the line between {data} and {made}, at a uniform place")
                self.add(rf"{name} \sim \mathcal{{U}}(0, 1)", source.span)
            elif made not in self.nodes() and (found := self._generated(value, data)) is not None:
                self._line_to(value, data, found)

    def _generated(self, value: tree.Symbol, data: tree.Symbol) -> tree.Call | None:
        """G(z), where D is given the value, the data, and that."""
        calls = [each for each in self.nodes() if isinstance(each, tree.Call)]
        heads = {each.head for each in calls if value in each.args} & {each.head for each in calls if data in each.args}
        inside = {arg for each in calls if each.head in heads for arg in each.args if isinstance(arg, tree.Call)}
        found = [each for each in inside if len(each.args) == 1 and isinstance(each.args[0], tree.Symbol)]
        return found[0] if len(inside) == len(found) == 1 else None

    def _line_to(self, value: tree.Symbol, data: tree.Symbol, generated: tree.Call) -> None:
        """``\\hat x`` on the line from G(z) to x, in an expectation over what these are drawn from."""
        binders = [self._binder_of(each) for each in (data, generated.args[0])]
        if None in binders:
            return
        weight = tree.Symbol(self._unused(_WEIGHT), span=value.span)
        drawn = parse_one(rf"E_{{{weight.latex()} \sim \mathcal{{U}}(0, 1)}} 1")
        assert isinstance(drawn, tree.Expect)

        def rebuild(node: tree.Node) -> tree.Node:
            node = map_children(node, rebuild)
            if not isinstance(node, tree.Expect) or not any(_draws(each, value) for each in node.binders):
                return node
            others = [each for each in node.binders if not _draws(each, value)]
            added = [placed(each, node.span) for each in (*binders, *drawn.binders) if each is not None]
            return replace(node, binders=(*others, *(each for each in added if each not in others)))

        self.statements = [each.with_body(rebuild(each.body)) for each in self.statements]
        name = weight.latex()
        line = rf"{value.latex()} = {name} {data.latex()} + (1 - {name}) {generated.latex()}"
        said = f"{value} is on the line between {data} and {generated}, at a uniform place"
        self.add(line, value.span, said)

    def _binder_of(self, name: tree.Node) -> tree.Node | None:
        """What an expectation draws a name by, by itself."""
        binders = (item for each in self.nodes() if isinstance(each, tree.Expect) for item in each.binders)
        return next((each for each in binders if _draws(each, name)), None)

    def defined(self) -> None:
        """The draws of what a statement defines as that."""
        made = {each.members[0] for each in self.chains() if each.relations[0] in ("=", ":=")}
        wanted = {value: source for value, source in self._draws() if value in made}

        def rebuild(node: tree.Node) -> tree.Node:
            node = map_children(node, rebuild)
            match node:
                case tree.Draws(names=(value,), density=source) if value in wanted and wanted[value] == _head(source):
                    self.notes.append(Note(f"{node} is {value} as it is defined", node.span))
                    return value
            return node

        self.statements = [each.with_body(rebuild(each.body)) for each in self.statements]

    def _draws(self) -> Iterator[tuple[tree.Symbol, tree.Symbol]]:
        """What is drawn by itself from a distribution without parameters, of which nothing else is said, and that."""
        nodes = list(self.nodes())
        draws = [each for each in nodes if isinstance(each, tree.Draws) and len(each.names) == 1]
        lefts = {each.head if isinstance(each, tree.Call) else each for each in (*self.left_sides(), *self.keys)}
        scored = {each.head for each in nodes if isinstance(each, tree.Call)} - {
            each.density.head for each in draws if isinstance(each.density, tree.Call)
        }
        chains = (each for each in nodes if isinstance(each, tree.Chain) and each.relations[0] in ("=", ":="))
        named = {id(part) for each in chains for part in each.members[0].walk()}  # W(P_r, P_g) = ...
        divergences = (each for each in nodes if isinstance(each, tree.Divergence) and id(each) not in named)
        compared = {side for each in divergences for side in (each.left, each.right)}
        for each in draws:
            value, source = each.names[0], _head(each.density)
            if not isinstance(value, tree.Symbol) or source is None or source in lefts | scored | compared:
                continue
            groups = [item for item in source.sub if isinstance(item, tree.Symbol) and item.letter in GREEK_GROUPS]
            if source.letter in ("p", "P") and not groups:
                yield value, source

    def _bound(self) -> Iterator[tree.Node]:
        """What expectations and statements draw."""
        for each in self.nodes():
            match each:
                case tree.Draws(names=names):
                    yield from names
                case tree.Expect(binders=binders):
                    yield from (arg for item in binders if isinstance(item, tree.Call) for arg in item.args)
                case tree.Chain((name, *_), ("~", *_)):
                    yield name

    def _renamed(self, value: tree.Symbol, source: tree.Symbol) -> tree.Symbol:
        """Another name for what is drawn from one of several sources, in the expectations that draw it from there."""
        fresh = replace(value, accents=(*value.accents, "tilde"))
        while fresh in self.nodes():
            fresh = replace(fresh, accents=(*fresh.accents, "prime"))

        def exchanged(node: tree.Node) -> tree.Node:
            return replace(fresh, span=node.span) if node == value else map_children(node, exchanged)

        def rebuild(node: tree.Node) -> tree.Node:
            binders = node.binders if isinstance(node, tree.Expect) else ()
            draws = (each for each in binders if isinstance(each, tree.Draws))
            own = any(each.names == (value,) and _head(each.density) == source for each in draws)
            return exchanged(node) if own else map_children(node, rebuild)

        self.statements = [each.with_body(rebuild(each.body)) for each in self.statements]
        return fresh

    def _unused(self, letters: Sequence[str]) -> str:
        used = {each.letter for each in self.nodes() if isinstance(each, tree.Symbol)}
        return next((each for each in letters if each not in used), letters[0] + letters[0])


def _draws(binder: tree.Node, name: tree.Node) -> bool:
    """``x \\sim P``, or ``p(x)``."""
    if isinstance(binder, tree.Draws):
        return binder.names == (name,)
    return isinstance(binder, tree.Call) and binder.args == (name,) and binder.given is None


def _head(density: tree.Node) -> tree.Symbol | None:
    """P of ``P`` and of ``P(x)``."""
    if isinstance(density, tree.Call) and density.given is None and density.params is None:
        density = density.head
    return density if isinstance(density, tree.Symbol) else None
