"""Our own mistakes: an exception of the compiler's is refused as one, with the place in the text that it was about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.spans import Span

CODE = "F2D-0001"
#: What a mistake in the compiler raises. What the machine refuses (memory, files, an interrupt) is no such thing.
_OURS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NameError, SyntaxError, TypeError, ValueError),
)


@contextmanager
def owned() -> Iterator[None]:
    """Raises :class:`FormulaError` for every exception that is no refusal; the exception is its ``__cause__``.

    Only around stages that run no code of the user's, whose exceptions are his to see.
    """
    try:
        yield
    except FormulaError:
        raise
    except RecursionError as error:
        says = "functions, brackets and definitions stand too deep in one another here"
        hint = "give some of the inner ones a name, or join definitions that are used once"
        raise FormulaError(Diagnostic("F2D-0664", "error", says, _origin(error.__traceback__)[2], hint)) from error
    except _OURS as error:
        file, line, span = _origin(error.__traceback__)
        says = f"formula2dgm failed on this formula, and the mistake is ours: {type(error).__name__} in {file}:{line}"
        hint = "please report it with the formula; another way of writing this part may be read"
        raise FormulaError(Diagnostic(CODE, "error", says, span, hint)) from error


def _origin(trace: TracebackType | None) -> tuple[str, int, Span | None]:
    """Where in our code it happened, and the last place in the text that was worked on."""
    file, line, span = "?", 0, None
    while trace is not None:
        code = trace.tb_frame.f_code
        file, line = "/".join(Path(code.co_filename).parts[-2:]), trace.tb_lineno
        spans = [getattr(each, "span", None) for each in trace.tb_frame.f_locals.values()]
        span = next((each for each in spans if isinstance(each, Span)), span)
        trace = trace.tb_next
    return file, line, span
