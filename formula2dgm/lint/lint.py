"""All findings of the rules, but for those that the text itself switches off."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from formula2dgm.diagnostics import Diagnostic, Diagnostics
from formula2dgm.ir.program import Program
from formula2dgm.lint.rule import Text
from formula2dgm.lint.rules import RULES
from formula2dgm.resolve.statements.model import read_model
from formula2dgm.syntax import tree

#: ``% f2d: ignore F2D-0901, F2D-0902`` on the line of what is meant, or on the line before it.
_IGNORED = re.compile(r"f2d:\s*ignore\b([^\n]*)", re.IGNORECASE)
_CODE = re.compile(r"F2D-\d{4}", re.IGNORECASE)


def lint(statements: Sequence[tree.Statement], program: Program) -> list[Diagnostic]:
    """What the rules find in the statements of a program, each finding once, in the order of the text."""
    text = Text(tuple(statements), read_model(statements, (), Diagnostics()), program)
    found = Diagnostics()
    for rule in RULES:
        for each in rule.find(text):
            found.extend([Diagnostic(rule.code, rule.severity, each.message, each.span, each.hint, each.fix)])
    return sorted(found.found, key=lambda each: each.span.start if each.span else -1)


def kept(found: Sequence[Diagnostic], ignored: Collection[str] = ()) -> list[Diagnostic]:
    """The findings without warnings and notes that a call ignores by their codes, or the text beside their places."""
    codes = {each.upper() for each in ignored}
    return [each for each in found if each.severity == "error" or not (each.code in codes or _is_ignored(each))]


def _is_ignored(found: Diagnostic) -> bool:
    """Does a comment on the line of a finding, or on the one before, name its code, or no code at all?"""
    if found.span is None:
        return False
    line, _ = found.span.source.position(found.span.start)
    for number in (line, line - 1):
        said = _IGNORED.search(found.span.source.line(number)) if number >= 1 else None
        if said and (not (codes := _CODE.findall(said[1])) or found.code in {each.upper() for each in codes}):
            return True
    return False
