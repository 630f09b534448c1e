r"""Means over steps or examples that data carry as an index: ``\hat E_t[A_t \log \pi(a_t|s_t)]`` is over s, a and A.

An expectation that binds an index alone, of which nothing says what it is drawn from and which stands only in the
scripts of its body, is over the data that carry it. So is one that binds nothing where a function or a density is given
data with such an index, and beside them stand numbers with it: ``E[(V(s_t) - R_t)^2]`` is over s and R.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.reading import Note
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import plain
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters of steps.
STEPS = frozenset(("t", "i", "n"))


def write_means(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with what such expectations bind written out, and what was decided."""
    said = {plain(name) for each in statements for name in _told(each.body)}
    defined = {name: body for each in statements for name, body in _defined(each.body)}
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        node = map_children(node, written)
        match node:
            case tree.Expect(binders=(tree.Symbol() as index,)) if plain(index) in INDEX_LETTERS - said:
                data = carrying(node.body, index)
                if data and not _is_read(node.body, index):
                    listed = ", ".join(map(str, data))
                    notes.append(Note(f"E_{index} is the mean over the data that carry {index}: {listed}", index.span))
                    return replace(node, binders=tuple(data))
            case tree.Expect(binders=(), given=None, body=body):
                for index in sorted(_indices(body), key=str):
                    data = carrying(body, index)
                    if plain(index) not in said and not _is_read(body, index) and _are_numbers_beside(data, body):
                        listed = ", ".join(map(str, data))
                        notes.append(Note(f"{node} is the mean over the data that carry {index}: {listed}", node.span))
                        return replace(node, binders=tuple(data))
        return node

    def carrying(body: tree.Node, index: tree.Symbol) -> list[tree.Symbol]:
        """The data in a body, and in what it reads by name, that carry an index."""
        found, waiting = dict.fromkeys(_indexed(body, index)), [body]
        seen: set[tree.Node] = set()
        while waiting:
            for each in waiting.pop().walk():
                if each in defined and each not in seen:
                    seen.add(each)
                    waiting.append(defined[each])
                    found |= dict.fromkeys(_indexed(defined[each], index))
        return [each for each in found if each not in _drawn(body) and each not in defined]

    return [each.with_body(written(each.body)) for each in statements], notes


def _defined(body: tree.Node) -> Iterator[tuple[tree.Node, tree.Node]]:
    match body:
        case tree.Chain(members=(tree.Symbol() as name, *_, last), relations=("=" | ":=", *_)):
            yield name, last


def _indices(body: tree.Node) -> set[tree.Symbol]:
    """The steps below the arguments of functions and densities."""
    calls = body.all(tree.Call)
    given = (each for call in calls for each in (*call.args, *(call.given or ())) if isinstance(each, tree.Symbol))
    return {item for each in given if len(each.sub) == 1 for item in each.sub if plain(item) in STEPS}  # type: ignore[misc]


def _are_numbers_beside(data: Sequence[tree.Symbol], body: tree.Node) -> bool:
    """Is something among them given to nothing? No coefficient, \\lambda_t, and no noise, which have Greek letters."""
    calls = list(body.all(tree.Call))
    given = {each for call in calls for each in (*call.args, *(call.given or ()))}
    plain_letters = all(each.letter not in NOISE_LETTERS and len(each.letter) == 1 for each in data)
    return plain_letters and any(each in given for each in data) and any(each not in given for each in data)


def _told(body: tree.Node) -> Iterator[tree.Node]:
    """What statements draw, define or say the space of, and what sums bind."""
    if isinstance(body, tree.Chain):
        left = body.members[0]
        yield from left.items if isinstance(left, tree.Tuple) else (left,)
    for each in body.walk():
        if isinstance(each, tree.Draws):
            yield from each.names
        elif isinstance(each, tree.Big):
            yield from (item.name if isinstance(item, tree.Binds) else item for item in each.binders)


def _drawn(body: tree.Node) -> set[tree.Node]:
    """What expectations and divergences inside a body draw: no data."""
    found: set[tree.Node] = set()
    for each in body.walk():
        if isinstance(each, tree.Expect):
            for item in each.binders:
                names = item.names if isinstance(item, tree.Draws) else item.args if is_density_call(item) else ()  # type: ignore[attr-defined]
                found |= {*names}
    return found


def _indexed(node: tree.Node, index: tree.Symbol) -> Iterator[tree.Symbol]:
    """The variables of a body that carry the index alone; the name of a function is none."""
    if isinstance(node, tree.Symbol):
        if node.sub == (index,):
            yield node
        return
    children = (*node.args, *(node.given or ())) if isinstance(node, tree.Call) else node.children
    for each in children:
        yield from _indexed(each, index)


def _is_read(node: tree.Node, index: tree.Symbol) -> bool:
    """Does the index stand in the body as a value?"""
    if isinstance(node, tree.Symbol):
        return node == index
    return any(_is_read(each, index) for each in node.children)
