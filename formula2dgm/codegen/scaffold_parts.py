"""What all default networks are written of: their inputs as vectors side by side, a head for each result."""

from __future__ import annotations

from formula2dgm.codegen.names import Names, is_free
from formula2dgm.codegen.python import WIDTH
from formula2dgm.ir.program import Network, Scaffold
from formula2dgm.reading.attributes import attribute
from formula2dgm.records import dataclass

#: What default networks call values of their own.
OWN = frozenset({"hidden", "event", "last", "state", "parts", "inputs", "lengths", "packed", "steps", "rows", "order"})


#: What a training script calls classes and constants of its own, and what it imports: no class of a default network.
OF_SCRIPTS = frozenset(
    "Any AveragedModel BinaryIO Board COLOURS COUPLED Callable Collect Collection Colour Config DATA Diverged FORMULA "
    "FREE FROM_0 FrameType GLYPHS HELD Iterator KEPT MOVING Mapping NAMED NamedTuple Path Plot Points RANGES RANK "
    "RATES Run STEPS UsageError Variable WORLD".split()
)


def class_name(network: Network) -> str:
    """``q_z_given_x`` is an instance of ``QZGivenX``."""
    name = "".join(part[:1].upper() + part[1:] for part in network.name.split("_"))
    return name if is_free(name) and name not in OF_SCRIPTS else f"{name}Network"


#: How many numbers a default network makes of the number of a step.
STEP_FEATURES = 16


@dataclass(frozen=True, slots=True)
class Argument:
    """An input of a default network: the argument's name, the number of categories of what is taken one-hot, and
    ``whole``: is it a whole number?"""

    name: str
    classes: int | None
    whole: bool = False

    @property
    def width(self) -> str:
        """How many numbers it has."""
        each = self.classes or (STEP_FEATURES if self.whole else None)
        return f"math.prod({self.name})" + (f" * {each}" if each else "")


def arguments_of(scaffold: Scaffold) -> list[Argument]:
    """The inputs, each under a name of its own."""
    names, classes = Names(OWN), dict(scaffold.classes)
    return [Argument(names.fresh(name), classes.get(name), name in scaffold.whole) for name, _ in scaffold.inputs]


def features_name(arguments: list[Argument]) -> str:
    """What the value in front of the heads is called: ``h``, but beside an input of that name."""
    return "features" if any(each.name == "h" for each in arguments) else "h"


def header(network: Network, what: str) -> list[str]:
    """The first lines of a class."""
    return [
        f"class {class_name(network)}(nn.Module):",
        f'    """A default {what} for {network.label}: replace it by your own."""',
        "",
    ]


def signature(name: str, arguments: list[str], returns: str) -> str:
    """``def name(self, arguments) -> returns:``."""
    return f"    def {name}({', '.join(['self', *arguments])}) -> {returns}:"


def sizes(arguments: list[Argument]) -> list[str]:
    """The arguments of a constructor: the event shape of each input."""
    return [f"{each.name}: tuple[int, ...]" for each in arguments]


def tensors(arguments: list[Argument]) -> list[str]:
    """The arguments of ``forward``."""
    return [f"{each.name}: Tensor" for each in arguments]


def width_of(arguments: list[Argument]) -> str:
    """How many numbers the inputs have side by side; a constant stands in for none."""
    return " + ".join(each.width for each in arguments) or "1"


def as_vectors(arguments: list[Argument], weight: str) -> list[str]:
    """Categories in one-hot and the waves of whole numbers, in the dtype of a weight."""
    return [
        f"        {each.name} = nn.functional.one_hot({each.name}.long(), {each.classes}).to({weight}.dtype)"
        if each.classes
        else f"        {each.name} = step_features({each.name}.to({weight}.dtype))"
        for each in arguments
        if each.classes or each.whole
    ]


def beside(vectors: list[str], dim: int) -> str:
    """Tensors side by side."""
    return vectors[0] if len(vectors) == 1 else f"torch.cat([{', '.join(vectors)}], dim={dim})"


def layer(scaffold: Scaffold, width: str, out: str) -> str:
    """A linear layer, its weights divided by their spectral norm where the network is to be 1-Lipschitz."""
    made = f"nn.Linear({width}, {out})"
    return f"nn.utils.parametrizations.spectral_norm({made})" if scaffold.spectral else made


def held(head: str) -> str:
    """The attribute of a head, beside what the network has for itself."""
    return f"{head}_head" if head in ("body", "cell", "event", "joint") else attribute(head, "head")


def constrained(value: str, constraint: str) -> str:
    """A head's value within its constraint."""
    if constraint == "positive":
        return f"nn.functional.softplus({value}) + 1e-4"
    return f"torch.sigmoid({value})" if constraint == "unit" else value


def result_type(network: Network, scaffold: Scaffold) -> str:
    """The type of what the network returns: a tuple where the formula numbers its results, else a dict by name."""
    if len(scaffold.heads) == 1:
        return "Tensor"
    return f"tuple[{', '.join(['Tensor'] * len(scaffold.heads))}]" if network.outputs > 1 else "dict[str, Tensor]"


def returned(network: Network, scaffold: Scaffold, values: list[str]) -> list[str]:
    """The statement that returns the values of the heads."""
    if len(values) == 1:
        return [f"        return {values[0]}"]
    if network.outputs > 1:
        line = f"        return {', '.join(values)}"
        return (
            [line]
            if len(line) <= WIDTH
            else ["        return (", *(f"            {each}," for each in values), "        )"]
        )
    lines = [f'            "{head}": {value},' for (head, _, _), value in zip(scaffold.heads, values, strict=True)]
    return ["        return {", *lines, "        }"]


def broken(line: str) -> str:
    """A call or a list that is too long for a line: its items on one line of their own, or on one each."""
    opening = next((character for character in line if character in "(["), None)
    if len(line) <= WIDTH or opening is None:
        return line
    closing = ")" if opening == "(" else "]"
    head, _, rest = line.partition(opening)
    margin = " " * (len(line) - len(line.lstrip()))
    inside, _, tail = rest.rpartition(closing)
    together = f"{margin}    {inside}"
    items = _arguments(inside)
    if len(together) <= WIDTH and (opening == "(" or len(items) == 1):
        return f"{head}{opening}\n{together}\n{margin}{closing}{tail}"
    if len(items) == 1:
        return f"{head}{opening}\n{broken(together)}\n{margin}{closing}{tail}"
    each = "".join(f"{broken(f'{margin}    {item}')},\n" for item in items)
    return f"{head}{opening}\n{each}{margin}{closing}{tail}"


def _arguments(text: str) -> list[str]:
    """What stands between the commas of a call that are in no brackets of their own."""
    items, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            items.append(text[start:place].strip())
            start = place + 1
    return [*items, text[start:].strip()]
