"""Default networks of sequences and of recurrences: which one a call asks for."""

from __future__ import annotations

from typing import Literal

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.reading.attributes import attribute
from formula2dgm.reading.names import Name, identifier, plain, read_name
from formula2dgm.records import dataclass
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.scaffold.ranges import positive_for
from formula2dgm.resolve.scaffold.sizes import (
    STATE_SHAPE,
    classes_of,
    data_beside,
    input_name,
    inputs_of,
    recurrent_shape,
    state_shape,
    whole_numbers,
)
from formula2dgm.resolve.sequences.carried_arguments import carried_places, defined_here, defines_whole, flattened
from formula2dgm.resolve.statements.meeting import Part
from formula2dgm.syntax import tree

_MADE = {
    "both": "a bidirectional GRU over all steps",
    "forward": "a GRU over the steps so far",
    "backward": "a GRU over the steps to come, run from the last one",
    "summary": "a bidirectional GRU, of which the last state of each direction is taken",
}


@dataclass(frozen=True, slots=True)
class OverTime:
    """How a default network reads the sequences that it is given; see :class:`formula2dgm.ir.program.Scaffold`."""

    sequence: Literal["both", "forward", "backward", "summary"] | None = None
    steady: tuple[int, ...] = ()
    ragged: bool = False


def over_time(context: Context, args: tuple[ir.Node, ...], call: tree.Node, whole: bool = False) -> OverTime:
    """What the arguments of a call ask for; ``whole``: its result has all steps, as in ``b_{1:T} = f(x_{1:T})``."""
    directions = {each.backward for each in args if isinstance(each, ir.Prefix)}
    if len(directions) > 1:
        raise context.refuse(
            "F2D-0640",
            "one default network cannot read the steps so far and the steps to come",
            call.span,
            "give it x_{1:T}, or a network for each: f(x_{\\le t}) and b(x_{t:T})",
        )
    ragged = any(isinstance(each, ir.Sequence | ir.Prefix) and each.lengths is not None for each in args)
    if directions:
        return OverTime("backward" if directions.pop() else "forward", (), ragged)
    if not any(isinstance(each, ir.Sequence) for each in args):
        return OverTime()
    steady = tuple(place for place, each in enumerate(args) if not isinstance(each, ir.Sequence))
    return OverTime("both" if whole else "summary", steady, ragged)


def coded(
    context: Context,
    label: str,
    variable: Name,
    group: str | None,
    written: tuple[tree.Node, ...],
    given: tuple[ir.Node, ...],
) -> tuple[tuple[ir.Node, ...], dict[int, str]]:
    """What the default network of a density is given, and the names of those inputs that are codes of sequences.

    ``q(z_t|z_{t-1}, x_{t:T})`` is given b_t, where b_{1:T} is what one call of a recurrent network makes of x: each
    step of z reads it, and the sequence is gone through once.
    """
    time = context.time
    sequences = [place for place, each in enumerate(given) if isinstance(each, ir.Sequence | ir.Prefix)]
    if time is None or not sequences or not any(plain(each) in time.indices for each in variable.index):
        return given, {}
    if len({each.backward if isinstance(each, ir.Prefix) else None for each in given}) == 1 and _is_prefix(given[0]):
        return given, {}  # nothing but the steps so far: one network reads them and makes the parameters
    nodes, names = list(given), {}
    for place in sequences:
        argument, own = given[place], input_name(written[place], place)
        reads = over_time(context, (argument,), written[place], whole=True)
        inputs = inputs_of(context, label, (written[place],), (argument,))
        scaffold = Scaffold(
            inputs,
            (("code", "real", STATE_SHAPE),),
            classes=classes_of(context, inputs, (written[place],)),
            sequence=reads.sequence,
            ragged=reads.ragged,
        )
        owned = f"{identifier(label)}_code_of_{identifier(own)}"
        title = f"the code of {written[place]} in {label}"
        context.default_network(Network(owned, title, (inputs[0][0],), False, group, scaffold), written[place])
        context.assume(
            f"{label} reads {written[place]} by {_MADE[reads.sequence or 'both']}, {STATE_SHAPE[0]} numbers a step",
            written[place].span,
        )
        code: ir.Node = context.arena.make(ir.Head, context.call(owned, (argument,)), None, "code")
        if isinstance(argument, ir.Sequence):
            code = context.arena.make(ir.Steps, code, argument.time)
        nodes[place] = context.arena.entitle(code, f"{written[place]} code")
        names[place] = f"{own}_code"
    return tuple(nodes), names


def _is_prefix(node: ir.Node) -> bool:
    return isinstance(node, ir.Prefix)


def scaffold_over_time(context: Context, name: Name, call: tree.Call, args: tuple[ir.Node, ...]) -> ir.Node | None:
    """A network over a sequence or one step of a recurrence that stands by itself; None for any other call."""
    written, nodes = flattened(call.args, args)
    places = carried_places(context, nodes)
    if any(place is not None for place in places) and not _is_differentiated(context, name):
        return _cell(context, name, call, written, nodes, places)
    reads = over_time(context, nodes, call, defines_whole(context))
    if reads.sequence is None:
        return None
    key = next(iter(defined_here(context)), None)
    shape = recurrent_shape(context, name.full, key)
    like = _like(context, name.full, key) if shape is None else None
    inputs = inputs_of(context, name.full, written, nodes)
    kind: Literal["positive", "real"] = "positive" if positive_for(context, name.full) else "real"
    classes = classes_of(context, inputs, written)
    heads = ((name.full, kind, shape),)
    scaffold = Scaffold(inputs, heads, like, classes, sequence=reads.sequence, steady=reads.steady, ragged=reads.ragged)
    context.assume(f"{name.full} is {_MADE[reads.sequence]}", call.span)
    return context.arena.make(ir.Head, _enter(context, name, scaffold, nodes, call), None, name.full, origin=call)


def _is_differentiated(context: Context, name: Name) -> bool:
    """Does a definition read a gradient of the network, an energy's, and so no state that it makes?"""
    bodies = (each.body for each in context.model.definitions.values())
    gradients = (each for body in bodies for each in body.walk() if getattr(each, "name", "") == "grad")
    calls = (each for gradient in gradients for each in gradient.all(tree.Call))
    heads = (each.head for each in calls if isinstance(each.head, tree.Symbol))
    return any(read_name(each, context.model.indices, head=True) == name for each in heads)


def _cell(
    context: Context,
    name: Name,
    call: tree.Call,
    written: tuple[tree.Node, ...],
    nodes: tuple[ir.Node, ...],
    places: tuple[int | None, ...],
) -> ir.Node:
    keys = defined_here(context)
    heads = tuple((key, "real", state_shape(context, key)) for key in keys)
    inputs = list(inputs_of(context, name.full, written, nodes))
    for place, (key, _, shape) in zip(places, heads, strict=True):
        if place is not None:
            inputs[place] = (key, shape)
    like = next((_like(context, name.full, key) for key, _, shape in heads if shape is None), None)
    others = [None if place in places else each for place, each in enumerate(written)]
    classes, whole = classes_of(context, tuple(inputs), others), whole_numbers(inputs, nodes)
    scaffold = Scaffold(tuple(inputs), heads, like, classes, whole, state=places)  # type: ignore[arg-type]
    kind = "an LSTM cell" if is_lstm(scaffold) else "a GRU cell"
    context.assume(f"{name.full} is {kind}", call.span)
    made = _enter(context, name, scaffold, nodes, call)
    return context.arena.make(ir.Head, made, None, name.full if len(keys) == 1 else None, origin=call)


def is_lstm(scaffold: Scaffold) -> bool:
    """Are two vectors of one size carried?"""
    shapes = [scaffold.inputs[place][1] for place in scaffold.state if place is not None]
    return len(shapes) == 2 and shapes[0] == shapes[1] and isinstance(shapes[0], tuple) and len(shapes[0]) == 1


def _like(context: Context, network: str, key: str | None) -> str | None:
    found = data_beside(context, Part("result", network))
    return found or (data_beside(context, Part("variable", key)) if key is not None else None)


def _enter(context: Context, name: Name, scaffold: Scaffold, nodes: tuple[ir.Node, ...], call: tree.Node) -> ir.NetCall:
    owned, group = attribute(name.full), name.group[0] if name.group else None
    inputs = tuple(each for each, _ in scaffold.inputs)
    network = Network(owned, name.full, inputs, False, group, scaffold, outputs=len(scaffold.heads))
    context.default_network(network, call)
    return context.call(owned, nodes, origin=call)
