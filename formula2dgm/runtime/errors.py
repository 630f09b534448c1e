"""Errors that pass through generated code, brought back to the formula."""

from __future__ import annotations

import traceback

from formula2dgm.codegen import Generated
from formula2dgm.diagnostics import Diagnostic, FormulaError, render
from formula2dgm.spans import Span

FILES = "<formula2dgm "


def located(error: Exception, generated: Generated) -> FormulaError | None:
    """The refusal that a failed check of the first batch means; for any other error None, and a note on it."""
    frames = list(traceback.extract_tb(error.__traceback__))
    span = next(
        (
            generated.lines[frame.lineno]
            for frame in reversed(frames)
            if frame.filename.startswith(FILES) and frame.lineno in generated.lines
        ),
        None,
    )
    if type(error) is ValueError and frames and frames[-1].filename.startswith(FILES):
        return FormulaError(Diagnostic("F2D-0607", "error", str(error), span))
    if span is not None:
        error.add_note(place(span))
    return None


def place(span: Span) -> str:
    """The formula with a caret under the piece, as a note."""
    shown = render(Diagnostic("", "note", "", span)).split("\n", 1)[1]
    return f"while computing this part of the formula:\n{shown}"
