"""Parameters that are moving averages of others, as they are bound or written.

``f2d.EMA("theta", 0.999)``, ``\\bar\\theta \\leftarrow 0.999 \\bar\\theta + 0.001 \\theta``,
``\\bar\\theta = \\mathrm{EMA}(\\theta)``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.bindings import Binding
from formula2dgm.diagnostics import Diagnostics, FormulaError
from formula2dgm.reading.names import GREEK_GROUPS
from formula2dgm.reading.numbers import constant
from formula2dgm.reading.stopped import plain_symbol, without_stops
from formula2dgm.records import dataclass
from formula2dgm.registry.averages import EMA
from formula2dgm.spans import Source, Span
from formula2dgm.syntax import parse_one, tree

Parsed = list[tuple[Binding, tree.Node]]


@dataclass(frozen=True, slots=True)
class Average:
    """``own`` follows ``of``.

    own     the averages as the formula names them: ``\\bar\\theta``, or a network, ``\\bar f``
    of      what is followed: ``\\theta``, ``f``
    decay   None where a statement leaves it open
    key     the binding's key; None where a statement says it
    rest    the weight of what is followed, where it is written
    """

    own: tree.Symbol
    of: tree.Symbol
    decay: float | tree.Node | None
    span: Span
    key: str | None = None
    rest: tree.Node | None = None

    def plain(self, symbol: tree.Symbol) -> tree.Symbol | None:
        """What the symbol follows: ``f_{\\bar\\theta}`` follows ``f_\\theta``, ``\\bar f_k`` follows ``f_k``. None for
        what is no average."""
        if self.own in symbol.sub:
            return replace(symbol, sub=tuple(self.of if each == self.own else each for each in symbol.sub))
        alike = (symbol.letter, symbol.accents, symbol.style) == (self.own.letter, self.own.accents, self.own.style)
        if not alike or not {*self.own.sub} <= {*symbol.sub} or not {*self.own.sup} <= {*symbol.sup}:
            return None
        return replace(
            symbol,
            letter=self.of.letter,
            accents=self.of.accents,
            style=self.of.style,
            sub=(*self.of.sub, *(each for each in symbol.sub if each not in self.own.sub)),
            sup=(*self.of.sup, *(each for each in symbol.sup if each not in self.own.sup)),
        )

    def names(self, symbol: tree.Symbol) -> bool:
        """Is the symbol an average, perhaps held constant: ``\\theta^-`` where ``\\theta`` is said to be one?"""
        trained = plain_symbol(without_stops(symbol))
        return self.plain(symbol) is not None or self.plain(trained) is not None


def take_averages(
    statements: Sequence[tree.Statement], parsed: Parsed, found: Diagnostics
) -> tuple[list[tree.Statement], Parsed, tuple[Average, ...]]:
    """The statements and bindings that are no averages, and the averages; what they follow has to occur elsewhere."""
    kept = [each for each in statements if _written(each.body) is None]
    others = [each for each in parsed if not isinstance(each[0].value, EMA)]
    averages = [made for each in statements if (made := _written(each.body)) is not None]
    averages += [made for each in parsed if (made := _bound(*each, found)) is not None]
    names = {name for node in (*(each.body for each in kept), *(key for _, key in others)) for name in _symbols(node)}
    for position, each in enumerate(averages):
        if any(each.own == other.own for other in averages[:position]):
            found.error("F2D-0702", f"{each.own} is said to follow something twice", each.span)
        elif (leader := next((other for other in averages if other.names(each.of)), None)) is not None:
            said = "itself" if leader is each else f"{each.of}, which is a moving average too"
            hint = "an average follows what is trained: \\bar\\theta = \\mathrm{EMA}(\\theta)"
            found.error("F2D-0720", f"{each.own} is to follow {said}", each.span, hint)
        elif each.of not in names and each.of.letter != each.own.letter:
            found.error(
                "F2D-0720",
                f"{each.own} is to follow {each.of}, which nothing in the formula is named",
                each.span,
                f"name parameters as the formula does: {', '.join(sorted(_groups(names))) or 'f_theta(x)'}",
            )
        _check_decay(each, found)
    return kept, others, tuple(averages)


def _symbols(root: tree.Node) -> set[tree.Symbol]:
    return set(root.all(tree.Symbol))


def _groups(names: set[tree.Symbol]) -> set[str]:
    return {str(each) for each in names if each.letter in GREEK_GROUPS and not (each.accents or each.sub or each.sup)}


def _check_decay(average: Average, found: Diagnostics) -> None:
    value = constant(average.decay) if isinstance(average.decay, tree.Node) else average.decay
    if value is not None and not 0 <= value < 1:
        found.error(
            "F2D-0721",
            f"the decay of the moving average {average.own} is {value:g}",
            average.span,
            "it is at least 0 (a copy after each step) and less than 1: 0.999",
        )
    if (
        average.rest is not None
        and isinstance(average.decay, tree.Node)
        and not _add_to_one(average.decay, average.rest)
    ):
        found.error(
            "F2D-0721",
            f"the weights of the moving average {average.own}, {average.decay} and {average.rest}, do not add up to 1",
            average.span,
            f"write d {average.own} + (1 - d) {average.of}",
        )


# -- bound ---------------------------------------------------------------------------------------------


def _bound(binding: Binding, key: tree.Node, found: Diagnostics) -> Average | None:
    value = binding.value
    if not isinstance(value, EMA):
        return None
    if not isinstance(key, tree.Symbol):
        hint = "bind it to what marks them in the formula, \\bar\\theta of f_{\\bar\\theta}(x)"
        found.error("F2D-0707", f"a moving average is bound to parameters or a network, not to {key}", key.span, hint)
        return None
    try:
        of = parse_one(Source(value.of, f"EMA of binding {binding.key.text!r}"))
    except FormulaError as error:
        found.extend(error.diagnostics)
        return None
    if not isinstance(of, tree.Symbol) or of == key:
        found.error(
            "F2D-0720", f"{key} cannot follow {of}", key.span, "name the parameters it follows: f2d.EMA('theta')"
        )
        return None
    return Average(key, of, value.decay, key.span, binding.key.text)


# -- written -------------------------------------------------------------------------------------------


def _written(body: tree.Node) -> Average | None:
    """``\\bar\\theta \\leftarrow d \\bar\\theta + (1 - d) \\theta``, ``\\bar\\theta = EMA(\\theta, d)``."""
    match body:
        case tree.Chain((tree.Symbol() as own, right), (":=" | "=",)):
            pass
        case _:
            return None
    match right:
        case tree.Call(tree.Symbol("EMA" | "ema", (), (), ()), (tree.Symbol() as of, *rest), None, None) if (
            len(rest) < 2
        ):
            return Average(own, of, rest[0] if rest else None, body.span)
    found = _weights(own, right)
    return None if found is None else Average(own, found[2], found[0], body.span, rest=found[1])


def _weights(own: tree.Symbol, right: tree.Node) -> tuple[tree.Node, tree.Node, tree.Symbol] | None:
    """The weights of both and what is followed, for ``a own + b of``, perhaps under a stopped gradient."""
    match right:
        case tree.Func("sg" | "stopgrad" | "detach", (inner,)):
            return _weights(own, inner)
        case tree.Add((first, second)):
            for mine, other in ((first, second), (second, first)):
                match mine, other:
                    case tree.Mul((decay, same)), tree.Mul((rest, tree.Symbol() as of)) if same == own != of:
                        return decay, rest, of
    return None


def _add_to_one(first: tree.Node, second: tree.Node) -> bool:
    """Are these two numbers, or d and ``1 - d``, that add up to 1?"""
    one, other = constant(first), constant(second)
    if one is not None and other is not None:
        return math.isclose(one + other, 1, rel_tol=0, abs_tol=1e-9)
    return _is_rest(first, second) or _is_rest(second, first)


def _is_rest(rest: tree.Node, of: tree.Node) -> bool:
    return rest == tree.Add((tree.Number("1", span=of.span), tree.Neg(of, span=of.span)), span=of.span)
