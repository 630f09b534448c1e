r"""Steps of a process that stand above its variable: ``q(x^{1:T}|x^0)`` is ``q(x_{1:T}|x_0)``.

They are steps where a density is over the variable at one of them, given it at step 0, or where a bracket draws a time
and ``x^0``, and ``x^t`` is read. What stands below the variable everywhere, q of ``Z_q^t``, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import TIMES
from formula2dgm.completion.processes.default_statements import is_zero
from formula2dgm.reading import Note
from formula2dgm.reading.brackets import brackets
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree


def write_steps_below(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with such steps below, and what was decided; ``keys`` are what is bound.

    >>> from formula2dgm.reading import understand
    >>> from formula2dgm.syntax import parse
    >>> text = parse(r"E_{q(x^{1:T}|x^0)}[\\log q(x^{1:T}|x^0)]")[0]
    >>> str(write_steps_below(understand(text).statements, ())[0][0])
    'E_q(x_{1:T}|x_0)[log q(x_{1:T}|x_0)]'
    """
    nodes = [node for each in statements for node in each.body.walk()]
    found = {letter for each in nodes for letter in _processes(each)}
    found |= {letter for each in statements for letter in _paths(each.body)}
    bound = {letter_of(each) for key in keys for each in key.all(tree.Symbol) if each.sup}
    powers = {letter for each in statements for letter in _powers(each.body)} - bound
    letters = {each for each in found - bound if _is_uniform(nodes, each)} | powers
    if not letters:
        return list(statements), []
    notes: list[Note] = []

    def written(node: tree.Node) -> tree.Node:
        match node:
            case tree.Symbol(sup=(_, *_)) if letter_of(node) in letters:
                made = replace(node, sub=node.sup, sup=())
            case tree.Power(tree.Symbol(sub=(), sup=()) as base, step) if letter_of(base) in powers and _is_at(step):
                made = replace(base, sub=(step,), span=node.span)
            case tree.Call():
                return _split(map_children(node, written), letters)
            case _:
                return map_children(node, written)
        if all(each.text != f"{node} is {made}: steps" for each in notes):
            notes.append(Note(f"{node} is {made}: steps", node.span))
        return made

    return [each.with_body(written(each.body)) for each in statements], notes


def _split(node: tree.Node, letters: set[str]) -> tree.Node:
    """``p(x_{0:T})`` as ``p(x_0, x_{1:T})``: the data and the other steps."""
    assert isinstance(node, tree.Call)
    args: list[tree.Node] = []
    for each in node.args:
        match each:
            case tree.Symbol(sub=(tree.Range(lower=tree.Number("0") as zero) as steps,)) if letter_of(each) in letters:
                later = replace(steps, lower=replace(zero, text="1"))
                args += [replace(each, sub=(zero,)), replace(each, sub=(later,))]
            case _:
                args.append(each)
    return replace(node, args=tuple(args)) if len(args) > len(node.args) else node


def _processes(node: tree.Node) -> Iterator[str]:
    """The letter of ``q(x^t|x^0)``, ``q(x^{1:T}|x^0)``, ``q(x^{t-1}|x^t, x^0)``."""
    if isinstance(node, tree.Call) and node.given and is_density_call(node):
        first = {letter_of(each) for each in node.given if _is_first(each)}  # type: ignore[arg-type]
        for each in node.args:
            if (
                isinstance(each, tree.Symbol)
                and len(each.sup) == 1
                and letter_of(each) in first
                and _is_step(each.sup[0])
            ):
                yield letter_of(each)


def _paths(body: tree.Node) -> Iterator[str]:
    """The letters of ``x^t`` in brackets that draw t and ``x^0``."""
    for binders, expectation in brackets(body):
        names = [each for item in binders for each in (item.names if isinstance(item, tree.Draws) else (item,))]
        times = {plain(each) for each in names} & set(TIMES)
        first = {letter_of(each) for each in names if _is_first(each)}  # type: ignore[arg-type]
        for each in expectation.body.walk():
            if isinstance(each, tree.Symbol) and letter_of(each) in first and [plain(own) for own in each.sup]:
                if plain(each.sup[0]) in times:
                    yield letter_of(each)


def _powers(body: tree.Node) -> Iterator[str]:
    """The letters of ``x^t`` and ``x^0`` in brackets that draw t and ``x^0``, where these were read as powers."""
    for binders, expectation in brackets(body):
        names = [each for item in binders for each in (item.names if isinstance(item, tree.Draws) else (item,))]
        first = {replace(each, sup=()) for each in names if isinstance(each, tree.Symbol) and _is_first(each)}
        times = {plain(each) for each in names} & set(TIMES)
        for each in expectation.body.walk():
            if isinstance(each, tree.Power) and each.base in first and isinstance(each.base, tree.Symbol):
                if plain(each.exponent) in times or is_zero(each.exponent):
                    yield letter_of(each.base)


def _is_at(item: tree.Node) -> bool:
    return is_zero(item) or _is_step(item)


def _is_first(node: tree.Node) -> bool:
    return isinstance(node, tree.Symbol) and len(node.sup) == 1 and is_zero(node.sup[0])


def _is_step(item: tree.Node) -> bool:
    """``t``, ``t - 1``, ``1:T``."""
    first = item.terms[0] if isinstance(item, tree.Add) else item
    return isinstance(item, tree.Range) or plain(first) in (*TIMES, "T")


def _is_uniform(nodes: Sequence[tree.Node], letter: str) -> bool:
    """Does the same stand below the variable wherever it has steps above, and nothing else where it has none?"""
    same = [each for each in nodes if isinstance(each, tree.Symbol) and letter_of(each) == letter]
    below = {each.sub for each in same}
    return len(below) == 1 and (below == {()} or all(each.sup for each in same))
