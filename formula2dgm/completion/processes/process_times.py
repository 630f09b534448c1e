r"""The steps of a noise process that a text draws, and says no more of: ``E_t``, ``t \sim p(t)``, or no word at all.

E_{t, x_0, x_t}                         t is one of the steps, each as likely
E_t[KL[q(x_{t-1}|x_t, x_0) || ...]]     the same, from 2 on: at 1 that density is certain
E_{t \sim p(t)}                         the same, where nothing says what p(t) is, and p(t) elsewhere is 1/T
\sum_{t=1}^T p(t) f(x_t)                p(t) is 1/T
E_q[KL[q(x_{t-1}|x_t, x_0) || ...]]     t is one of the steps from 2 on
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from formula2dgm.completion.processes.default_statements import Defaults, placed
from formula2dgm.completion.processes.unsaid_processes import Process, names_of
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.names import mentions, plain
from formula2dgm.reading.positions import last_number, letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import counts_by
from formula2dgm.syntax import parse_one, tree
from formula2dgm.syntax.vocabulary import UNIFORM

#: Letters of densities that stand for nothing else where nothing is drawn from them.
_LETTERS = ("p", "q", "P", "Q")


def write_times(text: Defaults, process: Process) -> None:
    """Draw the steps of a process, where the text does not say which they are."""
    index = process.index
    text.statements = [each.with_body(_without_law(text, each.body, index)) for each in text.statements]
    read = {node for each in text.statements for node in _read(each.body)}
    text.statements = [each for each in text.statements if not _says_law(each.body, index) or _left(each.body) in read]
    if text.is_said(index):
        return
    if any(_is_drawn(each, index) for each in text.nodes()):
        first = 2 if _reads_way_back(text, process) else 1
        text.add(rf"{index} \sim \mathcal{{U}}\{{{first}, T\}}", process.slot.span)
    elif any(_is_free(text, each, index) for each in text.statements):
        first = 2 if _reads_step_before(text, process) else 1
        text.add(rf"{index} \sim \mathcal{{U}}\{{{first}, T\}}", process.slot.span)


def is_part(text: Defaults, statement: tree.Statement, index: str) -> bool:
    """Is it the definition of a part, ``L_{t-1} = ...``, that another statement reads, at whatever step?"""
    left = statement.body.members[0] if isinstance(statement.body, tree.Chain) else None
    name = left.head if isinstance(left, tree.Call) else left
    if not isinstance(name, tree.Symbol) or left is None or not mentions(left, {index}):
        return False
    others = (each for each in text.statements if each is not statement)
    symbols = (node for each in others for node in each.body.all(tree.Symbol))
    return any(letter_of(each) == letter_of(name) for each in symbols)


def _is_drawn(node: tree.Node, index: str) -> bool:
    """Does a bracket name the index, and not say what it is drawn from?"""
    return isinstance(node, tree.Expect) and any(plain(each) == index for each in node.binders)


def _is_free(text: Defaults, statement: tree.Statement, index: str) -> bool:
    """Does a bracket read the index, which nothing counts?"""
    body = statement.body
    reads = any(isinstance(each, tree.Expect) and mentions(each, {index}) for each in body.walk())
    return reads and not counts_by(body, index) and not is_part(text, statement, index)


def _reads_step_before(text: Defaults, process: Process) -> bool:
    """Does a bracket compare densities of the step before, given x at step 0: is step 1 a part of its own?"""
    before = parse_one(process.at(f"{process.index}-1"))
    nodes = [each for bracket in text.nodes() if isinstance(bracket, tree.Expect) for each in bracket.body.walk()]
    return any(isinstance(each, tree.Call) and process.is_of(each) and each.args == (before,) for each in nodes)


def _reads_way_back(text: Defaults, process: Process) -> bool:
    """Is the density of the step before read, given the present one and the first, ``q(x_{t-1}|x_t, x_0)``?"""
    before = parse_one(process.at(f"{process.index}-1"))
    calls = [each for each in text.nodes() if isinstance(each, tree.Call) and process.is_of(each)]
    return any(each.args == (before,) and len(each.given or ()) == 2 for each in calls)


def _without_law(text: Defaults, body: tree.Node, index: str) -> tree.Node:
    """``E_{t \\sim p(t)}`` as ``E_t``, and p(t) elsewhere as ``1/T``, where nothing says what p(t) is."""
    said: dict[tree.Node, tree.Node] = {each.members[0]: each.members[-1] for each in text.chains()}

    def drawn(binder: tree.Node) -> tree.Node:
        law = binder.density if isinstance(binder, tree.Draws) else binder
        if index in map(plain, names_of(binder)) and _is_law(law, index) and law not in (*said, *text.keys):
            text.say(f"{law} is uniform over the steps", binder.span)
            return tree.Symbol(index, span=binder.span)
        return map_children(binder, lambda each: written(each, False))

    def written(node: tree.Node, counted: bool) -> tree.Node:
        if _is_law(node, index) and (counted or node not in said) and node not in text.keys:
            last = _last(said[node], node) if node in said else "T"
            text.say(f"{node} is 1/{last}", node.span)
            return placed(parse_one(rf"\frac{{1}}{{{last}}}"), node.span)
        match node:
            case tree.Chain(members=(left, *others)) if _is_law(left, index):
                return replace(node, members=(left, *(written(each, counted) for each in others)))
            case tree.Expect(binders=binders):
                kept = tuple(drawn(each) for each in binders)
                return replace(node, binders=kept, body=written(node.body, counted))
            case tree.Big(op="sum", binders=binders) if index in [plain(_counted(each)) for each in binders]:
                return map_children(node, lambda each: written(each, True))
        return map_children(node, lambda each: written(each, counted))

    return written(body, False)


def _is_law(node: tree.Node, index: str) -> bool:
    """``p(t)``, by its letter."""
    match node:
        case tree.Call(head=tree.Symbol() as head, args=(time,), given=None):
            return plain(head) in _LETTERS and plain(time) == index
    return False


def _says_law(body: tree.Node, index: str) -> bool:
    return isinstance(body, tree.Chain) and _is_law(body.members[0], index)


def _left(body: tree.Node) -> tree.Node | None:
    return body.members[0] if isinstance(body, tree.Chain) else None


def _read(body: tree.Node) -> Iterator[tree.Node]:
    """What a statement reads: all but the name that it says."""
    for each in body.members[1:] if isinstance(body, tree.Chain) else (body,):
        yield from each.walk()


def _counted(binder: tree.Node) -> tree.Node:
    return binder.name if isinstance(binder, tree.Binds) else binder


def _last(law: tree.Node, place: tree.Node) -> str:
    """The last of the steps that a law says are equally likely."""
    if isinstance(law, tree.Call) and str(law.head) in UNIFORM and (last := last_number(law)) is not None:
        return last.latex()
    message = f"{place} weighs a sum over the steps of a noise process, and is not said to be uniform"
    hint = f"write the weight as a function, w_t = ..., or draw the step: E_{{t ~ {place}}}"
    raise FormulaError(Diagnostic("F2D-0547", "error", message, place.span, hint))
