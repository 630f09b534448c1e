"""From found formulas to statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.documents.blanking import without_comments
from formula2dgm.documents.continuing import joined
from formula2dgm.documents.formulas import Entry, Formula
from formula2dgm.documents.notation import may_relate
from formula2dgm.documents.places import Move, Part
from formula2dgm.syntax import parse, tree
from formula2dgm.syntax.macros.definitions import Definitions
from formula2dgm.syntax.macros.macro import Macro
from formula2dgm.syntax.reading import read_range

_NO_DEFINITIONS = Definitions({}, (), ())
_NO_CONTENT = re.compile(r"(?:\\label\s*\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])|[\s.,;&]|\\\\)*")
#: What a formula in running text must say of a name to be part of the model.
_SAYS = frozenset({"in", "~", "=", ":=", "propto"})


def is_empty(formula: Formula) -> bool:
    """Whether nothing is left of a formula: it held definitions, a picture, or nothing."""
    return _NO_CONTENT.fullmatch(without_comments(formula.text)) is not None


def read_formula(formula: Formula, macros: dict[str, Macro], names: frozenset[str]) -> Entry:
    """A formula's statements and errors, with places in the file that holds it."""
    part = Part(formula.text, formula.source.name, whole=formula.source, offset=formula.start)
    read, wrong = read_range(part, 0, len(part.text), macros, _NO_DEFINITIONS, latex=True, tex=True, names=names)
    move = Move(part)
    return Entry(formula, tuple(map(move.node, read)), tuple(move.diagnostics(wrong)))


def read_plain(formula: Formula, macros: Sequence[str], names: frozenset[str]) -> Entry:
    """The same of a text in which everything is formula."""
    part = Part(formula.text, formula.source.name, whole=formula.source, offset=formula.start)
    read, wrong = parse(part, macros, names)
    move = Move(part)
    return Entry(formula, tuple(map(move.node, read)), tuple(move.diagnostics(wrong)))


def said(entry: Entry) -> Entry | None:
    """A formula of running text, if it can be read and says something about a name."""
    if entry.failed:
        return None
    kept = tuple(
        each
        for each in entry.statements
        if isinstance(each.body, tree.Chain) and each.body.relations and each.body.relations[0] in _SAYS
    )
    return replace(entry, statements=kept) if kept else None


def may_say(run: Sequence[Formula], relations: frozenset[str]) -> bool:
    """Whether a run of formulas is worth reading; ``relations`` are the macros that write one."""
    return any(not (each.inline and (is_empty(each) or not may_relate(each.text, relations))) for each in run)


def understood(run: tuple[Formula, ...], macros: dict[str, Macro], names: frozenset[str]) -> list[Entry]:
    """A display with those that continue it: one entry, or each on its own if together they cannot be read."""
    if len(run) > 1 and not (whole := read_formula(joined(run), macros, names)).failed:
        return [whole]
    entries = (read_formula(each, macros, names) for each in run)
    return [kept for each in entries if (kept := said(each) if each.formula.inline else without_bare(each)) is not None]


def without_bare(entry: Entry) -> Entry | None:
    """A display without names and calls that stand alone, which state nothing; None if it is no more than that."""
    kept = tuple(each for each in entry.statements if each.players or not _is_bare(each.body))
    if kept or entry.diagnostics or entry.formula.labels:
        return replace(entry, statements=kept) if kept else entry
    return None


def _is_bare(node: tree.Node) -> bool:
    if isinstance(node, tree.Tuple | tree.SetOf):
        return all(map(_is_bare, node.items))
    return isinstance(node, tree.Symbol | tree.Call | tree.Number | tree.Ellipsis)


def of_rows(entry: Entry, labels: frozenset[str]) -> Entry:
    """What of a formula the labels pick: all of it, or the statements that stand in their rows."""
    ranges = [(each.start, each.end) for each in entry.formula.labels if each.name in labels]

    def stands(place: object) -> bool:
        span = getattr(place, "span", None)
        return span is None or any(span.start < end and start < max(span.end, span.start + 1) for start, end in ranges)

    statements = tuple(filter(stands, entry.statements))
    wrong: list[Diagnostic] = list(filter(stands, entry.diagnostics))
    return replace(entry, statements=statements, diagnostics=tuple(wrong if statements or wrong else entry.diagnostics))
