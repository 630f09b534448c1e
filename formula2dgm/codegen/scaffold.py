"""Default networks, for what the user bound nothing to: one hidden layer and a head for each result."""

from __future__ import annotations

from formula2dgm.codegen.constructor import initial_value
from formula2dgm.codegen.scaffold_entries import write_entry_network
from formula2dgm.codegen.scaffold_orders import write_order_network
from formula2dgm.codegen.scaffold_parts import (
    arguments_of,
    as_vectors,
    beside,
    broken,
    class_name,
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
from formula2dgm.codegen.scaffold_sequences import write_cell, write_sequence
from formula2dgm.ir.program import Network, Parameter, Program, Scaffold


def class_of(program: Program) -> str:
    """The class that a module defines."""
    return "Distribution" if program.joint is not None else "Objective"


def write_network(network: Network, scaffold: Scaffold, smooth: bool = False) -> str:
    """The source of a default network, to be replaced by one's own; ``smooth``: the loss holds derivatives of it."""
    if scaffold.state:
        return write_cell(network, scaffold)
    if scaffold.sequence == "entries":
        return write_entry_network(network, scaffold)
    if scaffold.sequence == "order":
        return write_order_network(network, scaffold)
    if scaffold.sequence is not None:
        return write_sequence(network, scaffold)
    arguments = arguments_of(scaffold)
    h = features_name(arguments)
    activation = "nn.SiLU()" if smooth and not scaffold.spectral else "nn.ReLU()"
    vectors = [f"{each.name}.reshape(len({each.name}), -1)" for each in arguments]
    values = [
        constrained(f"self.{held(head)}({h}).reshape(-1, *self.event)", constraint)
        for head, constraint, _ in scaffold.heads
    ]
    lines = [
        *header(network, "network"),
        signature("__init__", [*sizes(arguments), "event: tuple[int, ...]", "hidden: int"], "None"),
        "        super().__init__()",
        f"        self.body = nn.Sequential({layer(scaffold, width_of(arguments), 'hidden')}, {activation})",
        *(
            f"        self.{held(head)} = {layer(scaffold, 'hidden', 'math.prod(event)')}"
            for head, _, _ in scaffold.heads
        ),
        "        self.event = event",
        "",
        signature("forward", tensors(arguments), result_type(network, scaffold)),
        *as_vectors(arguments, "self.body[0].weight"),
        f"        {h} = self.body({beside(vectors, 1) if vectors else 'self.body[0].weight.new_ones(1, 1)'})",
        *returned(network, scaffold, values),
    ]
    return "\n".join(map(broken, lines))


def write_builders(program: Program) -> str | None:
    """``default_networks``, where the module has any, and ``build``, where it has all."""
    made = [(each, each.scaffold) for each in program.networks if each.scaffold is not None]
    lines: list[str] = []
    if made:
        lines += [
            "def default_networks(shapes: Mapping[str, tuple[int, ...]], hidden: int = 128) -> dict[str, nn.Module]:",
            '    """Networks for what is bound to nothing; ``shapes`` are the event shapes of the data."""',
            "    return {",
            *(broken(_entry(program, network, scaffold)) for network, scaffold in made),
            "    }",
        ]
    if len(made) == len(program.networks) and all(each.made or each.like for each in program.parameters):
        items = ["**default_networks(shapes, hidden)"] if made else []
        items += [f"{each.name}={sized_tensor(each)}" for each in program.parameters if not each.made]
        given = ", ".join(items)
        lines += ["", ""] if lines else []
        lines += [
            f"def build(shapes: Mapping[str, tuple[int, ...]], hidden: int = 128) -> {class_of(program)}:",
            f'    """The {class_of(program).lower()} with default networks, for data of these event shapes."""',
            broken(f"    return {class_of(program)}({given})"),
        ]
    return "\n".join(lines) or None


def sized_tensor(parameter: Parameter) -> str:
    """``nn.Parameter(torch.randn((3, *shapes["x"])))``."""
    return initial_value(parameter, f'({parameter.rows}, *shapes["{parameter.like}"])')


def _entry(program: Program, network: Network, scaffold: Scaffold) -> str:
    shapes = [
        _shape(program, None, shape) if isinstance(shape, str) else _shape(program, shape, name)
        for name, shape in scaffold.inputs
    ]
    if scaffold.flow:
        if scaffold.flow == "planar":
            return f'        "{network.name}": planar_step({", ".join(shapes)}),'
        return f'        "{network.name}": coupling_flow({", ".join(shapes)}, hidden=hidden),'
    if scaffold.sequence in ("entries", "order"):
        event = scaffold.heads[0][2]
        assert event is not None
        values = shapes[:1] if scaffold.sequence == "order" else []
        shapes = values + [each for place, each in enumerate(shapes) if place in scaffold.steady]
        sized = [str(event[1:]), "hidden"]
    elif scaffold.state:
        free = [head[2] for head, place in zip(scaffold.heads, scaffold.state, strict=True) if place is None]
        sized = [_shape(program, shape, scaffold.like) for shape in free[:1]]
    else:
        sized = [_shape(program, scaffold.heads[0][2], scaffold.like), "hidden"]
    return f'        "{network.name}": {class_name(network)}({", ".join([*shapes, *sized])}),'


def _shape(program: Program, shape: tuple[int, ...] | None, name: str | None) -> str:
    """A literal shape, or where to find that of a data variable."""
    known = {each.name: each.shape for each in program.inputs}
    if name is not None and name not in known:  # x of a formula whose data are x_l and x_u
        name = next((each for each in known if each.split("_")[0] == name), name)
    shape = shape if shape is not None else known.get(name or "", shape)
    if shape is None and name in known:
        return f'shapes["{name}"]'
    return str(shape or ())
