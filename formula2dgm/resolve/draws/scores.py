"""The score-function gradient of an expectation, in the form whose value is the formula's (Foerster et al., 2018).

    E_q(z)[f]  is estimated by  f + sg(f - b) * (log q(z) - sg(log q(z))):

the value is f at the draw, the gradient is ``grad f + (f - b) grad log q(z)``. A sum is a sum of costs, and a cost
multiplies the scores of the draws that it depends on alone (Schulman et al., 2015): those below it in the graph, at the
same positions of the axes that they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from formula2dgm import registry
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import depends, walk
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.sequences.later import reaches_later_steps
from formula2dgm.spans import Span


@dataclass(frozen=True, slots=True)
class ScoredDraw:
    """A draw whose gradient is its score.

    baseline  ``leave-one-out``, ``batch``, or a node that does not depend on the draw
    span      where it is drawn
    """

    draw: ir.Draw
    baseline: str | ir.Node | None = None
    span: Span | None = None

    @property
    def constant(self) -> bool:
        """Is the baseline one for the whole cost, to be subtracted once?"""
        return isinstance(self.baseline, ir.Node)


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A cost with scores: what was made of ``cost``, to add further scores to."""

    cost: ir.Node
    draws: tuple[ScoredDraw, ...]
    shares: tuple[tuple[ir.Draw, float], ...] = ()


def scored_below(context: Context, body: ir.Node, among: Sequence[ir.Node]) -> tuple[ScoredDraw, ...]:
    """Those of the draws that have a score and that a body depends on. What a statement draws counts at the root."""
    by_statements = context.statement_draws.values()
    wanted = [context.scored[each] for each in among if each in context.scored and each not in by_statements]
    wanted = [each for each in wanted if not is_read_later(context, each)]
    return tuple(each for each in wanted if depends((body,), frozenset((each.draw,))))


def with_scores(
    context: Context, draws: Sequence[ScoredDraw], body: ir.Node, shares: Mapping[ir.Draw, float] | None = None
) -> ir.Node:
    """The body of an expectation over the draws, with their scores.

    ``shares`` is the coefficient of this body in the whole cost, for the draws whose constant baseline it carries;
    None: it is the whole cost.
    """
    if shares is None:
        shares = {each.draw: 1.0 for each in draws}
    return _Scores(context, shares)(body, tuple(draws))


def surrogate(
    context: Context, cost: ir.Node, draws: tuple[ScoredDraw, ...], shares: Mapping[ir.Draw, float]
) -> ir.Node:
    """One cost with the scores of draws, whatever it is made of."""
    return _Scores(context, shares).surrogate(cost, draws)


def is_read_later(context: Context, scored: ScoredDraw) -> bool:
    """Is the variable drawn at each step, and do others depend on it?"""
    along = any(axis.kind == "time" for axis in scored.draw.axes)
    return along and scored.draw.site.split("@")[0] in reaches_later_steps(context)


@dataclass(slots=True)
class _Scores:
    """Adds scores to one body."""

    context: Context
    shares: Mapping[ir.Draw, float]

    def __call__(self, body: ir.Node, draws: tuple[ScoredDraw, ...]) -> ir.Node:
        mine = tuple(each for each in draws if reaches(body, each.draw))
        if not mine:
            return body
        make = self.context.arena.make
        known = self.context.surrogates.get(body)
        if known is not None:
            new = tuple(each for each in mine if each not in known.draws)
            shares = {**dict(known.shares), **{each.draw: self.shares.get(each.draw, 0.0) for each in new}}
            return _Scores(self.context, shares).surrogate(known.cost, (*known.draws, *new))
        match body:
            case ir.Neg(inner):
                return self._like(body, make(ir.Neg, self._scaled(-1.0)(inner, mine)))
            case ir.Reduce("mean", axis, inner) if any(axis in each.draw.axes for each in mine):
                return self._like(body, make(ir.Reduce, "mean", axis, self(inner, mine)))
            case _ if any(each.constant for each in mine):
                return self.surrogate(body, mine)
            case ir.Reduce("sum", axis, inner) if any(axis in each.draw.axes for each in mine):
                return self._like(body, make(ir.Reduce, "sum", axis, self(inner, mine)))
            case ir.Add(args) if self._differ(args, mine):
                return self._like(body, make(ir.Add, tuple(self(each, mine) for each in args)))
            case ir.Mul(args) if self._splits(only := _only(args, mine)):
                factors = tuple(self(each, mine) if each is only else each for each in args)
                return self._like(body, make(ir.Mul, factors))
            case ir.Div(top, bottom) if self._splits(_only((top, bottom), mine)) and _reaches_any(top, mine):
                return self._like(body, make(ir.Div, self(top, mine), bottom))
        return self.surrogate(body, mine)

    def _like(self, old: ir.Node, new: ir.Node) -> ir.Node:
        return self.context.arena.inherit(new, old)

    def _scaled(self, factor: float) -> _Scores:
        return _Scores(self.context, {draw: share * factor for draw, share in self.shares.items()})

    def _differ(self, args: tuple[ir.Node, ...], mine: tuple[ScoredDraw, ...]) -> bool:
        """Do the summands depend on different draws, or hold what already has scores or is summed over draws?"""
        below = {tuple(each for each in mine if reaches(arg, each.draw)) for arg in args}
        return len(below) > 1 or any(self._splits(arg) for arg in args)

    def _splits(self, node: ir.Node | None) -> bool:
        """Would scores go deeper into the node than around it?"""
        match node:
            case None:
                return False
            case ir.Neg(inner):
                return self._splits(inner)
            case ir.Reduce("sum" | "mean", axis):
                return axis.kind == "sample"
        return node in self.context.surrogates

    # -- one cost ------------------------------------------------------------------------------------------

    def surrogate(self, cost: ir.Node, draws: tuple[ScoredDraw, ...]) -> ir.Node:
        """``cost + sg(cost - b) * (log q(z) - sg(log q(z)))``, one summand for the draws of each baseline."""
        make, context = self.context.arena.make, self.context
        by_baseline: dict[ir.Node | None, list[ir.Node]] = {}
        for each in draws:
            by_baseline.setdefault(self._baseline(cost, each), []).append(_log_density(context, cost, each.draw))
        summands = [cost]
        for baseline, logs in by_baseline.items():
            log = logs[0] if len(logs) == 1 else make(ir.Add, tuple(logs))
            score = make(ir.Add, (log, make(ir.Neg, make(ir.StopGrad, log))))
            signal = cost if baseline is None else make(ir.Add, (cost, make(ir.Neg, baseline)))
            summands.append(make(ir.Mul, (make(ir.StopGrad, signal), score)))
        out = self._like(cost, make(ir.Add, tuple(summands)))
        context.surrogates[out] = Surrogate(cost, draws, tuple(self.shares.items()))
        return out

    def _baseline(self, cost: ir.Node, scored: ScoredDraw) -> ir.Node | None:
        """What is subtracted from a cost in front of a draw's score."""
        make = self.context.arena.make
        if scored.baseline is None:
            return None
        if isinstance(scored.baseline, ir.Node):
            share = self.shares.get(scored.draw, 0.0)
            if share == 0.0:
                return None
            return scored.baseline if share == 1 else make(ir.Mul, (self.context.const(1 / share), scored.baseline))
        axis = self._others(cost, scored)
        one = self.context.const(1)
        rest = make(ir.Add, (make(ir.Reduce, "sum", axis, cost), make(ir.Neg, cost)))
        if isinstance(axis.size, int):
            return make(ir.Div, rest, self.context.const(axis.size - 1))
        size = make(ir.Hyper, axis.size) if axis.size is not None else make(ir.Size, axis)
        count = make(ir.Apply, "max", (make(ir.Add, (size, self.context.const(-1))), one))
        return make(ir.Div, rest, count)

    def _others(self, cost: ir.Node, scored: ScoredDraw) -> Axis:
        """The axis along which the other costs lie; a baseline that would depend on the draw itself is refused."""
        kind = "sample" if scored.baseline == "leave-one-out" else "batch"
        mine = [*(axis for axis in scored.draw.own if axis.kind == kind)]
        own = [*mine, *(axis for axis in scored.draw.axes if axis.kind == kind and axis not in mine)]
        mixed = _mixed_axes(self.context, cost, scored.draw)
        usable = [axis for axis in own if axis in cost.axes and axis not in mixed]
        if usable and usable[0].size != 1:
            return usable[0]
        variable = scored.draw.site.split("@")[0]
        if scored.baseline == "batch":
            message = f"no other example's cost is independent of {variable}: one draw serves several examples"
            hint = 'leave the baseline out, or take baseline="leave-one-out" with samples=2 or more'
        elif own and usable != own:
            message = f"the draws of {variable} have one cost together: there is none of each to leave one out of"
            hint = 'leave the baseline out, or take baseline="batch"'
        else:
            message = f"{variable} is drawn once: there is no other draw to take a baseline from"
            hint = f'draw it several times, samples={{"{variable}": 2}}, or take baseline="batch"'
        raise self.context.refuse("F2D-0432", message, scored.span, hint)


def _log_density(context: Context, cost: ir.Node, draw: ir.Draw) -> ir.Node:
    """``log q(z)`` at the draw, summed over the axes along which the cost depends on several draws."""
    log: ir.Node = context.arena.make(ir.LogProb, draw.law, detached(context, draw))
    mixed = _mixed_axes(context, cost, draw)
    for axis in log.axes:
        if axis not in cost.axes or axis in mixed:
            log = context.arena.make(ir.Reduce, "sum", axis, log)
    return log


def detached(context: Context, draw: ir.Draw) -> ir.Node:
    """The value of a draw without a gradient of its own."""
    pathwise = registry.family(draw.law.family).pathwise
    return context.arena.make(ir.StopGrad, draw) if pathwise else draw


def _mixed_axes(context: Context, cost: ir.Node, draw: ir.Draw) -> frozenset[Axis]:
    """The axes at one position of which the cost depends on draws at others. What has scores of other draws has the
    value of the cost that they were added to, whatever their baselines are the means of."""

    def below(node: ir.Node) -> tuple[ir.Node, ...]:
        known = context.surrogates.get(node)
        return node.children if known is None else (known.cost,)

    above: set[ir.Node] = {draw}
    mixed: set[Axis] = set()
    for node in walk(cost, below=below):
        if node is draw or above.isdisjoint(below(node)):
            continue
        if isinstance(node, ir.Enumerated):
            continue  # all values of a law, the same ones whatever the draw that the law is given
        above.add(node)
        mixed |= {axis for child in below(node) for axis in child.axes if axis not in node.axes}
        own = getattr(node, "axis", None)
        if isinstance(own, Axis):
            mixed |= {own} if own.of is None else {own, own.of}
    return frozenset(mixed)


def reaches(node: ir.Node, draw: ir.Draw) -> bool:
    return depends((node,), frozenset((draw,)))


def _reaches_any(node: ir.Node, draws: Sequence[ScoredDraw]) -> bool:
    return any(reaches(node, each.draw) for each in draws)


def _only(args: Sequence[ir.Node], draws: Sequence[ScoredDraw]) -> ir.Node | None:
    """The one factor that depends on the draws, or None if there are several."""
    found = [each for each in args if _reaches_any(each, draws)]
    return found[0] if len(found) == 1 else None
