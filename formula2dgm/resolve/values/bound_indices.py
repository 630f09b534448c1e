r"""Indices that an expectation binds like a variable: ``E_i[\|f_i(x) - y\|^2]``.

A letter of indices that nothing reads as a value is no data: it numbers networks, or nothing.
"""

from __future__ import annotations

from dataclasses import replace

from formula2dgm.reading.names import mentions, plain
from formula2dgm.resolve.context import Context
from formula2dgm.syntax import tree
from formula2dgm.syntax.vocabulary import INDEX_LETTERS

#: Letters that number things; s and t are states and times as well.
_NUMBERING = INDEX_LETTERS - {"s", "t"}


def refuse_index(context: Context, symbol: tree.Symbol, source: tree.Node | None) -> None:
    """Refuse a bound letter of indices that stands for no value anywhere."""
    letter = plain(symbol)
    if source is not None or letter not in _NUMBERING or _is_read(context, symbol):
        return
    head = next((each for each in _heads(context) if mentions(each, {letter})), None)
    if head is not None:
        raise context.refuse(
            "F2D-0459",
            f"{head} is another network for each {letter}, and nothing says what {letter} is drawn from",
            head.span,
            f"draw it and give it to one network: E_{{{letter} ~ U{{1, 3}}}}[{replace(head, sub=())}(..., {letter})]",
        )
    raise context.refuse(
        "F2D-0402",
        f"{letter} is bound by this expectation, and nothing reads it",
        symbol.span,
        "leave it out, or name what is drawn",
    )


def _is_read(context: Context, symbol: tree.Symbol) -> bool:
    """Does the letter stand for a value anywhere but below a network's, where it is bound, or in its space?"""
    model = context.model
    return any(_reads(root, symbol) for root in (*model.expressions(), *(each.body for each in model.densities)))


def _reads(node: tree.Node, symbol: tree.Symbol) -> bool:
    match node:
        case tree.Symbol():
            return node == symbol or any(_reads(each, symbol) for each in (*node.sub, *node.sup))
        case tree.Expect(binders=binders):
            bound = [each for each in binders if each != symbol]
            return any(_reads(each, symbol) for each in (*bound, node.body))
        case tree.Call(head=tree.Symbol()):
            return any(_reads(each, symbol) for each in node.children if each is not node.head)
    return any(_reads(each, symbol) for each in node.children)


def _heads(context: Context) -> list[tree.Symbol]:
    """What is applied to arguments."""
    calls = (each for root in context.model.expressions() for each in root.all(tree.Call))
    return [each.head for each in calls if isinstance(each.head, tree.Symbol)]
