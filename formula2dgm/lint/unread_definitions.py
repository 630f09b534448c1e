"""Something that the text says and nothing reads: ``\\beta = 4`` beside an objective without a ``\\beta``."""

from __future__ import annotations

from collections.abc import Iterator

from formula2dgm.lint.rule import Finding, Rule, Text
from formula2dgm.reading.names import read_name
from formula2dgm.reading.spaces import at_sizes, read_space
from formula2dgm.syntax import tree


def _find(text: Text) -> Iterator[Finding]:
    for name, definition in text.model.definitions.items():
        bodies = [each.body for each in text.statements if each.body.span != definition.span]
        at_steps = name in text.program.unread
        if at_steps or not any(_reads(text, name, body) for body in bodies):
            yield Finding(
                f"{name} is defined{' at every step' if at_steps else ''}, and nothing reads it",
                definition.span,
                "leave it out, or check how the objective spells it",
            )
    for declared in text.model.densities:
        own = declared.signature
        calls = (each for each in text.nodes() if isinstance(each, tree.Call) and each.span != own.place)
        if not any(_is_letter(text, each, own.head) for each in calls) and not _is_letter_alone(text, own.head):
            yield Finding(
                f"{own.label} is declared, and nothing draws from it or scores it",
                own.place,
                "leave it out, or check how the objective spells it",
            )
    yield from _spaces(text)


def _spaces(text: Text) -> Iterator[Finding]:
    """Spaces of what stands nowhere else: ``w \\in \\mathbb{R}^3``."""
    for statement in text.statements:
        match statement.body:
            case tree.Chain((tree.Symbol() as name, space), ("in",)) if read_space(at_sizes(space, text.model.sizes)):
                own = read_name(name, text.model.indices)
                others = [each.body for each in text.statements if each is not statement]
                if not any(_reads(text, word, body) for word in (own.full, own.base) for body in others):
                    yield Finding(
                        f"{name} has a space, and nothing reads {name}",
                        statement.body.span,
                        "leave it out, or check how the objective spells it",
                    )


def _reads(text: Text, name: str, body: tree.Node) -> bool:
    symbols = body.all(tree.Symbol)
    return any(_named(text, each, name) for each in symbols)


def _named(text: Text, symbol: tree.Symbol, name: str) -> bool:
    found = read_name(symbol, text.model.indices)
    return name in (found.full, found.id, found.base) or name.split("_")[0] == found.base


def _is_letter(text: Text, call: tree.Call, head: str) -> bool:
    letter = head.split("_")[0]
    inside = list(call.all(tree.Call))
    return any(isinstance(each.head, tree.Symbol) and each.head.letter == letter for each in inside) and (
        not any(declared.signature.place == _place(call) for declared in text.model.densities)
    )


def _is_letter_alone(text: Text, head: str) -> bool:
    """q of ``E_q``."""
    binders = (item for each in text.nodes() if isinstance(each, tree.Expect) for item in each.binders)
    return any(isinstance(each, tree.Symbol) and each.letter == head.split("_")[0] for each in binders)


def _place(call: tree.Call) -> object:
    parts = (*call.args, *(call.given or ()))
    return parts[0].span | parts[-1].span if parts else None


RULE = Rule("F2D-0904", "warning", _find)
