"""Hyperparameters: scalars that the text or a binding gives a number, and that each call may set."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from formula2dgm.bindings import NumberValue
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import BATCH, Axis
from formula2dgm.ir.program import Hyperparameter
from formula2dgm.reading.data_names import NOISE_LETTERS
from formula2dgm.reading.names import Name, plain, read_name
from formula2dgm.reading.numbers import constant
from formula2dgm.reading.signature import names_objective
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.values.indexed import drawn_up_to, rows_counted, rows_drawn, steps_counted
from formula2dgm.syntax import tree


def hyperparameter(
    context: Context, name: Name, symbol: tree.Node, whole: bool = False, an_axis: bool = False
) -> ir.Node:
    """A scalar that each call may set; without a default it must be bound (a scaffold gives it 1).

    The number of examples may stay open, as it can cancel, but not where it is ``an_axis``'s size.
    """
    key = name.full
    if key in context.batch_sizes and not an_axis:
        context.assume(f"{key} is the number of examples of the batch: sums over pairs run over it", symbol.span)
        return context.arena.make(ir.Size, BATCH, origin=symbol)
    if key not in context.hyperparameters:
        default = given_number(context, name)
        steps = context.time is not None and key == context.time.axis.size
        if steps or key in map(str, context.model.bounds.values()):  # \frac1K stands before the sum to K
            whole = True
            if key in context.model.drawn or _is_drawn(context, key):
                raise context.refuse(
                    "F2D-0415",
                    f"{key} is drawn: it does not say how far a sum or a product goes",
                    symbol.span,
                    "write a number, or draw the step of a schedule: t \\sim \\mathcal{U}\\{1, T\\}",
                )
            if default is None:
                default = steps_counted(context) if steps else rows_counted(context, key)
                if default is not None:
                    context.assume(f"{key} is {default}, the number of rows that are bound", symbol.span)
        elif drawn_up_to(context, key):
            whole = True
            if default is None and (default := rows_drawn(context, key)) is not None:
                context.assume(f"{key} is {default}, the number of rows that are bound", symbol.span)
        if default is None and key in context.model.data_sizes and not an_axis:
            context.unsized.setdefault(key, symbol)
            return context.arena.make(ir.Hyper, key, origin=symbol)
        stepwise = context.time is not None and any(True for _ in context.time.places(name))
        noise = stepwise and name.letter in NOISE_LETTERS
        an_objective = names_objective(symbol) and not whole
        unknown = noise or an_objective or (stepwise and name.letter.isascii() and len(name.letter) == 1)
        stem = _marked_value(context, symbol)
        unknown |= stem is not None and not whole
        if default is None and context.options.scaffold and not unknown:
            default = 5 if whole else 0.5 if is_weighed_against_rest(context, symbol) else 1.0
            context.assume(f"{key} is {default}", symbol.span)
        if default is None:
            known = [*context.hyperparameters, *context.named.values, *context.model.variables]
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            if stepwise:
                hint += f"if it is noise, draw it: {symbol} \\sim N(0, I); " if name.letter in NOISE_LETTERS else ""
                hint += f"if it is data, say so: {symbol} \\in \\mathbb{{R}}; "
            hint += f"the text says what {stem} is, and not what {symbol} is: " if stem is not None else ""
            define = f"write what it is, {symbol} = ..., or " if names_objective(symbol) or stem is not None else ""
            raise context.refuse(
                "F2D-0203",
                f"{key} is bound to nothing: no hyperparameter, network, density or data",
                symbol.span,
                f"{hint}{define}bind it: {{{key!r}: 1.0}}",
            )
        context.unsized.pop(key, None)
        context.hyperparameters[key] = Hyperparameter(key, default, whole, symbol.span)
    return context.arena.make(ir.Hyper, key, origin=symbol)


def _marked_value(context: Context, symbol: tree.Node) -> tree.Symbol | None:
    """z of ``z^+`` beside ``z = f(x)``: with marks it is another value, and no default number; ``t_{min}`` is one."""
    if not isinstance(symbol, tree.Symbol) or not symbol.letter.isascii() or len(symbol.letter) > 1:
        return None
    words = [plain(each) or "" for each in (*symbol.sub, *symbol.sup)]
    if any(len(each) > 1 and each not in ("plus", "minus", "pos", "neg") for each in words):
        return None
    stem = replace(symbol, accents=(), sub=(), sup=())
    name = read_name(stem, context.model.indices)
    made = name.full in context.model.definitions and given_number(context, name) is None
    known = made or name.id in context.model.variables or name.id in context.model.drawn
    return stem if stem != symbol and known else None


def _is_drawn(context: Context, key: str) -> bool:
    """Does an expectation draw it?"""
    expectations = (each for root in context.model.expressions() for each in root.all(tree.Expect))
    binders = (binder for each in expectations for binder in each.binders)
    names = (name for each in binders for name in (each.names if isinstance(each, tree.Draws) else (each,)))
    return any(isinstance(each, tree.Symbol) and read_name(each, context.model.indices).full == key for each in names)


def enter_size(context: Context, axis: Axis, node: tree.Node) -> None:
    """Enter the name of the number of steps among the hyperparameters, where no data say it."""
    if isinstance(axis.size, str):
        bound = next((each for each in node.walk() if plain(each) == axis.size), tree.Symbol(axis.size, span=node.span))
        assert isinstance(bound, tree.Symbol)
        hyperparameter(context, read_name(bound, context.model.indices), bound, whole=True, an_axis=True)


def refuse_unknown_term(context: Context, term: tree.Node) -> None:
    """A name that is a whole term of an objective, ``L_{rec}`` or ``log Z``, is no factor with a default: something
    must say what it is. The size of a sum is known."""
    for symbol in term.all(tree.Symbol):
        name = read_name(symbol, context.model.indices, head=True)
        made = context.hyperparameters.get(name.full)
        if made is not None and not made.whole and given_number(context, name) is None:
            says = f"{term} is a whole term of the objective, and nothing says what {symbol} is"
            raise context.refuse("F2D-0203", says, symbol.span, _way_out(context, term, symbol, name))


def _way_out(context: Context, term: tree.Node, symbol: tree.Symbol, name: Name) -> str:
    """How to say what a term is. Beside an energy the logarithm of a Z is no number: it is learned with the energy."""
    is_log = isinstance(term, tree.Prefix | tree.Func) and term.name == "log"
    if is_log and context.networks:
        draws = "\\frac1K \\sum_{k=1}^K \\exp(-E(u_k)) / p_n(u_k), u_{1:K} ~ p_n(u)"
        return f"write what it is; for the constant of an energy, an average over draws of noise: {symbol} = {draws}"
    return f"write what it is, {symbol} = ..., or bind it: {{{name.full!r}: 1.0}}"


def names_constant(context: Context, term: tree.Symbol) -> bool:
    """Is a whole term ``C``, of which nothing says what it is?"""
    name = read_name(term, context.model.indices, head=True)
    known = name.full in context.model.definitions or context.named.find(name) or name.id in context.model.variables
    return context.options.scaffold and plain(term) == "C" and not known


def is_weighed_against_rest(context: Context, symbol: tree.Node) -> bool:
    """Does ``1 - a`` stand somewhere beside a: is it a share?"""
    rest = (tree.Number("1", span=symbol.span), tree.Neg(symbol, span=symbol.span))
    return any(each.terms == rest for root in context.model.expressions() for each in root.all(tree.Add))


def given_number(context: Context, name: Name) -> float | int | None:
    """The number that is bound to a name, or that a statement gives it (``K = 5``)."""
    binding = context.named.find(name)
    if binding is not None and isinstance(binding.value, NumberValue):
        return binding.value.number
    definition = context.model.definitions.get(name.full)
    return None if definition is None else constant(definition.body)
