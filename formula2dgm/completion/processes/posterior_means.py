r"""What ``\tilde\mu_t(x_t, x_0)`` is where nothing says it: the mean of ``q(x_{t-1}|x_t, x_0)`` (Ho et al. 2020).

\tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}} \beta_t}{1 - \bar\alpha_t} x_0
              + \frac{\sqrt{1 - \beta_t} (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t} x_t

``E_q`` around it draws ``x_t``, ``E_{x_0, \epsilon}`` the step, too; a ``\sigma_t`` beside it is the width of the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from formula2dgm.completion.processes.default_paths import TIMES
from formula2dgm.completion.processes.default_statements import ALPHA_BAR, BETA, SCHEDULES, Defaults, is_zero, placed
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.reading import Note
from formula2dgm.reading.names import plain
from formula2dgm.reading.positions import letter_of
from formula2dgm.reading.rewrite import map_children
from formula2dgm.reading.shifting import counts_by
from formula2dgm.reading.signature import is_density_call
from formula2dgm.records import dataclass
from formula2dgm.syntax import parse_one, tree


def write_posterior_means(
    statements: Sequence[tree.Statement], keys: Sequence[tree.Node]
) -> tuple[list[tree.Statement], list[Note]]:
    """The statements with the mean of the step back, and what was decided; ``keys`` are what is bound."""
    text = _Means(list(statements), keys)
    found = next((mean for each in text.nodes() if (mean := _mean(each)) is not None), None)
    if found is not None and not text.is_said("mu", ("tilde",)):
        text.declare(found)
    return text.statements, text.notes


@dataclass(frozen=True, slots=True)
class _Mean:
    """``\\tilde\\mu_t(x_t, x_0)``: the call, what it is of, and its step."""

    call: tree.Call
    now: tree.Symbol
    first: tree.Symbol
    index: str


class _Means(Defaults):
    def declare(self, mean: _Mean) -> None:
        """Say what the mean is, and draw what it is of."""
        index, span = mean.index, mean.call.span
        self._refuse_others(mean)
        for each in list(self.statements):
            free = not counts_by(each.body, index) and not self.is_said(index)
            body = self._drawn(each.body, mean, free)
            self.statements[self.statements.index(each)] = each.with_body(body)
        before, whole = rf"\bar\alpha_{{{index}-1}}", rf"\bar\alpha_{index}"
        of_first = rf"\frac{{\sqrt{{{before}}} \beta_{index}}}{{1 - {whole}}} {mean.first.latex()}"
        of_now = rf"\frac{{\sqrt{{1 - \beta_{index}}} (1 - {before})}}{{1 - {whole}}} {mean.now.latex()}"
        said = f"{mean.call} is the mean of q(x_{{{index}-1}}|x_{index}, x_0)".replace("x_", f"{letter_of(mean.now)}_")
        self.add(f"{mean.call.latex()} = {of_first} + {of_now}", span, said)
        self.schedule(ALPHA_BAR, index, span)
        self.schedule(BETA, index, span)
        width = parse_one(rf"\sigma_{index}")
        if any(each == width for each in self.nodes()) and not self.is_said("sigma"):
            self.add(rf"\sigma_{index} = \sqrt{{\beta_{index}}}", span)

    def _refuse_others(self, mean: _Mean) -> None:
        """A process of the text's own in other letters has another mean."""
        for each in self.left_sides():
            if isinstance(each, tree.Call) and is_density_call(each) and mean.now in each.args and each.given:
                if not any(map(self.says_schedule, SCHEDULES)):
                    message = f"nothing says what {mean.call} is, the mean of a step back of {each}"
                    hint = f"write it, {mean.call} = ..., or compare densities, KL[q(x_{{t-1}}|x_t, x_0) || ...]"
                    raise FormulaError(Diagnostic("F2D-0548", "error", message, mean.call.span, hint))

    def _drawn(self, node: tree.Node, mean: _Mean, free: bool) -> tree.Node:
        """``E_q`` as an expectation over ``q(x_t|x_0)``, and ``E_{x_0, \\epsilon}`` as one over a step, too."""
        if not isinstance(node, tree.Expect) or mean.call not in node.body.walk():
            return map_children(node, lambda each: self._drawn(each, mean, free))
        match node.binders:
            case (tree.Symbol() as binder,) if plain(binder) == "q":
                density = placed(tree.Call(binder, (mean.now,), (mean.first,), span=binder.span), binder.span)
                self.say(f"{binder} is {density}", binder.span)
                return replace(node, binders=(density,))
            case binders if mean.first in binders and free:
                step = tree.Symbol(mean.index, span=node.span)
                self.say(f"{mean.index} is one of the steps", node.span)
                return replace(node, binders=(step, *binders))
        return map_children(node, lambda each: self._drawn(each, mean, free))


def _mean(node: tree.Node) -> _Mean | None:
    r"""``\tilde\mu_t(x_t, x_0)``, ``\tilde\mu(x_t, x_0)``; None of anything else."""
    match node:
        case tree.Call(head=tree.Symbol("mu", ("tilde",)), args=(*args,), given=None) if len(args) in (2, 3):
            pass
        case _:
            return None
    assert isinstance(node, tree.Call)
    points = [each for each in node.args if isinstance(each, tree.Symbol) and len(each.sub) == 1]
    first = [each for each in points if is_zero(each.sub[0])]
    now = [each for each in points if plain(each.sub[0]) in TIMES]
    if len(first) != 1 or len(now) != 1 or letter_of(first[0]) != letter_of(now[0]):
        return None
    index = plain(now[0].sub[0])
    assert index is not None and isinstance(node.head, tree.Symbol)
    rest = [each for each in node.args if each not in (first[0], now[0])]
    if any(plain(each) != index for each in (*rest, *node.head.sub)):
        return None
    return _Mean(node, now[0], first[0], index)
