"""Default networks that read the entries of a vector in an order: for each entry those that come before it."""

from __future__ import annotations

from formula2dgm.codegen.scaffold_parts import (
    arguments_of,
    as_vectors,
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


def write_order_network(network: Network, scaffold: Scaffold) -> str:
    """A network that is given all entries and numbers that order them, both ``[n, entries]``, and gives the parameters
    of all entries: of each by the sum of what it makes of those before."""
    arguments = arguments_of(scaffold)
    h = features_name(arguments)
    steady = [each for place, each in enumerate(arguments) if place in scaffold.steady]
    values, order = (each for each in arguments if each not in steady)
    entries = values.name if values.classes else f"{values.name}.unsqueeze(2)"
    vectors = ["read", "places.expand_as(read)"]
    vectors += [f"{each.name}.reshape(len({each.name}), 1, -1).expand(*read.shape[:2], -1)" for each in steady]
    width = " + ".join(["2 * hidden", *([width_of(steady)] if steady else [])])
    results = [
        constrained(f"self.{held(head)}({h}).reshape(*{h}.shape[:2], *self.event)", constraint)
        for head, constraint, _ in scaffold.heads
    ]
    lines = [
        *header(network, "network over the entries before each in an order"),
        signature("__init__", [*sizes([values, *steady]), "event: tuple[int, ...]", "hidden: int"], "None"),
        "        super().__init__()",
        f"        self.places = nn.Parameter(torch.randn(math.prod({values.name}), hidden))",
        f"        self.value = nn.Linear({values.classes or 1}, hidden)",
        f"        self.body = nn.Sequential(nn.Linear({width}, hidden), nn.ReLU())",
        *(
            f"        self.{held(head)} = {layer(scaffold, 'hidden', 'math.prod(event)')}"
            for head, _, _ in scaffold.heads
        ),
        "        self.event = event  # of one entry",
        "",
        signature("forward", tensors(arguments), result_type(network, scaffold)),
        *as_vectors([each for each in arguments if each is not order], "self.value.weight"),
        "        places = self.places",
        f"        before = {order.name}.unsqueeze(1) < {order.name}.unsqueeze(2)  # [n, entry, those before it]",
        f"        read = before.to(places.dtype) @ torch.relu(self.value({entries}) + places) / len(places)",
        f"        {h} = self.body(torch.cat([{', '.join(vectors)}], dim=2))",
        *returned(network, scaffold, results),
    ]
    return "\n".join(map(broken, lines))
