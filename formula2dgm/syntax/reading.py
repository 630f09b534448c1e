"""Reading a text: statements and diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.diagnostics import Diagnostic, Diagnostics, FormulaError
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.grammar import statement_of
from formula2dgm.syntax.letter_forms import two_forms
from formula2dgm.syntax.macros.definitions import Definitions, definitions, given_macros
from formula2dgm.syntax.macros.expansion import Expanded, expand
from formula2dgm.syntax.macros.macro import Macro
from formula2dgm.syntax.markdown import unquoted
from formula2dgm.syntax.normalise import normalise
from formula2dgm.syntax.scanner import is_latex, scan
from formula2dgm.syntax.slips import slips
from formula2dgm.syntax.statements import split
from formula2dgm.syntax.tidy import tidy

MAX_TEXT = 200_000
MAX_DEPTH = 128
MAX_ERRORS = 100
_OF_COMMANDS = frozenset({"F2D-0102", "F2D-0142"})


def parse(
    source: str | Source, macros: Sequence[str] = (), names: frozenset[str] = frozenset()
) -> tuple[tuple[tree.Statement, ...], list[Diagnostic]]:
    """All statements of a text in any of the three spellings, and what is wrong with those that are missing.

    ``macros`` are definitions as LaTeX writes them, ``names`` runs of letters that other texts define. After an error
    reading goes on with the next statement.

    >>> statements, diagnostics = parse("z ~ N(0, I); E_q(z|x)[log p(x|z)]")
    >>> [str(each) for each in statements], diagnostics
    (['z ~ N(0, I)', 'E_q(z|x)[log p(x|z)]'], [])
    """
    text = source if isinstance(source, Source) else Source(source)
    try:
        given = given_macros(macros)
    except FormulaError as error:
        return (), list(error.diagnostics)
    return read_range(text, 0, len(text.text), given, names=names)


def parse_one(source: str | Source) -> tree.Node:
    """The body of the one statement that a text is: a binding's key, a name.

    Raises FormulaError if the text cannot be read or is not exactly one statement.

    >>> str(parse_one(r"p(z_t \\mid z_{t-1})"))
    'p(z_t|z_{t-1})'
    """
    text = source if isinstance(source, Source) else Source(source)
    statements, diagnostics = parse(text)
    if errors := [each for each in diagnostics if each.severity == "error"]:
        raise FormulaError(errors)
    if len(statements) != 1 or statements[0].players:
        span = statements[1].span if len(statements) > 1 else statements[0].span
        message = "one formula is expected here, and nothing else"
        raise FormulaError(Diagnostic("F2D-0116", "error", message, span))
    return statements[0].body


def read_range(source: Source, start: int, end: int, macros: dict[str, Macro],
               defined: Definitions | None = None, *, latex: bool | None = None,
               tex: bool = False, names: frozenset[str] = frozenset(),
               ) -> tuple[tuple[tree.Statement, ...], list[Diagnostic]]:  # fmt: skip
    """The statements in one range of a source; ``tex``: a line's end is only a space, as in a display.

    ``defined`` are the macros that the source defines, where they are known already; ``names`` the runs of letters
    that the rest of the model defines.
    """
    found = Diagnostics()
    if end - start > MAX_TEXT:
        span = Span(source, 0, 1)
        found.error("F2D-0113", f"the text is longer than {MAX_TEXT:,} characters", span, "split it into several")
        return (), list(found.found)
    latex = _is_latex(source.text[start:end], macros) if latex is None else latex
    if defined is None:
        defined = definitions(source, macros) if latex else Definitions({}, (), ())
        found.extend(defined.diagnostics)
    tokens, warnings = _tokens(source, start, end, macros, defined, latex)
    found.extend(warnings)
    tokens = unquoted(tokens, source.text[start:end])
    found.extend(two_forms(tokens))
    aligned = tex or any(t.kind == "align" or (t.kind == "break" and t.text == "row") for t in tokens)
    tokens = [t for t in tidy(tokens, latex, names) if not (tex and t.text == "softline")]
    groups, wrong = split(tokens, aligned)
    found.extend(wrong)
    statements: list[tree.Statement] = []
    for group in groups:
        if len(found.found) >= MAX_ERRORS:
            break
        try:
            statement = _checked(statement_of(normalise(group, latex)))
            wrong = slips(statement)
            found.extend(wrong)
            statements += [] if wrong else [statement]
        except FormulaError as error:
            found.extend(error.diagnostics)
    if not statements and not found.errors:
        found.error("F2D-0114", "there is no formula here", Span(source, start, min(end, start + 1)))
    return tuple(statements), _by_cause(found.found)


def _by_cause(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics; of a command that cannot be used only the first use, with how often it stands in the text."""
    kept: dict[object, list[Diagnostic]] = {}
    for n, each in enumerate(diagnostics):
        kept.setdefault((each.code, each.message) if each.code in _OF_COMMANDS else n, []).append(each)
    return [first if not more else replace(first, message=f"{first.message} ({len(more) + 1} times)")
            for first, *more in kept.values()]  # fmt: skip


def _is_latex(text: str, macros: dict[str, Macro]) -> bool:
    r"""Whether a text has a command: a name of LaTeX's, or a control symbol that a macro explains (``\*``)."""
    return is_latex(text) or any(f"\\{name}" in text for name in macros if not name[:1].isalpha())


def _tokens(source: Source, start: int, end: int, macros: dict[str, Macro], defined: Definitions,
            latex: bool) -> Expanded:  # fmt: skip
    """The tokens of a range, its macros expanded; those it defines itself hold from there on, if not before."""
    if not latex:
        return Expanded(scan(source, start, end, latex=False), ())
    if not any(start <= place[0] < end for place in defined.places):
        return expand(source, start, end, {**macros, **defined.macros})
    before = definitions(Source(source.text[:start]), macros).macros
    return expand(source, start, end, before, defined.macros)


def _checked(statement: tree.Statement) -> tree.Statement:
    """The statement, if its tree is not too deep to be worked on."""
    level: list[tree.Node] = [statement]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children]
        if not level:
            return statement
    message = "this formula is nested too deeply"
    raise FormulaError(Diagnostic("F2D-0112", "error", message, statement.span, "name a part of it and write it apart"))
