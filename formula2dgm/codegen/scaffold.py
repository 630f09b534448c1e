"""Default networks, for what the user bound nothing to: one hidden layer and a head for each result."""

from __future__ import annotations

from formula2dgm.codegen.constructor import initial_value
from formula2dgm.codegen.names import Names, is_free
from formula2dgm.codegen.python import WIDTH
from formula2dgm.ir.program import Network, Parameter, Program, Scaffold
from formula2dgm.reading.attributes import attribute


def class_name(network: Network) -> str:
    """``q_z_given_x`` is an instance of ``QZGivenX``."""
    name = "".join(part[:1].upper() + part[1:] for part in network.name.split("_"))
    return name if is_free(name) else f"{name}Network"


def class_of(program: Program) -> str:
    """The class that a module defines."""
    return "Distribution" if program.joint is not None else "Objective"


def write_network(network: Network, scaffold: Scaffold) -> str:
    """The source of a default network, to be replaced by one's own."""
    names = Names(frozenset({"hidden", "event", "h"}))
    inputs = [names.fresh(name) for name, _ in scaffold.inputs]
    shapes = [f"{name}: tuple[int, ...]" for name in inputs]
    classes = dict(scaffold.classes)
    counts = [classes.get(name) for name, _ in scaffold.inputs]
    widths = [f"math.prod({name})" + (f" * {n}" if n else "") for name, n in zip(inputs, counts, strict=True)]
    width = " + ".join(widths) or "1"
    arguments = ["self", *shapes, "event: tuple[int, ...]", "hidden: int"]
    forward = ["self", *(f"{name}: Tensor" for name in inputs)]
    lines = [
        f"class {class_name(network)}(nn.Module):",
        f'    """A default network for {network.label}: replace it by your own."""',
        "",
        f"    def __init__({', '.join(arguments)}) -> None:",
        "        super().__init__()",
        f"        self.body = nn.Sequential({_layer(scaffold, width, 'hidden')}, nn.ReLU())",
        *(
            f"        self.{_held(head)} = {_layer(scaffold, 'hidden', 'math.prod(event)')}"
            for head, _, _ in scaffold.heads
        ),
        "        self.event = event",
        "",
        f"    def forward({', '.join(forward)}) -> {'Tensor' if len(scaffold.heads) == 1 else 'dict[str, Tensor]'}:",
        *(_one_hot(name, n) for name, n in zip(inputs, counts, strict=True) if n),
        f"        h = self.body({_joined(inputs)})",
        *_results(scaffold),
    ]
    return "\n".join(_broken(line) for line in lines)


def _layer(scaffold: Scaffold, width: str, out: str) -> str:
    """A linear layer, its weights divided by their spectral norm where the network is to be 1-Lipschitz."""
    layer = f"nn.Linear({width}, {out})"
    return f"nn.utils.parametrizations.spectral_norm({layer})" if scaffold.spectral else layer


def _held(head: str) -> str:
    """The attribute of a head, beside what the network has for itself."""
    return f"{head}_head" if head in ("body", "event") else attribute(head, "head")


def write_builders(program: Program) -> str | None:
    """``default_networks``, where the module has any, and ``build``, where it has all."""
    made = [(each, each.scaffold) for each in program.networks if each.scaffold is not None]
    lines: list[str] = []
    if made:
        lines += [
            "def default_networks(shapes: Mapping[str, tuple[int, ...]], hidden: int = 128) -> dict[str, nn.Module]:",
            '    """Networks for what is bound to nothing; ``shapes`` are the event shapes of the data."""',
            "    return {",
            *(_broken(_entry(program, network, scaffold)) for network, scaffold in made),
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
            _broken(f"    return {class_of(program)}({given})"),
        ]
    return "\n".join(lines) or None


def sized_tensor(parameter: Parameter) -> str:
    """``nn.Parameter(torch.randn((3, *shapes["x"])))``."""
    return initial_value(parameter, f'({parameter.rows}, *shapes["{parameter.like}"])')


def _entry(program: Program, network: Network, scaffold: Scaffold) -> str:
    shapes = [_shape(program, shape, name) for name, shape in scaffold.inputs]
    if scaffold.flow:
        return f'        "{network.name}": coupling_flow({", ".join(shapes)}, hidden=hidden),'
    event = _shape(program, scaffold.heads[0][2], scaffold.like)
    return f'        "{network.name}": {class_name(network)}({", ".join([*shapes, event, "hidden"])}),'


def _shape(program: Program, shape: tuple[int, ...] | None, name: str | None) -> str:
    """A literal shape, or where to find that of a data variable."""
    known = {each.name: each.shape for each in program.inputs}
    if name is not None and name not in known:  # x of a formula whose data are x_l and x_u
        name = next((each for each in known if each.split("_")[0] == name), name)
    shape = shape if shape is not None else known.get(name or "", shape)
    if shape is None and name in known:
        return f'shapes["{name}"]'
    return str(shape or ())


def _one_hot(name: str, classes: int) -> str:
    return f"        {name} = nn.functional.one_hot({name}.long(), {classes}).to(self.body[0].weight.dtype)"


def _joined(inputs: list[str]) -> str:
    flat = [f"{name}.reshape(len({name}), -1)" for name in inputs]
    if not flat:
        return "self.body[0].weight.new_ones(1, 1)"
    return flat[0] if len(flat) == 1 else f"torch.cat([{', '.join(flat)}], dim=1)"


def _results(scaffold: Scaffold) -> list[str]:
    """The heads' values within their constraints, in the event's shape."""
    results = []
    for head, constraint, _ in scaffold.heads:
        value = f"self.{_held(head)}(h).reshape(-1, *self.event)"
        if constraint == "positive":
            value = f"nn.functional.softplus({value}) + 1e-4"
        elif constraint == "unit":
            value = f"torch.sigmoid({value})"
        results.append((head, value))
    if len(results) == 1:
        return [f"        return {results[0][1]}"]
    return ["        return {", *(f'            "{head}": {value},' for head, value in results), "        }"]


def _broken(line: str) -> str:
    """A call that is too long for a line, its arguments on one of their own."""
    if len(line) <= WIDTH:
        return line
    head, _, rest = line.partition("(")
    margin = " " * (len(line) - len(line.lstrip()))
    inside, _, tail = rest.rpartition(")")
    return f"{head}(\n{margin}    {inside}\n{margin}){tail}"
