"""The objective's constructor: networks in the formula's order, tensors, hyperparameters."""

from __future__ import annotations

from formula2dgm.codegen.python import WIDTH, Body
from formula2dgm.codegen.tables import write_tables
from formula2dgm.codegen.targets import write_copies
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Hyperparameter, Parameter, Program
from formula2dgm.ir.rewrite import walk


def write_constructor(program: Program, arguments: dict[str, str], unchecked: str, used: dict[str, None]) -> Body:
    """``__init__``: networks, tensors and hyperparameters are its arguments; ``unchecked``: what no batch passed."""
    body = Body(4)
    roles = _roles(program)
    positional = [f"{each.name}: nn.Module" for each in program.networks]
    keywords = [
        f"{each.name}: {'nn.Parameter' if each.learned else 'Tensor'}" for each in program.parameters if not each.made
    ]
    keywords += [_hyper_argument(each, arguments[each.name]) for each in program.hyperparameters]
    write_signature(body, "__init__", positional, keywords, "None")
    body.write("    super().__init__()")
    for network in program.networks:
        line = f"    self.{network.name} = {network.name}"
        said = [f"{line}  # {network.label}{roles.get(network.name, '')}", f"{line}  # {network.label}", line]
        body.write(next((each for each in said if len(each) + body.indent <= WIDTH), line))
    for each in program.parameters:
        register = "register_parameter" if each.learned else "register_buffer"
        value = initial_value(each, str(each.shape)) if each.made else each.name
        body.write(f'    self.{register}("{each.name}", {value})  # {each.label}')
    write_copies(program, body)
    for hyper in program.hyperparameters:
        body.write(f"    self.{arguments[hyper.name]} = {arguments[hyper.name]}", hyper.span)
    write_tables(program, arguments, body, used)
    if unchecked:
        body.write(f"    self.check_values = {unchecked}  # until a first batch has passed")
    return body


def initial_value(parameter: Parameter, shape: str) -> str:
    """What a tensor that nobody bound starts as."""
    value = f"torch.randn({shape})" if parameter.normal else f"torch.full({shape}, {parameter.fill!r})"
    if parameter.identity and parameter.shape is not None:
        sizes = ", ".join(map(str, dict.fromkeys(parameter.shape)))  # one number says both, where they are equal
        value = f"torch.eye({sizes})" + ("" if parameter.fill == 1 else f" * {parameter.fill!r}")
    return f"nn.Parameter({value})" if parameter.learned else value


def _roles(program: Program) -> dict[str, str]:
    """What each network is called with and what it returns: ``: the parameters of a Normal, from x``."""
    roles: dict[str, str] = {}
    inputs = {each.name: ", ".join(each.inputs) for each in program.called}
    for node in walk(*program.roots):
        if isinstance(node, ir.Head):
            name = node.call.network
            given = f", from {inputs[name]}" if inputs[name] else ""
            roles.setdefault(name, f": the parameters of a {node.family}{given}" if node.family else "")
    return roles


def write_signature(body: Body, name: str, positional: list[str], keywords: list[str], returns: str) -> None:
    """``def name(self, positional, *, keywords) -> returns:``, one argument a line where it is too long."""
    stars = [each for each in keywords if each.startswith("**")]
    named = [each for each in keywords if not each.startswith("**")]
    items = ["self", *positional, *(["*", *named] if named else []), *stars]
    margin = " " * body.indent
    line = f"{margin}def {name}({', '.join(items)}) -> {returns}:"
    if len(line) <= WIDTH:
        body.add(line)
        return
    body.write(f"def {name}(")
    together = f"{margin}    {', '.join(items)}"
    if len(together) <= WIDTH:
        body.add(together)
    else:
        body.add([f"{margin}    {item}," for item in items])
    body.write(f") -> {returns}:")


def _hyper_argument(hyper: Hyperparameter, name: str) -> str:
    kind = "int" if hyper.whole else "float"
    if hyper.default is None:
        return f"{name}: {kind} | None = None"
    default = hyper.default if hyper.whole else float(hyper.default)
    return f"{name}: {kind} = {default!r}"
