"""Which of a document's formulas are the model: all, or those that labels pick."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from formula2dgm.diagnostics import Diagnostic
from formula2dgm.documents.document import Document
from formula2dgm.documents.formulas import Entry
from formula2dgm.documents.reading import of_rows

MAX_ERRORS = 100
_SHOWN = 8
_UNKNOWN = re.compile(r"unknown command (\\\w+)")
_NUMBER = re.compile(r"(?P<display>[1-9]\d{0,5})(?:\.(?P<statement>[1-9]\d{0,3}))?")
#: What is wrong with displays and not with the files that hold them.
_OF_DISPLAYS = frozenset({"F2D-0114", "F2D-0815"})


def pick(documents: Sequence[Document], labels: Sequence[str]) -> tuple[list[Document], list[Diagnostic]]:
    """The documents with only what the labels pick; a label that no display has is an error.

    A label may be the number of a display, as a listing counts them: ``7``, or ``7.2`` for its second statement.
    """
    if not labels:
        return list(documents), []
    known = list(dict.fromkeys(label for each in documents for label in each.labels))
    numbers = _numbers(documents, frozenset(labels) - frozenset(known))
    wanted = frozenset(labels)
    where = " or ".join(each.name for each in documents)
    wrong = [_unknown(label, known, where) for label in dict.fromkeys(labels) if label not in {*known, *numbers}]
    places: dict[int, set[int]] = {}
    for entry, place in numbers.values():
        places.setdefault(id(entry), set()).update(range(len(entry.statements)) if place is None else (place,))
    return [_picked(each, wanted, places, complete=not wrong) for each in documents], wrong


def _numbers(documents: Sequence[Document], labels: Collection[str]) -> dict[str, tuple[Entry, int | None]]:
    """The labels that are numbers of displays: each with its display, and with the place of one of its statements."""
    entries = [each for document in documents for each in document.entries]
    found: dict[str, tuple[Entry, int | None]] = {}
    for label in labels:
        number = _NUMBER.fullmatch(label)
        if number is None or int(number["display"]) > len(entries):
            continue
        entry = entries[int(number["display"]) - 1]
        place = int(number["statement"]) - 1 if number["statement"] else None
        if place is None or place < len(entry.statements):
            found[label] = entry, place
    return found


def _picked(document: Document, wanted: frozenset[str], places: Mapping[int, set[int]], complete: bool) -> Document:
    """What is wanted of a document. That a display is never ended matters only where one is missing."""
    if document.is_text and all(id(each) not in places for each in document.entries):
        return document
    kept: list[Entry] = []
    for each in document.entries:
        if wanted & {label.name for label in each.formula.labels}:
            kept.append(of_rows(each, wanted))
        elif id(each) in places:
            own = places[id(each)]
            kept.append(replace(each, statements=tuple(one for n, one in enumerate(each.statements) if n in own)))
    others = _OF_DISPLAYS if complete else {"F2D-0114"}
    errors = tuple(each for each in document.diagnostics if each.code not in others)
    return replace(document, entries=tuple(kept), passed_over=0, diagnostics=errors)


def keep(documents: Sequence[Document], picked: Sequence[Document], more: Collection[int]) -> list[Document]:
    """What was picked of the documents, and of the rest the statements that ``more`` names by their identity."""
    out: list[Document] = []
    for whole, part in zip(documents, picked, strict=True):
        chosen = {id(each.formula): each for each in part.entries}
        entries: list[Entry] = []
        for each in whole.entries:
            entry = chosen.get(id(each.formula))
            own = {id(statement) for statement in entry.statements} if entry else set()
            statements = tuple(one for one in each.statements if id(one) in own or id(one) in more)
            if entry is not None or statements:
                entries.append(replace(entry or replace(each, diagnostics=()), statements=statements))
        out.append(replace(part, entries=tuple(entries)))
    return out


def _unknown(label: str, known: Sequence[str], where: str) -> Diagnostic:
    near = get_close_matches(label, known, 3, 0.5)
    said = [f"did you mean {' or '.join(near)}?"] if near else []
    others = [each for each in known if each not in near][: _SHOWN - len(near)]
    if others:
        more = ", …" if len(known) > len(near) + len(others) else ""
        said.append(f"{'other ' if near else ''}labels here: {', '.join(others)}{more}")
    if not known:
        said.append("no display has a label; --list shows what there is, and --label 3 reads the third")
    return Diagnostic("F2D-0810", "error", f"no display of {where} is labelled {label!r}", None, "\n".join(said))


def advice(documents: Sequence[Document], labels: Sequence[str]) -> Diagnostic | None:
    """How to choose among the displays of documents that are not all wanted; None where there is no choice, or where
    no choice helps because a file is wrong."""
    entries = [each for document in documents if not document.is_text for each in document.entries]
    displays = [each for each in entries if not each.formula.inline]
    in_files = [each for document in documents for each in document.diagnostics if each.code not in _OF_DISPLAYS]
    if labels or len(displays) < 2 or any(each.severity == "error" for each in in_files):
        return None
    failed = [each for each in displays if each.failed]
    named = [label.name for each in displays if not each.failed for label in each.formula.labels]
    if failed:
        places = ", ".join(_where(each) for each in failed[:_SHOWN]) + (", …" if len(failed) > _SHOWN else "")
        message = f"{len(failed)} of {len(displays)} displays cannot be read: {places}{_undefined(failed)}"
    else:
        message = f"{len(displays)} displays were read as one model"
    counted = enumerate((each for document in documents for each in document.entries), 1)
    number = next((n for n, each in counted if each in displays and not each.failed), 1)
    label = f"--label {named[0] if named else number} reads that display and the definitions it needs"
    hint = f"{label}; --list shows how each is understood, and its number"
    return Diagnostic("F2D-0818", "note", message, None, hint)


def _undefined(failed: Sequence[Entry]) -> str:
    """The commands that nothing defines, where several displays wait for them."""
    waiting = [[match[1] for each in entry.diagnostics if (match := _UNKNOWN.match(each.message))] for entry in failed]
    names = list(dict.fromkeys(name for each in waiting for name in each))
    if sum(map(bool, waiting)) < 2:
        return ""
    more = ", …" if len(names) > _SHOWN else ""
    verb = "is" if len(names) == 1 else "are"
    return f"; {', '.join(names[:_SHOWN])}{more} {verb} defined nowhere: --macros FILE reads definitions"


def _where(entry: Entry) -> str:
    source = entry.formula.source
    names = ", ".join(each.name for each in entry.formula.labels)
    return f"{source.name}:{source.position(entry.formula.opened)[0]}" + (f" ({names})" if names else "")


def statements_of(documents: Sequence[Document]) -> tuple[list[Entry], list[Diagnostic]]:
    """All entries, and what is wrong with documents and entries, up to a limit."""
    entries = [each for document in documents for each in document.entries]
    wrong = [each for document in documents for each in document.diagnostics]
    wrong += [each for entry in entries for each in entry.diagnostics]
    errors = sum(each.severity == "error" for each in wrong)
    if errors > MAX_ERRORS:
        wrong = wrong[:MAX_ERRORS]
    return entries, wrong
