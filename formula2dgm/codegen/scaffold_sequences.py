"""Default networks of sequences: recurrent layers over all steps, and one step of a recurrence."""

from __future__ import annotations

from formula2dgm.codegen.scaffold_parts import (
    Argument,
    arguments_of,
    as_vectors,
    beside,
    broken,
    constrained,
    features_name,
    header,
    held,
    layer,
    result_type,
    returned,
    signature,
    sizes,
    tensors,
    width_of,
)
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.records import dataclass

_KIND = {
    "both": "network over a whole sequence",
    "forward": "network over the steps so far",
    "backward": "network over the steps to come",
    "summary": "summary of a sequence",
}


# -- all steps at once ---------------------------------------------------------------------------------


def write_sequence(network: Network, scaffold: Scaffold) -> str:
    """A network that is called once with whole sequences."""
    assert scaffold.sequence is not None
    arguments = arguments_of(scaffold)
    h = features_name(arguments)
    steady = [each for place, each in enumerate(arguments) if place in scaffold.steady]
    moving = [each for each in arguments if each not in steady]
    both, summary = scaffold.sequence in ("both", "summary"), scaffold.sequence == "summary"
    read = moving if summary else arguments
    width = f"{'2 * ' if both else ''}hidden"
    direction = ", bidirectional=True" if both else ""
    told = ["lengths: Tensor"] if scaffold.ragged and scaffold.sequence != "forward" else []
    lines = header(network, _KIND[scaffold.sequence])
    lines += [
        signature("__init__", [*sizes(arguments), "event: tuple[int, ...]", "hidden: int"], "None"),
        "        super().__init__()",
        f"        self.body = nn.GRU({width_of(read)}, hidden, batch_first=True{direction})",
    ]
    if summary and steady:
        lines.append(f"        self.joint = nn.Sequential(nn.Linear({width} + {width_of(steady)}, hidden), nn.ReLU())")
        width = "hidden"
    lines += [
        f"        self.{held(head)} = {layer(scaffold, width, 'math.prod(event)')}" for head, _, _ in scaffold.heads
    ]
    lines += [
        "        self.event = event",
        "",
        signature("forward", [*tensors(arguments), *told], result_type(network, scaffold)),
        *as_vectors(arguments, "self.body.weight_ih_l0"),
        *(
            _summary(h, moving, steady, bool(told))
            if summary
            else _steps(h, scaffold.sequence, moving, steady, bool(told))
        ),
    ]
    lead = "-1" if summary else f"*{h}.shape[:2]"
    values = [
        constrained(f"self.{held(head)}({h}).reshape({lead}, *self.event)", constraint)
        for head, constraint, _ in scaffold.heads
    ]
    return "\n".join(broken(line) for line in [*lines, *returned(network, scaffold, values)])


def _steps(h: str, direction: str, moving: list[Argument], steady: list[Argument], ragged: bool) -> list[str]:
    """The recurrent layer's value at every step."""
    first, vectors = moving[0].name, [_of_steps(each) for each in moving]
    vectors += [f"{each.name}.reshape(len({each.name}), 1, -1).expand(-1, {first}.shape[1], -1)" for each in steady]
    inputs = beside(vectors, 2)
    if direction == "forward" or (direction == "both" and not ragged):
        return [f"        {h}, _ = self.body({inputs})"]
    if direction == "both":
        back = f"        {h}, _ = nn.utils.rnn.pad_packed_sequence({h}, True, total_length={first}.shape[1])"
        return [*_packed(inputs), f"        {h}, _ = self.body(packed)", back]
    if not ragged:
        return [f"        {h}, _ = self.body({inputs}.flip(1))", f"        {h} = {h}.flip(1)"]
    return [
        f"        steps = torch.arange({first}.shape[1], device={first}.device)",
        f"        rows = torch.arange(len({first}), device={first}.device)[:, None]",
        "        order = (lengths[:, None] - 1 - steps) % len(steps)  # from the last step back, then the padding",
        f"        {h}, _ = self.body({inputs}[rows, order])",
        f"        {h} = {h}[rows, order]",
    ]


def _summary(h: str, moving: list[Argument], steady: list[Argument], ragged: bool) -> list[str]:
    """What the recurrent layer ends at in either direction, beside what has no steps."""
    inputs = beside([_of_steps(each) for each in moving], 2)
    lines = _packed(inputs) if ragged else []
    lines.append(f"        _, last = self.body({'packed' if ragged else inputs})")
    if not steady:
        return [*lines, f"        {h} = torch.cat([last[0], last[1]], dim=1)"]
    return [*lines, f"        {h} = self.joint(torch.cat([last[0], last[1], {', '.join(map(_flat, steady))}], dim=1))"]


def _packed(inputs: str) -> list[str]:
    """``packed``: sequences without their padding."""
    pack = "nn.utils.rnn.pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)"
    return [f"        inputs = {inputs}", f"        packed = {pack}"]


def _of_steps(each: Argument) -> str:
    return f"{each.name}.reshape(*{each.name}.shape[:2], -1)"


def _flat(each: Argument) -> str:
    return f"{each.name}.reshape(len({each.name}), -1)"


# -- one step ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """How the state is computed: the size and the kind of the cell, the statements of a step, what heads read."""

    size: str
    kind: str
    step: list[str]
    read: str


def write_cell(network: Network, scaffold: Scaffold) -> str:
    """One step of a recurrence: a GRU cell, or an LSTM cell where two vectors of one size are carried."""
    arguments = arguments_of(scaffold)
    carried = [arguments[place] for place in scaffold.state if place is not None]
    others = [each for each in arguments if each not in carried]
    inputs = beside([*map(_flat, others)], 1) if others else f"{carried[0].name}.new_ones(len({carried[0].name}), 1)"
    cell = _cell([scaffold.inputs[place][1] for place in scaffold.state if place is not None], carried, inputs)
    outputs = list(zip(scaffold.heads, scaffold.state, strict=True))
    free = [head for (head, _, _), place in outputs if place is None]
    values = [
        constrained(f"self.{held(head)}({cell.read}).reshape(-1, *self.event)", constraint)
        if place is None
        else arguments[place].name
        for (head, constraint, _), place in outputs
    ]
    lines = [
        *header(network, "step of the recurrence"),
        signature("__init__", [*sizes(arguments), *(["event: tuple[int, ...]"] if free else [])], "None"),
        "        super().__init__()",
        f"        self.cell = nn.{cell.kind}({width_of(others)}, {cell.size})",
        *(f"        self.{held(head)} = nn.Linear({cell.size}, math.prod(event))" for head in free),
        *(["        self.event = event"] if free else []),
        "",
        signature("forward", tensors(arguments), result_type(network, scaffold)),
        *as_vectors(others, "self.cell.weight_ih"),
        *_ended(cell.step, returned(network, scaffold, values)),
    ]
    return "\n".join(map(broken, lines))


def _ended(step: list[str], last: list[str]) -> list[str]:
    """The statements of a step and its return, which gives at once what the last of them would name."""
    name, _, value = step[-1].strip().partition(" = ")
    return [*step[:-1], f"        return {value}"] if last == [f"        return {name}"] else [*step, *last]


def _cell(shapes: list[tuple[int, ...] | str | None], carried: list[Argument], inputs: str) -> _Cell:
    names = [each.name for each in carried]
    if all(isinstance(shape, tuple) and len(shape) == 1 for shape in shapes):
        if len(names) == 1:
            return _Cell(
                carried[0].width, "GRUCell", [f"        {names[0]} = self.cell({inputs}, {names[0]})"], names[0]
            )
        if len(names) == 2 and shapes[0] == shapes[1]:
            both = ", ".join(names)
            return _Cell(carried[0].width, "LSTMCell", [f"        {both} = self.cell({inputs}, ({both}))"], names[0])
    step = [f"        state = self.cell({inputs}, {beside([*map(_flat, carried)], 1)})"]
    if len(names) == 1:
        step.append(f"        {names[0]} = state.reshape({names[0]}.shape)")
    else:
        parts = ", ".join(f"{each}[0].numel()" for each in names)
        step.append(f"        parts = state.split([{parts}], dim=1)")
        step += [f"        {each} = parts[{place}].reshape({each}.shape)" for place, each in enumerate(names)]
    return _Cell(width_of(carried), "GRUCell", step, "state")
