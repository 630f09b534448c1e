r"""Sums over all paths of a finite state: ``\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.reading.names import read_name
from formula2dgm.reading.rewrite import map_children
from formula2dgm.records import dataclass
from formula2dgm.resolve.chains.factors import Factor, factors_of, step
from formula2dgm.resolve.chains.first import first_law
from formula2dgm.resolve.chains.paths import Paths, paths_of, refused, sums_ranges
from formula2dgm.resolve.context import Context, Scope
from formula2dgm.resolve.sequences.windows import in_window, lengths
from formula2dgm.resolve.values.tables import classes_of, state_key
from formula2dgm.syntax import tree

if TYPE_CHECKING:
    from formula2dgm.resolve.values.expressions import Evaluator


def over_paths(evaluate: Evaluator, node: tree.Big, scope: Scope) -> ir.Node | None:
    """The value of a sum over all paths of a state; None for any other sum."""
    paths = paths_of(node)
    if paths is None and sums_ranges(node):
        raise evaluate.context.refuse(
            "F2D-0451",
            f"the sum over {', '.join(map(str, node.binders))} is over the paths of no one state",
            node.span,
            "sum over all steps of one state, \\sum_{z_{1:T}}: of several, let one state stand for all their values",
        )
    if paths is None:
        return None
    return evaluate.make(ir.Apply, "exp", (log_of_paths(evaluate, paths, scope),))


def log_of_paths(evaluate: Evaluator, paths: Paths, scope: Scope) -> ir.Node:
    """The logarithm of a sum over all paths."""
    chain = _Chain.read(evaluate, paths, scope.under(paths.node, False))
    first = chain.first()
    moves, steps = chain.sum_of(chain.moves), chain.sum_of(chain.steps)
    if chain.time not in (*moves.axes, *steps.axes):
        raise evaluate.context.refuse(
            "F2D-0452",
            f"nothing under the sum over {paths.whole} is read at its steps: how many there are is not known",
            paths.node.span,
            "read data at each step: p(x_t|z_t)",
        )
    _refuse_other_states(evaluate.context, paths, chain, moves)
    axes = (chain.current, chain.before, chain.time)
    count = lengths(evaluate.context, chain.time)
    return evaluate.make(ir.ChainSum, first, moves, steps, *axes, count, origin=paths.node)


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain that is being evaluated.

    alone    the factors of the first state alone; moves: those of a state and the one before it; steps: all others
    earlier  the first state is one step before the data: z_0 of ``z_{0:T}``
    law      that of the first state, whose values are those of all
    """

    evaluate: Evaluator
    paths: Paths
    alone: tuple[Factor, ...]
    moves: tuple[Factor, ...]
    steps: tuple[Factor, ...]
    earlier: bool
    law: ir.Law
    current: Axis
    before: Axis
    time: Axis
    scope: Scope

    @staticmethod
    def read(evaluate: Evaluator, paths: Paths, scope: Scope) -> _Chain:
        """Read the factors, and bind the state at a step, at the step before it, and at the first step."""
        context, factors = evaluate.context, factors_of(evaluate.context, paths)
        products = [each for each in factors if each.index is not None]
        moves = tuple(each for each in products if -1 in each.offsets(paths))
        steps = tuple(each for each in products if -1 not in each.offsets(paths))
        earlier = paths.start == 0 and all(each.first == 1 for each in products)
        for each in products:
            if each.first not in (paths.start, paths.start + 1):
                raise refused(context, paths, f"the product of {each.node} does not start with the first state")
        alone, law = first_law(evaluate, paths, tuple(each for each in factors if each.index is None), moves, scope)
        at_first = -1 if earlier else 0
        name = read_name(paths.state, context.model.indices).id
        context.estimators.summed(name)
        current = scope.fresh(Axis("enumeration", name), name)
        before = scope.fresh(Axis("enumeration", f"{name}_before"))
        index = products[0].index
        assert index is not None
        time = _time(context, index, scope)
        here, there = (evaluate.make(ir.Enumerated, law, axis) for axis in (current, before))
        start = tree.Number(str(paths.start), span=paths.node.span)
        states = {
            paths.at(step(index, 0, paths.node)): here,
            paths.at(step(index, -1, paths.node)): there,
            paths.at(start): there if earlier else here,
        }
        begin = paths.at(step(index, at_first, paths.node))
        alone = tuple(replace(each, node=_rows_at(each.node, paths.at(start), begin)) for each in alone)
        inner = scope.index(index, time).bind({state_key(context, each): value for each, value in states.items()})
        return _Chain(evaluate, paths, alone, moves, steps, earlier, law, current, before, time, inner)

    def first(self) -> ir.Node:
        """What is known of the state at the first step of the data, but for ``steps``."""
        parts = [self.log(each) for each in self.alone]
        if not self.earlier:
            return self._total(parts)
        make, moves = self.evaluate.make, self.sum_of(self.moves)
        parts.append(make(ir.AtStep, moves, self.time, 1) if self.time in moves.axes else moves)
        return make(ir.Reduce, "logsumexp", self.before, self._total(parts))

    def sum_of(self, factors: Sequence[Factor]) -> ir.Node:
        """The logarithm of a product of factors at each step; 0 at the first step where the product starts later."""
        parts = []
        for each in factors:
            log = self.log(each)
            late = each in self.steps and not self.earlier and each.first > self.paths.start
            over_time = self.time in log.axes
            window = (2 if late else 1, 0)
            parts.append(in_window(self.evaluate.context, log, self.time, window) if late or over_time else log)
        return self._total(parts)

    def log(self, factor: Factor) -> ir.Node:
        log = self.evaluate.log(factor.node, self.scope)
        self.evaluate.context.arena.note(log, factor.node)
        wanted = {0: self.current, -1: self.before}
        for each in factor.offsets(self.paths):
            if wanted[each] not in log.axes:
                raise self.evaluate.context.refuse(
                    "F2D-0453",
                    f"{factor.node} is bound to what does not depend on {self.paths.state}",
                    factor.node.span,
                    "bind it to a network, or to tensors whose first dimension counts the values of the state",
                )
        return log

    def _total(self, parts: Sequence[ir.Node]) -> ir.Node:
        make = self.evaluate.make
        if not parts:
            return self.evaluate.context.const(0.0)
        return parts[0] if len(parts) == 1 else make(ir.Add, tuple(parts))


def _rows_at(node: tree.Node, state: tree.Symbol, there: tree.Symbol) -> tree.Node:
    """A factor of the first state with the rows that this chooses, ``\\pi_{z_1}``, read at a step of the chain."""
    node = map_children(node, lambda child: _rows_at(child, state, there))
    if isinstance(node, tree.Symbol):
        return replace(node, sub=tuple(there if each == state else each for each in node.sub))
    return node


def _time(context: Context, index: str, scope: Scope) -> Axis:
    """The axis of the steps: that of all sums over time, unless one of them is around this one."""
    axis = context.time.axis if context.time is not None else Axis("time", index)
    while axis in scope.indices.values():
        axis = replace(axis, name=axis.name + "'")
    return axis


def _refuse_other_states(context: Context, paths: Paths, chain: _Chain, moves: ir.Node) -> None:
    """The state has the same values at all steps."""
    for each in walk(moves):
        if not isinstance(each, ir.LogProb) or not isinstance(each.value, ir.Enumerated):
            continue
        if each.value.axis != chain.current:
            continue
        sizes = [classes_of(context, law) for law in (chain.law, each.law)]
        same_kind = (each.law.family, each.law.options) == (chain.law.family, chain.law.options)
        if not same_kind or (None not in sizes and sizes[0] != sizes[1]):
            said = f"{sizes[0]} values and {sizes[1]}" if same_kind else "values of two kinds"
            raise context.refuse(
                "F2D-0454",
                f"{chain.law.label} and {each.law.label} give {paths.state} {said}",
                paths.node.span,
                "bind both to one family with as many classes",
            )
