r"""One of several draws that has a role of its own: the one that is counted 0.

    E_{\psi_{0:K} \sim q(\psi)} E_{q(w|\psi_0)}[-\log \frac{1}{K+1} \sum_{k=0}^K q(w|\psi_k)]

w is drawn given the first of K + 1 draws, and all of them are summed over (Yin and Zhou 2018). The draw at 0 gets a
name of its own, ``\psi'``, the others are ``\psi_{1:K}``, and what a sum says of 0 stands beside the rest of it. The
draws may be written ``\psi^{0 \dots K}`` or ``\psi_0, \dots, \psi_K``, and a bare ``E_{\psi_{0:K}}`` is over the
density of the letter that is given psi.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What is drawn K + 1 times: the variable without its range, the name of its first draw, K, and the density."""

    variable: tree.Symbol
    first: tree.Symbol
    last: tree.Node
    density: tree.Call


def name_first_draws(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the first of such draws under a name of its own, and what was decided."""
    nodes = [node for each in statements for node in each.body.walk()]
    notes: list[Note] = []

    def rebuild(node: tree.Node) -> tree.Node:
        node = map_children(node, rebuild)
        if not isinstance(node, tree.Expect) or len(node.binders) != 1:
            return node
        drawn = _read(node.binders[0], nodes)
        if drawn is None or (body := _with_first(node.body, drawn)) is None:
            return node
        said = f"{drawn.variable}_0 is {drawn.first}, a draw of its own beside {drawn.variable}_{{1:{drawn.last}}}"
        notes.append(Note(f"{said}, all from {drawn.density}", node.binders[0].span))
        return replace(node, binders=_binders(drawn, node.binders[0]), body=body)

    return [each.with_body(rebuild(each.body)) for each in statements], notes


def _read(binder: tree.Node, nodes: Sequence[tree.Node]) -> _Drawn | None:
    """The draws from 0 on that a binder writes; None for any other."""
    names = binder.names if isinstance(binder, tree.Draws) else (binder,)
    found = _range(names)
    if found is None or str(found[1]) == "T":
        return None
    variable, last = found
    density = binder.density if isinstance(binder, tree.Draws) else _density_of(variable, nodes)
    first = replace(variable, accents=(*variable.accents, "prime"))
    taken = any(isinstance(each, tree.Symbol) and _bare(each) == first for each in nodes)
    if taken or not isinstance(density, tree.Call) or density.args != (variable,) or not is_density_call(density):
        return None
    return _Drawn(variable, first, last, density)


def _range(names: Sequence[tree.Node]) -> tuple[tree.Symbol, tree.Node] | None:
    """The variable and the last index of ``\\psi_{0:K}`` and of ``\\psi_0, \\dots, \\psi_K``."""
    match names:
        case [tree.Symbol() as symbol] if len(_index(symbol)) == 1 and isinstance(_index(symbol)[0], tree.Range):
            run = _index(symbol)[0]
            assert isinstance(run, tree.Range)
            return (_bare(symbol), run.upper) if str(run.lower) == "0" else None
        case [tree.Symbol() as symbol, tree.Ellipsis(), tree.Symbol() as end] if _bare(symbol) == _bare(end):
            return (_bare(symbol), _index(end)[0]) if _starts(symbol) and len(_index(end)) == 1 else None
    return None


def _density_of(variable: tree.Symbol, nodes: Sequence[tree.Node]) -> tree.Node | None:
    """The density that a bare ``E_{\\psi_{0:K}}`` is over: q(\\psi) beside q(w|\\psi_0), which alone is given psi."""
    calls = [each for each in nodes if isinstance(each, tree.Call) and is_density_call(each)]
    over = {each for each in calls if each.args == (variable,) and not each.given}
    heads = {each.head for each in calls if any(_is(item, variable) for item in each.given or ())}
    if len(over) == 1:
        return over.pop()
    return tree.Call(heads.pop(), (variable,), span=variable.span) if len(heads) == 1 and not over else None


def _binders(drawn: _Drawn, binder: tree.Node) -> tuple[tree.Node, ...]:
    rest = tree.Range(tree.Number("1", span=binder.span), drawn.last, span=binder.span)
    others = replace(drawn.variable, sub=(*drawn.variable.sub, rest), span=binder.span)
    alone = replace(drawn.density, args=(drawn.first,))
    return (
        tree.Draws((others,), drawn.density, span=binder.span),
        tree.Draws((drawn.first,), alone, span=binder.span),
    )


def _with_first(body: tree.Node, drawn: _Drawn) -> tree.Node | None:
    """The body with the first draw by its name; None where something else is read from 0 on."""
    failed = False

    def rebuild(node: tree.Node) -> tree.Node:
        nonlocal failed
        match node:
            case tree.Big("sum", (tree.Binds(tree.Symbol() as index, tree.Number("0")),), upper, inner) if (
                upper == drawn.last
            ):
                own = [each for each in inner.all(tree.Symbol) if index in _index(each)]
                if any(_bare(each) != drawn.variable for each in own):
                    failed = True
                    return node
                inner = rebuild(inner)
                rest = tree.Binds(index, tree.Number("1", span=node.span), span=node.span)
                later = replace(node, binders=(rest,), body=_below(inner, drawn))
                return tree.Add((_at_first(inner, index, drawn), later), span=node.span)
            case tree.Symbol() if _is(node, drawn.variable) and _starts(node):
                return replace(drawn.first, span=node.span)
        return map_children(node, rebuild)

    made = rebuild(body)
    return None if failed else _below(made, drawn)


def _at_first(node: tree.Node, index: tree.Symbol, drawn: _Drawn) -> tree.Node:
    """A summand at 0."""
    match node:
        case tree.Symbol() if _is(node, drawn.variable) and _index(node) == (index,):
            return replace(drawn.first, span=node.span)
        case tree.Symbol() if plain(node) == plain(index):
            return tree.Number("0", span=node.span)
    return map_children(node, lambda each: _at_first(each, index, drawn))


def _below(node: tree.Node, drawn: _Drawn) -> tree.Node:
    """The node with the index of the draws as a subscript, ``\\psi_k`` for ``\\psi^k``."""
    match node:
        case tree.Symbol(sup=(_,)) if _is(node, drawn.variable) and len(_index(node)) == 1:
            return replace(node, sub=(*drawn.variable.sub, *_index(node)), sup=())
    return map_children(node, lambda each: _below(each, drawn))


def _index(symbol: tree.Symbol) -> tuple[tree.Node, ...]:
    """What a variable is read at, above it or below."""
    return symbol.sup or symbol.sub


def _starts(symbol: tree.Symbol) -> bool:
    return [str(each) for each in _index(symbol)] == ["0"]


def _bare(symbol: tree.Symbol) -> tree.Symbol:
    return replace(symbol, sub=(), sup=())


def _is(node: tree.Node, variable: tree.Symbol) -> bool:
    return isinstance(node, tree.Symbol) and _bare(node) == variable
