r"""Densities that follow from an equation in differentials that is linear: ``dx = a(t) x\, dt + g(t)\, dw``.

p(x_t|x_0) = N(x_t; e^{\int_0^t a(s) ds} x_0, \int_0^t e^{2 \int_s^t a(u) du} g(s)^2 ds\, I)

Särkkä and Solin 2019, equations 6.23 and 6.24, of one number times the identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from formula2dgm.completion.unsolved import refuse_solutions
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.differentials import Equation, is_in_differentials, read_equation
from formula2dgm.reading.names import plain
from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.syntax import tree

_HINT = "write it as dx = a(t) x dt + g(t) dw, or declare p(x_t|x_0) beside it"


@dataclass(frozen=True, slots=True)
class _Linear:
    """``dx = rate x dt + diffusion dw``; a rate that is None is 0."""

    equation: Equation
    rate: tree.Node | None
    diffusion: tree.Node


def write_evolutions(statements: Sequence[tree.Statement]) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the densities that follow in place of the equations in differentials, and what was decided.

    An equation that is not linear in x, the one that is run backwards with a score, says how samples move, and is no
    part of an objective.
    """
    notes = Notes()
    found: list[_Linear] = []
    out: list[tree.Statement] = []
    for statement in statements:
        if not is_in_differentials(statement.body):
            out.append(statement)
            continue
        assert isinstance(statement.body, tree.Chain)
        equation = read_equation(statement.body)
        linear = _linear(equation) if equation is not None else None
        if linear is not None:
            found.append(linear)
        elif _moves_samples(statement.body):
            refuse_solutions(statement, statements)
            notes.add(
                f"{statement.body.span.text} says how samples move, and is no part of the objective",
                statement.body.span,
            )
        else:
            raise FormulaError(_refusal(statement.body, equation))
    for linear in found:
        out += _kernels(linear, out, notes)
    return out, notes.found


def _refusal(chain: tree.Chain, equation: Equation | None) -> Diagnostic:
    if equation is None:
        message = f"not all of {chain} is understood: one part beside dt and one beside dw"
    elif equation.diffusion is None:
        message = f"{chain} has no noise, and leads to no density of x"
    else:
        message = f"{chain} is not linear in {equation.variable}"
    return Diagnostic("F2D-0130", "error", message, chain.span, _HINT)


def _moves_samples(chain: tree.Chain) -> bool:
    """Is a network, a score or a function of x on the right side?"""
    return any(isinstance(each, tree.Call) and len(each.args) > 1 for each in chain.members[1].walk()) or any(
        isinstance(each, tree.Prefix | tree.Func) and each.name == "grad" for each in chain.members[1].walk()
    )


def _linear(equation: Equation) -> _Linear | None:
    """The equation, where its drift is a multiple of x and its diffusion has no x."""
    rate = None if equation.drift is None else _without(equation.drift, equation.variable)
    if equation.diffusion is None or (equation.drift is not None and rate is None):
        return None
    if any(_reads(each, equation.variable) for each in (rate, equation.diffusion) if each is not None):
        return None
    return _Linear(equation, rate, equation.diffusion)


def _reads(node: tree.Node, variable: tree.Symbol) -> bool:
    return any(_is(each, variable) for each in node.walk())


def _is(node: tree.Node, variable: tree.Symbol) -> bool:
    """x, or ``x_t``."""
    return isinstance(node, tree.Symbol) and (node.letter, node.accents, node.style) == (
        variable.letter,
        variable.accents,
        variable.style,
    )


def _without(node: tree.Node, variable: tree.Symbol) -> tree.Node | None:
    """``a`` of ``a x``; None where x is no factor of every summand."""
    if _is(node, variable):
        return tree.Number("1", span=node.span)
    match node:
        case tree.Neg(body=body):
            inner = _without(body, variable)
            return inner and tree.Neg(inner, span=node.span)
        case tree.Add(terms=terms):
            parts = [_without(each, variable) for each in terms]
            known = tuple(each for each in parts if each is not None)
            return tree.Add(known, span=node.span) if len(known) == len(terms) else None
        case tree.Div(numerator=above, denominator=below):
            inner = _without(above, variable)
            return inner and tree.Div(inner, below, span=node.span)
        case tree.Mul(factors=factors, ops=ops):
            for place, each in enumerate(factors):
                if (inner := _without(each, variable)) is not None:
                    kept = [*factors[:place], *([inner] if str(inner) != "1" else []), *factors[place + 1 :]]
                    one = len(kept) == 1
                    return kept[0] if one else replace(node, factors=tuple(kept), ops=ops[: len(kept) - 1])
        case tree.Call(head=tree.Symbol() as head, args=(argument,), given=None, params=None):
            # beta(t) (x) and theta (x): a number before a bracket
            inner = _without(argument, variable) if isinstance(argument, tree.Neg | tree.Mul | tree.Add) else None
            return inner and tree.Mul((head, inner), ("",), span=node.span)
    return None


def _kernels(linear: _Linear, statements: Sequence[tree.Statement], notes: Notes) -> list[tree.Statement]:
    """The declarations of the densities over x at a time given ``x_0`` that the text uses and does not declare."""
    declared = {each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)}
    calls = dict.fromkeys(
        node
        for each in statements
        for node in each.body.walk()
        if isinstance(node, tree.Call) and is_density_call(node) and _is_kernel(node, linear.equation)
    )
    made = []
    for call in calls:
        if call not in declared:
            law = _law(call, linear)
            notes.add(f"{call} follows from {linear.equation.chain}", linear.equation.chain.span)
            span = linear.equation.chain.span
            made.append(tree.Statement(tree.Chain((call, law), ("=",), span=span), span=span))
    return made


def _is_kernel(call: tree.Call, equation: Equation) -> bool:
    """``p_{0t}(x_t|x_0)``."""
    slots = (*call.args, *(call.given or ()))
    symbols = [each for each in slots if isinstance(each, tree.Symbol) and _is(each, equation.variable)]
    if len(slots) != 2 or len(symbols) != 2 or call.given is None or [str(each) for each in symbols[1].sub] != ["0"]:
        return False
    return _end(call) is not None


def _end(call: tree.Call) -> tree.Node | None:
    """The time at which x is: t of ``p(x_t|x_0)`` and of ``p_t(x|x_0)``."""
    later, head = call.args[0], call.head
    assert isinstance(later, tree.Symbol) and isinstance(head, tree.Symbol)
    found = later.sub[0] if len(later.sub) == 1 else head.sub[-1] if not later.sub and head.sub else None
    return found if found is not None and plain(found) is not None else None


def _law(call: tree.Call, linear: _Linear) -> tree.Call:
    """The Normal that the equation leads to from ``x_0``."""
    (later,), (first,) = call.args, call.given or ()
    assert isinstance(later, tree.Symbol)
    end, span = _end(call), linear.equation.chain.span
    assert end is not None
    s, u = _fresh(linear)
    zero, two = tree.Number("0", span=span), tree.Number("2", span=span)
    time = linear.equation.time
    noise = tree.Power(_put(linear.diffusion, time, s), two, span=span)
    mean, variance = first, tree.Integral(noise, (s,), zero, end, span=span)
    if linear.rate is not None:
        decay = tree.Integral(_put(linear.rate, time, s), (s,), zero, end, span=span)
        mean = tree.Mul((tree.Func("exp", (decay,), (), span=span), first), ("",), span=span)
        rest = tree.Integral(_put(linear.rate, time, u), (u,), s, end, span=span)
        left = tree.Func("exp", (tree.Mul((two, rest), ("",), span=span),), (), span=span)
        variance = tree.Integral(tree.Mul((left, noise), ("",), span=span), (s,), zero, end, span=span)
    spread = tree.Mul((variance, tree.Symbol("I", span=span)), ("",), span=span)
    return tree.Call(tree.Symbol("N", span=span), (later,), None, (mean, spread), span=span)


def _put(node: tree.Node, time: tree.Symbol, value: tree.Symbol) -> tree.Node:
    return value if node == time else map_children(node, lambda each: _put(each, time, value))


def _fresh(linear: _Linear) -> tuple[tree.Symbol, tree.Symbol]:
    """Two letters for times that the equation does not use."""
    taken = {each.letter for each in linear.equation.chain.walk() if isinstance(each, tree.Symbol)}
    s, u = [each for each in ("s", "u", "r", "v", "tau") if each not in taken][:2]
    span = linear.equation.chain.span
    return tree.Symbol(s, span=span), tree.Symbol(u, span=span)
