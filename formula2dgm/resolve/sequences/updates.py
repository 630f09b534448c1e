r"""Updates, ``x \leftarrow x - \lambda \nabla_x E(x) + \omega``: run from ``x_0`` to ``x_K``, they are a recurrence.

``x_k = x_{k-1} - \lambda \nabla E(x_{k-1}) + \omega_k``: what is drawn for an update is drawn anew each time it is run.
An update of a value of which no step is read would be run by nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostics
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call, names_objective
from formula2dgm.syntax import tree


def write_updates(statements: Sequence[tree.Statement], found: Diagnostics) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with every update as the step of a recurrence, and what was decided."""
    out, notes = list(statements), []
    for position, statement in enumerate(statements):
        if (own := _updated(statement.body)) is None:
            continue
        others = [each for each in out if each.body is not statement.body]
        ends = _ends(own, others)
        if len(ends) != 1:
            _refuse_unrun(own, statement, others, found)
            continue
        if (other := _read_by(statement, others)) is not None:
            found.error(
                "F2D-0546",
                f"{own} is updated by {other}, which is updated as well: one of both is of the step before",
                statement.body.span,
                f"write the steps: {own}_k = ... {own}_{{k-1}} ... {other}_k",
            )
            continue
        index = tree.Symbol(_index(ends[0], statement, others), span=own.span)
        noise = _drawn_for(statement, others)
        step = _Step(own, index, noise)
        out[position] = made = statement.with_body(step.written(statement.body))
        notes.append(Note(f"{statement.body} is {made.body}, from {own}_0 to {own}_{ends[0]}", own.span))
        out = [_indexed(each, noise, index) if each is not made else each for each in out]
        notes += [Note(f"{each} is drawn anew at each step", each.span) for each in noise]
    return out, notes


def _updated(body: tree.Node) -> tree.Symbol | None:
    """What an update gives a new value."""
    match body:
        case tree.Chain((tree.Symbol() as own, value), (":=",)) if any(each == own for each in value.walk()):
            return own
    return None


def _read_by(statement: tree.Statement, others: Sequence[tree.Statement]) -> tree.Symbol | None:
    """Another updated value that an update reads."""
    updated = [own for each in others if (own := _updated(each.body)) is not None]
    return next((each for each in updated if each in set(_symbols([statement]))), None)


def _symbols(statements: Sequence[tree.Statement]) -> Iterator[tree.Symbol]:
    return (node for each in statements for node in each.body.all(tree.Symbol))


def _ends(own: tree.Symbol, statements: Sequence[tree.Statement]) -> list[str]:
    """The capitals at which the updated value is read, K of ``x_K``."""
    found: dict[str, None] = {}
    for each in _symbols(statements):
        if len(each.sub) == len(own.sub) + 1 and replace(each, sub=each.sub[:-1]) == own:
            name = plain(each.sub[-1])
            if name is not None and len(name) == 1 and name.isupper():
                found.setdefault(name)
    return list(found)


def _index(end: str, statement: tree.Statement, others: Sequence[tree.Statement]) -> str:
    """k for K; another letter where k is a value."""
    taken = {plain(each) for each in (*_symbols([statement]), *_symbols(others))}
    scripts = {plain(item) for each in _symbols([statement]) for item in (*each.sub, *each.sup)}
    return next(each for each in (end.lower(), "k", "t", "s", "i", "j", "n", "m") if each not in taken - scripts)


def _drawn_for(statement: tree.Statement, others: Sequence[tree.Statement]) -> list[tree.Symbol]:
    """What a statement draws without an index and nothing but the update reads."""
    read = set(_symbols([statement]))
    drawn = [
        each.body.members[0]
        for each in others
        if isinstance(each.body, tree.Chain) and each.body.relations == ("~",) and each.body.members[0] in read
    ]
    found = [each for each in drawn if isinstance(each, tree.Symbol) and not each.sub and not each.sup]
    return [each for each in found if sum(each == node for node in _symbols(others)) == 1]


class _Step:
    """An update as what the k-th step is made of."""

    def __init__(self, own: tree.Symbol, index: tree.Symbol, noise: Sequence[tree.Symbol]):
        self.own, self.index, self.noise = own, index, noise

    def written(self, body: tree.Node) -> tree.Node:
        assert isinstance(body, tree.Chain)
        left, value = body.members
        return replace(body, members=(_at(self.own, self.index), self._moved(value)), relations=("=",))

    def _moved(self, node: tree.Node) -> tree.Node:
        if node == self.own:
            one = tree.Neg(tree.Number("1", span=node.span), span=node.span)
            return _at(node, tree.Add((self.index, one), span=node.span))
        if node in self.noise:
            return _at(node, self.index)
        return map_children(node, self._moved)


def _at(symbol: tree.Node, step: tree.Node) -> tree.Symbol:
    assert isinstance(symbol, tree.Symbol)
    return replace(symbol, sub=(*symbol.sub, step))


def _indexed(statement: tree.Statement, noise: Sequence[tree.Symbol], index: tree.Symbol) -> tree.Statement:
    """The statement that draws noise of an update, at its step."""
    match statement.body:
        case tree.Chain((left, law), ("~",)) if left in noise:
            return statement.with_body(replace(statement.body, members=(_at(left, index), law)))
    return statement


def _refuse_unrun(
    own: tree.Symbol, statement: tree.Statement, others: Sequence[tree.Statement], found: Diagnostics
) -> None:
    """Refuse an update of a value that networks are given; one of weights, ``\\theta`` of ``f_\\theta``, is the
    training's own."""
    weights = {item for each in _symbols(others) for item in (*each.sub, *each.sup)}
    calls = [node for each in others for node in each.body.all(tree.Call)]
    weights |= {each for call in calls if names_objective(call) for each in call.args}
    values = [call for call in calls if not names_objective(call) and not is_density_call(call)]
    given = any(letter_of(own) == letter_of(each) for call in values for each in _symbols_in(call.args))
    if given and own not in weights:
        found.error(
            "F2D-0546",
            f"{own} is updated, and nothing says how often",
            statement.body.span,
            f"read its last value, {own}_K, say what {own}_0 is, and how many steps there are: K = 20",
        )


def _symbols_in(nodes: Sequence[tree.Node]) -> Iterator[tree.Symbol]:
    return (each for node in nodes for each in node.all(tree.Symbol))
