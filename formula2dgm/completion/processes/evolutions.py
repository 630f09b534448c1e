r"""Densities that follow from an equation in differentials that is linear: ``dx = [a(t) x + b(t)] dt + g(t)\, dw``.

p(x_t|x_0) = N(x_t; e^{\int_0^t a(s) ds} x_0 + \int_0^t e^{\int_s^t a(u) du} b(s) ds,
               \int_0^t e^{2 \int_s^t a(u) du} g(s)^2 ds\, I)

Särkkä and Solin 2019, equations 6.23 and 6.24, of one number times the identity. Of ``a(t) (x - m)`` the mean is
``m + e^{\int_0^t a(s) ds} (x_0 - m)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.completion.flows.unsolved import refuse_solutions
from formula2dgm.completion.processes.drifts import Drift, State, at_times, is_of, products
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading.differentials import Equation, is_in_differentials, read_equation
from formula2dgm.reading.names import plain
from formula2dgm.reading.notes import Note, Notes
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import tree

_HINT = "write it as dx = (a(t) x + b(t)) dt + g(t) dw, or declare p(x_t|x_0) beside it"


@dataclass(frozen=True, slots=True)
class _Linear:
    """``dx = drift dt + diffusion dw``, the drift straight in x."""

    equation: Equation
    state: State
    drift: Drift
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
        linear = _linear(equation, statements) if equation is not None else None
        if linear is not None:
            found.append(linear)
        elif _moves_samples(statement.body):
            refuse_solutions(statement, statements)
            notes.add(
                f"{statement.body} says how samples move, and is no part of the objective",
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


def _linear(equation: Equation, statements: Sequence[tree.Statement]) -> _Linear | None:
    """The equation, where its drift is straight in x and its diffusion has no x."""
    if equation.diffusion is None:
        return None
    state = State(equation, _functions(statements))
    diffusion = at_times(equation.diffusion, equation, statements)
    drift = None if equation.drift is None else at_times(equation.drift, equation, statements)
    for each in (drift, diffusion):
        _refuse_other_times(state, each, equation)
    found = Drift(None, None, None) if drift is None else state.drift(drift)
    return None if found is None or state.read_by(diffusion) else _Linear(equation, state, found, diffusion)


def _functions(statements: Sequence[tree.Statement]) -> frozenset[str]:
    """The names that the text defines with arguments."""
    calls = [each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)]
    return frozenset(str(each.head) for each in calls if isinstance(each, tree.Call))


def _refuse_other_times(state: State, node: tree.Node | None, equation: Equation) -> None:
    """What x does may depend on where it began, not on where it will be."""
    for each in node.walk() if node is not None else ():
        if state.has_letter(each) and not state.named(each) and not (isinstance(each, tree.Symbol) and _is_start(each)):
            message = f"{equation.chain} reads {each}, which is {equation.variable.letter} at another time"
            hint = f"call what it is drawn to by a letter of its own: m for {each}"
            raise FormulaError(Diagnostic("F2D-0571", "error", message, each.span, hint))


def _is_start(node: tree.Symbol) -> bool:
    return len(node.sub) == 1 and node.sub[0] == tree.Number("0", span=node.span)


def _kernels(linear: _Linear, statements: Sequence[tree.Statement], notes: Notes) -> list[tree.Statement]:
    """The declarations of the densities over x at a time given ``x_0`` that the text uses and does not declare."""
    declared = {each.body.members[0] for each in statements if isinstance(each.body, tree.Chain)}
    calls = dict.fromkeys(
        node
        for each in statements
        for node in each.body.all(tree.Call)
        if is_density_call(node) and _is_kernel(node, linear)
    )
    made = []
    for call in calls:
        if call not in declared:
            law = _law(call, linear)
            notes.add(f"{call} follows from {linear.equation.chain}", linear.equation.chain.span)
            span = linear.equation.chain.span
            made.append(tree.Statement(tree.Chain((call, law), ("=",), span=span), span=span))
    return made


def _is_kernel(call: tree.Call, linear: _Linear) -> bool:
    """``p_{0t}(x_t|x_0)``, and what the drift reads beside them: ``p(x_t|x_0, m)``."""
    slots = (*call.args, *(call.given or ()))
    symbols = [each for each in slots if isinstance(each, tree.Symbol) and linear.state.has_letter(each)]
    if len(call.args) != 1 or len(symbols) != 2 or call.given is None:
        return False
    read = {str(each) for each in linear.equation.chain.members[1].walk()}
    if any(str(each) not in read for each in slots if each not in symbols):
        return False
    later, first = symbols
    return call.args[0] is later and _is_start(first) and _end(call) is not None


def _end(call: tree.Call) -> tree.Node | None:
    """The time at which x is: t of ``p(x_t|x_0)`` and of ``p_t(x|x_0)``."""
    later, head = call.args[0], call.head
    assert isinstance(later, tree.Symbol) and isinstance(head, tree.Symbol)
    found = later.sub[0] if len(later.sub) == 1 else head.sub[-1] if not later.sub and head.sub else None
    return found if found is not None and plain(found) is not None else None


def _law(call: tree.Call, linear: _Linear) -> tree.Call:
    """The Normal that the equation leads to from ``x_0``."""
    (later,) = call.args
    first = next(each for each in call.given or () if linear.state.has_letter(each))
    assert isinstance(later, tree.Symbol)
    end, span, drift = _end(call), linear.equation.chain.span, linear.drift
    assert end is not None
    s, _ = _fresh(linear)
    zero, two = tree.Number("0", span=span), tree.Number("2", span=span)
    noise = tree.Power(_put(linear.diffusion, linear.equation.time, s), two, span=span)
    mean, variance = first, tree.Integral(noise, (s,), zero, end, span=span)
    if drift.rate is not None:
        variance = tree.Integral(_times(_left(linear, s, end, two), noise), (s,), zero, end, span=span)
        whole = _left(linear, zero, end)
        mean = first if drift.mean == first else _times(whole, first)
        if drift.mean is not None and drift.mean != first:
            away = tree.Add((first, tree.Neg(drift.mean, span=span)), span=span)
            mean = tree.Add((drift.mean, _times(whole, away)), span=span)
    if drift.rest is not None and drift.mean is None:
        mean = tree.Add((mean, *(_gathered(linear, each, end) for each in products(drift.rest))), span=span)
    spread = tree.Mul((variance, tree.Symbol("I", span=span)), ("",), span=span)
    return tree.Call(tree.Symbol("N", span=span), (later,), None, (mean, spread), span=span)


def _left(linear: _Linear, start: tree.Node, end: tree.Node, power: tree.Node | None = None) -> tree.Node:
    r"""``e^{\int_start^end a(u) du}``: what is left at the end of what x was at the start; a power of it."""
    assert linear.drift.rate is not None
    time, span = linear.equation.time, linear.equation.chain.span
    s, u = _fresh(linear)
    inner = s if isinstance(start, tree.Number) else u
    decay: tree.Node = tree.Integral(_put(linear.drift.rate, time, inner), (inner,), start, end, span=span)
    return tree.Func("exp", (decay if power is None else _times(power, decay),), (), span=span)


def _gathered(linear: _Linear, factors: Sequence[tree.Node], end: tree.Node) -> tree.Node:
    """What a summand of the drift without x adds up to: its factors that are the same at all times before the
    integral."""
    time, span = linear.equation.time, linear.equation.chain.span
    s, _ = _fresh(linear)
    still = [each for each in factors if not is_of(each, time)]
    moving = [_put(each, time, s) for each in factors if is_of(each, time)]
    if linear.drift.rate is not None:
        moving.insert(0, _left(linear, s, end))
    body = _times(*moving) if moving else tree.Number("1", span=span)
    return _times(tree.Integral(body, (s,), tree.Number("0", span=span), end, span=span), *still)


def _times(*factors: tree.Node) -> tree.Node:
    if len(factors) == 1:
        return factors[0]
    return tree.Mul(tuple(factors), ("",) * (len(factors) - 1), span=factors[0].span)


def _put(node: tree.Node, time: tree.Symbol, value: tree.Symbol) -> tree.Node:
    return value if node == time else map_children(node, lambda each: _put(each, time, value))


def _fresh(linear: _Linear) -> tuple[tree.Symbol, tree.Symbol]:
    """Two letters for times that the equation does not use."""
    taken = {each.letter for each in linear.equation.chain.all(tree.Symbol)}
    s, u = [each for each in ("s", "u", "r", "v", "tau") if each not in taken][:2]
    span = linear.equation.chain.span
    return tree.Symbol(s, span=span), tree.Symbol(u, span=span)
