"""Errors that pass through generated code, brought back to the formula."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from formula2dgm.codegen import Generated
from formula2dgm.diagnostics import Diagnostic, FormulaError, render
from formula2dgm.runtime.noise import misfit
from formula2dgm.runtime.written import Facts
from formula2dgm.spans import Span

FILES = "<formula2dgm "
#: What torch says of tensors that an operation cannot bring together.
UNFIT = (
    "must match the size",
    "out of bounds for dimension",
    "expanded size",
    "cannot be multiplied",
    "input_size",
    "Class values must be",
    "not broadcastable",
    "does not match weight dtype",
    "same device",
    "same dtype",
    "dtype mismatch",
)
#: What torch says of tensors that are too large.
NO_MEMORY = ("can't allocate memory", "Storage size calculation overflowed", "numel: integer multiplication overflow",
             "Trying to create tensor with negative dimension", "Overflow when unpacking long")  # fmt: skip
#: What torch says of a gradient with respect to something that no path of the graph leads to.
CUT = ("not have been used in the graph", "does not require grad")


def refusal_of(
    error: Exception, facts: Facts, noise: object = None, again: Callable[[Mapping[str, Tensor]], object] | None = None
) -> FormulaError | None:
    """What a failed call means in terms of the formula; None, and a note on the error, where that is the network's own.

    ``again`` repeats the call with other noise than ``noise``.
    """
    frames = list(traceback.extract_tb(error.__traceback__))
    line = frames[-1].line if frames and frames[-1].filename.startswith(FILES) else None
    found = misfit(error, line, facts.program, noise, again) if again is not None else None
    return found or located(error, facts.generated)


def located(error: Exception, generated: Generated) -> FormulaError | None:
    """The refusal that a failed check of the first batch means, or an operation on shapes that do not meet; for any
    other error None, and a note on it."""
    frames = list(traceback.extract_tb(error.__traceback__))
    span = next(
        (
            generated.lines[frame.lineno]
            for frame in reversed(frames)
            if frame.filename.startswith(FILES) and frame.lineno in generated.lines
        ),
        None,
    )
    here = bool(frames) and frames[-1].filename.startswith(FILES)
    if (refused := without_memory(error, span)) is not None:
        return refused
    if (type(error) is ValueError or isinstance(error, ArithmeticError)) and here:
        return FormulaError(Diagnostic("F2D-0607", "error", str(error), span))
    if here and isinstance(error, IndexError):
        message = f"this is read at a place that it does not have: {error}"
        return FormulaError(Diagnostic("F2D-0607", "error", message, span))
    if span is not None and isinstance(error, RuntimeError) and any(each in str(error) for each in CUT):
        message = "nothing that is differentiated here depends on the gradient's variable in a differentiable way"
        return FormulaError(Diagnostic("F2D-0215", "error", message, span))
    if (span is not None or here) and (said := _unfit(error, here)) is not None:
        hint = "objective.inputs lists the axes and shapes of the data; a network returns tensors [batch, event...]"
        hint = "pass data of the networks' dtype, as x.float(); or objective.double()" if "dtype" in said else hint
        return FormulaError(Diagnostic("F2D-0612", "error", said, span, hint))
    if span is not None and isinstance(error, NotImplementedError) and "forward AD" in str(error):
        message = f"torch has no derivative along a direction of a layer here: {str(error).splitlines()[0]}"
        hint = "of attention it has one: call it under torch.nn.attention.sdpa_kernel(SDPBackend.MATH)"
        return FormulaError(Diagnostic("F2D-0554", "error", message, span, hint))
    if span is not None:
        error.add_note(place(span))
    return None


def without_memory(error: Exception, span: Span | None = None) -> FormulaError | None:
    """The refusal of what no memory holds, such as a billion samples; None for any other error."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(each in str(error) for each in NO_MEMORY):
        hint = "make smaller what is counted: sizes of data, classes, samples, steps, examples of a batch"
        return FormulaError(Diagnostic("F2D-0662", "error", "the memory does not hold what is asked for", span, hint))
    return None


@contextmanager
def within_memory() -> Iterator[None]:
    """Refuses what no memory holds."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if (refused := without_memory(error)) is None:
            raise
        raise refused from error


def _unfit(error: Exception, here: bool) -> str | None:
    """What does not fit where torch refuses an operation, in the generated module (``here``) or in a network."""
    text = str(error).splitlines()[0] if str(error) else ""
    if isinstance(error, RuntimeError | ValueError) and any(each in text for each in UNFIT):
        what = "the tensors here do not fit" if here else "the network does not fit what it is given"
        return f"{what}: {text}"
    if here and isinstance(error, TypeError | AttributeError):
        return f"something here is no tensor: {text}"
    return None


def place(span: Span) -> str:
    """The formula with a caret under the piece, as a note."""
    shown = render(Diagnostic("", "note", "", span)).split("\n", 1)[1]
    return f"while computing this part of the formula:\n{shown}"
