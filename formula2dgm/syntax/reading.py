"""Reading a text: statements and diagnostics."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.diagnostics import Diagnostic, Diagnostics, FormulaError
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import tree
from formula2dgm.syntax.grammar import statement_of
from formula2dgm.syntax.macros import Definitions, Macro, definitions, expand, given_macros
from formula2dgm.syntax.normalise import normalise
from formula2dgm.syntax.scanner import is_latex, scan
from formula2dgm.syntax.statements import split
from formula2dgm.syntax.tidy import tidy
from formula2dgm.syntax.tokens import Token

MAX_TEXT = 200_000
MAX_DEPTH = 128
MAX_ERRORS = 100


def parse(source: str | Source, macros: Sequence[str] = ()) -> tuple[tuple[tree.Statement, ...], list[Diagnostic]]:
    """All statements of a text in any of the three spellings, and what is wrong with those that are missing.

    ``macros`` are definitions as LaTeX writes them. After an error reading goes on with the next statement.

    >>> statements, diagnostics = parse("z ~ N(0, I); E_q(z|x)[log p(x|z)]")
    >>> [str(each) for each in statements], diagnostics
    (['z ~ N(0, I)', 'E_q(z|x)[log p(x|z)]'], [])
    """
    text = source if isinstance(source, Source) else Source(source)
    return read_range(text, 0, len(text.text), given_macros(macros))


def parse_one(source: str | Source) -> tree.Node:
    """The body of the one statement that a text is: a binding's key, a name.

    Raises FormulaError if the text cannot be read or is not exactly one statement.

    >>> str(parse_one(r"p(z_t \\mid z_{t-1})"))
    'p(z_t|z_{t-1})'
    """
    text = source if isinstance(source, Source) else Source(source)
    statements, diagnostics = parse(text)
    if diagnostics:
        raise FormulaError(diagnostics)
    if len(statements) != 1 or statements[0].players:
        span = statements[1].span if len(statements) > 1 else statements[0].span
        message = "one formula is expected here, and nothing else"
        raise FormulaError(Diagnostic("F2D-0116", "error", message, span))
    return statements[0].body


def read_range(source: Source, start: int, end: int, macros: dict[str, Macro],
               defined: Definitions | None = None, *, latex: bool | None = None,
               tex: bool = False) -> tuple[tuple[tree.Statement, ...], list[Diagnostic]]:  # fmt: skip
    """The statements in one range of a source; ``tex``: a line's end is only a space, as in a display.

    ``defined`` are the macros that the source defines, where they are known already.
    """
    found = Diagnostics()
    if len(source.text) > MAX_TEXT:
        span = Span(source, 0, 1)
        found.error("F2D-0113", f"the text is longer than {MAX_TEXT:,} characters", span, "split it into several")
        return (), list(found.found)
    latex = is_latex(source.text[start:end]) if latex is None else latex
    if defined is None:
        defined = definitions(source) if latex else Definitions({}, (), ())
        found.extend(defined.diagnostics)
    tokens = _tokens(source, start, end, {**macros, **defined.macros}, defined, latex)
    aligned = tex or any(t.kind == "align" or (t.kind == "break" and t.text == "row") for t in tokens)
    tokens = [t for t in tidy(tokens, latex) if not (tex and t.text == "softline")]
    groups, wrong = split(tokens, aligned)
    found.extend(wrong)
    statements: list[tree.Statement] = []
    for group in groups:
        if len(found.found) >= MAX_ERRORS:
            break
        try:
            statements.append(_checked(statement_of(normalise(group, latex))))
        except FormulaError as error:
            found.extend(error.diagnostics)
    if not statements and not found.found:
        found.error("F2D-0114", "there is no formula here", Span(source, start, min(end, start + 1)))
    return tuple(statements), list(found.found)


def _tokens(source: Source, start: int, end: int, macros: dict[str, Macro], defined: Definitions,
            latex: bool) -> list[Token]:  # fmt: skip
    """The scanned tokens of a range without its definitions, its macros expanded."""
    places = [place for place in defined.places if start <= place[0] < end]
    names = frozenset(macros)
    tokens: list[Token] = []
    position = start
    for place_start, place_end in [*places, (end, end)]:
        tokens += scan(source, position, place_start, latex=latex, macros=names)
        position = max(position, place_end)
    return expand(tokens, macros)


def _checked(statement: tree.Statement) -> tree.Statement:
    """The statement, if its tree is not too deep to be worked on."""
    level: list[tree.Node] = [statement]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.children]
        if not level:
            return statement
    message = "this formula is nested too deeply"
    raise FormulaError(Diagnostic("F2D-0112", "error", message, statement.span, "name a part of it and write it apart"))
