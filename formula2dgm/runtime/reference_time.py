"""Time in the reference interpreter: other steps, carried values, whole sequences, one step after another.

A value that its next step reads is computed from the first step upwards (from the last downwards where it reads the
step after it), so that a long sequence is no deep recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.rewrite import walk
from formula2dgm.runtime.reference_networks import Given, call_network, map_tensors
from formula2dgm.runtime.reference_noise import Position, noise_at
from formula2dgm.runtime.reference_values import Value, combine, together

if TYPE_CHECKING:
    from formula2dgm.runtime.reference import Reference

OF_TIME = (
    ir.Previous,
    ir.State,
    ir.Carrying,
    ir.FirstStep,
    ir.Shifted,
    ir.AtStep,
    ir.Picked,
    ir.Window,
    ir.Running,
    ir.LinearRecurrence,
    ir.Sequence,
    ir.Steps,
    ir.Lengths,
)


def carried_by(roots: Iterable[ir.Node]) -> dict[str, ir.Draw | ir.State]:
    """What :class:`ir.Previous` reads, by its site: the draw or the state that has the same axes."""
    nodes = list(walk(*roots))
    read = {(each.site, frozenset(each.axes)) for each in nodes if isinstance(each, ir.Previous)}
    sites = [each for each in nodes if isinstance(each, ir.Draw | ir.State)]
    return {each.site: each for each in sites if (each.site, frozenset(each.axes)) in read}


def of_time(run: Reference, node: ir.Node, at: Position) -> Value:
    """The value of a node of time at a position."""
    match node:
        case ir.Previous():
            return _previous(run, node, at)
        case ir.Lengths():
            return Value(run.data["lengths"].double(), True)
        case ir.State(body) | ir.Carrying(body):
            return run(body, at)
        case ir.FirstStep(first, rest, time):
            return run(first if at[time] == 0 else rest, at)
        case ir.Shifted(body, time, by, outside):
            step = at[time] + by
            if 0 <= step < run.size(time, body, at):
                return run(body, {**at, time: step})
            return _spread(run(outside, at), run(body, {**at, time: 0 if by < 0 else at[time]}))
        case ir.AtStep(body, time, step):
            return run(body, {**at, time: step_number(step, run.size(time, body, at))})
        case ir.Picked():
            return _picked(run, node, at)
        case ir.Window(body, time, first, last):
            inner = run(body, at)
            inside = first - 1 <= at[time] < run.size(time, body, at) - last
            return inner if inside else Value(torch.zeros_like(inner.tensor), inner.batched)
        case ir.Running(op, body, time):
            parts, batched = together([run(body, {**at, time: step}) for step in range(at[time] + 1)])
            steps = torch.stack(parts)
            return Value(steps.sum(0) if op == "sum" else steps.prod(0), batched)
        case ir.LinearRecurrence(factor, rest, initial, time):
            value = run(initial, at)
            for before in range(at[time] + 1):
                there = {**at, time: before}
                terms, batched = together([run(factor, there), value, run(rest, there)])
                value = Value(terms[0] * terms[1] + terms[2], batched)
            return value
        case ir.Sequence(body, time):
            return in_a_row(run, body, time, range(run.size(time, body, at)), at)
        case ir.Steps(body, time):
            sequence = run(body, at)
            return Value(sequence.tensor.select(int(sequence.batched), at[time]), sequence.batched)
    raise NotImplementedError(type(node).__name__)


def step_number(step: int, steps: int) -> int:
    """The position of a step that is counted from 1, or from the last backwards: 0, -1, ..."""
    found = step - 1 if step > 0 else steps - 1 + step
    if not 0 <= found < steps:
        raise IndexError(f"a sequence of {steps} has no step {step}")
    return found


def kept_steps(node: ir.Reduce, positions: int) -> range:
    """The positions that a reduction is over: those of the window right under it, or all."""
    body = node.body
    if isinstance(body, ir.Window) and body.time == node.axis:
        return range(body.first - 1, positions - body.last)
    return range(positions)


def in_a_row(run: Reference, body: ir.Node, time: Axis, steps: Sequence[int], at: Position) -> Value:
    """Some steps of a value as one, time the first dimension of its event."""
    parts, batched = together([run(body, {**at, time: step}) for step in steps])
    return Value(torch.stack(parts, int(batched)), batched)


def _picked(run: Reference, node: ir.Picked, at: Position) -> Value:
    """The value of each example at its own step."""
    steps = run(node.position, at)
    batched = steps.batched
    batched_value = batched
    rows = []
    for example, step in enumerate(steps.tensor.tolist() if batched else [steps.tensor.item()]):
        if step != int(step) or not 1 <= step <= run.size(node.time, node.body, at):
            raise IndexError(f"a sequence has no step {step}")
        value = run(node.body, {**at, node.time: int(step) - 1})
        rows.append(value.tensor[example] if batched and value.batched else value.tensor)
        batched_value = batched or value.batched
    return Value(torch.stack(rows) if batched else rows[0], batched_value)


# -- carried values ------------------------------------------------------------------------------------


def _previous(run: Reference, node: ir.Previous, at: Position) -> Value:
    """The value of another step, all steps before that one in the order of computation first."""
    source, time = run.carried[node.site], node.time
    step, steps = at[time] - node.lag, run.size(node.time, run.carried[node.site], at)
    if not 0 <= step < steps:
        return _initial(run, node, source, at)
    back = 1 if node.lag > 0 else -1
    unknown, each = [], step
    while 0 <= each < steps and run.key(source, {**at, time: each}) not in run.memo:
        unknown.append(each)
        each -= back
    for each in reversed(unknown):
        run(source, {**at, time: each})
    return run(source, {**at, time: step})


def _initial(run: Reference, node: ir.Previous, source: ir.Draw | ir.State, at: Position) -> Value:
    """The value where there is no such step; a number fills the event, where something says its shape."""
    initial = run(node.initial, at)
    if isinstance(source, ir.Draw):
        return _spread(initial, noise_at(source, run.noise[source.site], {**at, node.time: 0}))
    if source.shape is None:
        return _sized_by_first(run, node, source, initial, at)
    return _spread(initial, Value(torch.zeros(source.shape, dtype=torch.float64), False))


def _sized_by_first(run: Reference, node: ir.Previous, source: ir.State, initial: Value, at: Position) -> Value:
    """The start of a state whose shape nothing says: over the event of its first value, which may be read as a number
    on the way."""
    if source.site in run.sizing:
        return initial
    run.sizing.add(source.site)
    try:
        first = 0 if node.lag > 0 else run.size(node.time, source, at) - 1
        return _spread(initial, run(source, {**at, node.time: first}))
    finally:
        run.sizing.discard(source.site)


def _spread(value: Value, like: Value) -> Value:
    """A value over the event of another; whole numbers stay whole."""
    spread = combine(torch.add, Value(torch.zeros_like(like.tensor), like.batched), value)
    return spread if like.tensor.is_floating_point() else Value(spread.tensor.to(like.tensor.dtype), spread.batched)


# -- networks ------------------------------------------------------------------------------------------


def called(run: Reference, call: ir.NetCall, at: Position) -> tuple[object, bool]:
    """What a network returns of the arguments of a call, and whether that has a batch."""
    network = next(each for each in run.program.called if each.name == call.network)
    module, told = run.networks[call.network], _place_of_lengths(call)
    return _with_times(run, call, at, lambda args: call_network(module, network, args, call.frozen, call.method, told))


def _place_of_lengths(call: ir.NetCall) -> int | None:
    """The place of the first argument of a network that is a sequence with a length of its own."""
    places = (i for i, each in enumerate(call.args) if isinstance(each, ir.Sequence | ir.Prefix) and each.lengths)
    return next(places, None)


def _with_times(
    run: Reference, call: ir.NetCall, at: Position, network: Callable[[Sequence[Given]], tuple[object, bool]]
) -> tuple[object, bool]:
    """What a network returns. Given a prefix of a sequence, it is called on that prefix alone, and the last of its
    steps is the result; on a suffix, the first. Whatever else is given to such a call has as many steps: its own, but
    for what is computed from the result, which has the present one at all of them."""
    prefix = next((each for each in call.args if isinstance(each, ir.Prefix)), None)
    if prefix is None:
        return network([given(run, each, at) for each in call.args])
    time, backward = prefix.time, prefix.backward
    assert all((each.time, each.backward) == (time, backward) for each in call.args if isinstance(each, ir.Prefix))
    steps = range(at[time], run.size(time, prefix.body, at)) if backward else range(at[time] + 1)
    rows = []
    for each in call.args:
        known = isinstance(each, ir.Prefix) or not _needs(run, each, call, backward)
        body = each.body if isinstance(each, ir.Prefix) else each
        rows.append(in_a_row(run, body, time, steps if known else [at[time]] * len(steps), at))
    output, batched = network(rows)
    return _at_one_step(output, len(steps), backward, int(batched)), batched


def _needs(run: Reference, node: ir.Node, call: ir.NetCall, later: bool) -> bool:
    """Is a value of a later (else: an earlier) step computed from the result of a call at the present one?"""

    seen, waiting = {node}, [node]
    while waiting:
        each = waiting.pop()
        below = list(each.children)
        if isinstance(each, ir.Previous) and (each.lag > 0) == later:
            below.append(run.carried[each.site])
        waiting += [found for found in below if found not in seen]
        seen.update(below)
    return call in seen


def given(run: Reference, node: ir.Node, at: Position) -> Given:
    """The value of a network's argument: several values where it is a tuple."""
    if isinstance(node, ir.Pair):
        return tuple(run(each, at) for each in node.parts)
    return run(node, at)


def _at_one_step(output: object, steps: int, first: bool, dim: int) -> object:
    """The first or the last step of each output that has steps: the final state of a recurrent network has none."""

    def chosen(tensor: Tensor) -> Tensor:
        has_steps = tensor.dim() > dim and tensor.shape[dim] == steps
        return tensor.select(dim, 0 if first else steps - 1) if has_steps else tensor

    return map_tensors(output, chosen)
