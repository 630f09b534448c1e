"""Default networks of steps whose entries follow one another: a recurrent layer over the entries."""

from __future__ import annotations

from formula2dgm.codegen.scaffold_parts import (
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


def write_entry_network(network: Network, scaffold: Scaffold) -> str:
    """A network that is given the entries before each, ``[n, entries]``, and gives the parameters of all entries."""
    arguments = arguments_of(scaffold)
    h = features_name(arguments)
    steady = [each for place, each in enumerate(arguments) if place in scaffold.steady]
    (before,) = (each for each in arguments if each not in steady)
    entries = before.name if before.classes else f"{before.name}.unsqueeze(2)"
    vectors = [
        entries,
        *(f"{each.name}.reshape(len({each.name}), 1, -1).expand(*{before.name}.shape[:2], -1)" for each in steady),
    ]
    width = " + ".join([str(before.classes or 1), *([width_of(steady)] if steady else [])])
    values = [
        constrained(f"self.{held(head)}({h}).reshape(*{h}.shape[:2], *self.event)", constraint)
        for head, constraint, _ in scaffold.heads
    ]
    lines = [
        *header(network, "network over the entries before each"),
        signature("__init__", [*sizes(steady), "event: tuple[int, ...]", "hidden: int"], "None"),
        "        super().__init__()",
        f"        self.body = nn.GRU({width}, hidden, batch_first=True)",
        *(
            f"        self.{held(head)} = {layer(scaffold, 'hidden', 'math.prod(event)')}"
            for head, _, _ in scaffold.heads
        ),
        "        self.event = event  # of one entry",
        "",
        signature("forward", tensors(arguments), result_type(network, scaffold)),
        *as_vectors(arguments, "self.body.weight_ih_l0"),
        f"        {h}, _ = self.body({beside(vectors, 2)})",
        *returned(network, scaffold, values),
    ]
    return "\n".join(map(broken, lines))
