"""A module that trains: the generated module, followed by the part that reads data, trains, saves and draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

from formula2dgm.codegen.batches import coupled_term, row_by_row
from formula2dgm.codegen.derivatives_inside import has_gradient
from formula2dgm.codegen.joining import Parts, imports, needed
from formula2dgm.codegen.module import Generated
from formula2dgm.codegen.names import argument, hyper_argument, identifier
from formula2dgm.codegen.python import quoted
from formula2dgm.codegen.scaffold import sized_tensor
from formula2dgm.codegen.script_pictures import is_sequence, latents, rolls
from formula2dgm.codegen.self_check import example_data, not_a_derivative
from formula2dgm.codegen.time_values import LENGTHS
from formula2dgm.codegen.tools_beside import MODULE, template, without_tools
from formula2dgm.diagnostics import Diagnostic, FormulaError
from formula2dgm.ir import nodes as ir
from formula2dgm.ir.program import Hyperparameter, Input, Objective, Parameter, Program
from formula2dgm.ir.rewrite import walk

WIDTH = 120
#: What the script itself has flags for; a hyperparameter of the same name gets a prefix.
RUN_FIELDS = frozenset(
    "accumulate amp batch_size beta1 checkpoint_every clip compile config data device draw_every ema epochs hidden "
    "labelled log_every lr out_dir resume seed self_check shard size steps tensorboard tighter validation wandb".split()
)
METADATA = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [{dependencies}]
# ///
"""


def script(
    program: Program,
    generated: Generated,
    made: Mapping[str, str] = MappingProxyType({}),
    modules: Sequence[str] = (),
    tools_beside: bool = False,
) -> str:
    """The text of a training script: ``python model.py --data digits`` runs it.

    The script keeps the generated module whole, adds to its docstring how to run it, and ends with the training part.
    ``made`` says how to make the networks and tensors that have no default: name to Python expression, of the names in
    the user's ``modules``. Raises FormulaError (F2D-0781) for one that has neither. ``tools_beside``: it imports its
    tools, the text of :func:`tools`.
    """
    facts = _facts(program, generated.source, made)
    beside = [MODULE] if tools_beside else []
    module = Parts(generated.source)
    part = Parts(template("script").render(**facts, modules=list(modules), beside=beside))
    dependencies = '"torch>=2.6", "scikit-learn>=1.4"' if program.inputs else '"torch>=2.6"'
    raw = "r" if "\\" in module.docstring else ""
    docstring = f'{raw}"""{module.docstring}\n\n{part.docstring}\n"""\n'
    body, imported = without_tools(part.body) if tools_beside else (part.body, "")
    names = imports(needed(module.imports | part.imports, module.body, body)) + (f"\n{imported}\n" if imported else "")
    head = [docstring, METADATA.format(dependencies=dependencies), names]
    gap = "\n" if module.body.startswith("#") else "\n\n"
    return "\n".join(head) + f"{gap}{module.body}\n\n\n{body}\n"


# -- what the template is told -------------------------------------------------------------------------


def _facts(program: Program, generated: str, made: Mapping[str, str]) -> dict[str, object]:
    players = [_player(each) for each in program.objectives if each.player] if len(program.objectives) > 1 else []
    hidden = any(each.scaffold is not None for each in program.networks)
    counted = [each for each in program.hyperparameters if _is_counted(each, program.inputs)]
    moving = [each for each in program.hyperparameters if not each.whole and not each.fixed]
    sizes = {axis.size for site in program.sites for axis in site.axes if axis.kind == "sample"}
    many = [each for each in program.hyperparameters if each.whole and not each.fixed and each.name in sizes]
    needed = [_field(each) for each in program.hyperparameters if each.default is None and each not in counted]
    supports = {each.support for each in program.inputs}
    several = len(program.inputs) > 1
    draws = "    def sample(" in generated and 'raise ValueError("the event shape of' not in generated
    rolled = rolls(program, generated) if draws else None
    samples = draws and (program.rollout is None or (rolled is None and program.rollout.steps is not None))
    samples = samples and (program.denoiser is None or not program.denoiser.conditions)
    mapped = latents(program)
    reconstructs = "    def reconstruct(" in generated
    coupled = coupled_term(program)
    return {
        "coupled": None if coupled is None else _short(coupled),
        "shared": [quoted(each) for each in row_by_row(program)] if coupled is not None else [],
        "shards": not (players or coupled or has_gradient(program) or program.targets or _is_frozen(program)),
        "data": [{"name": argument(each.name), "arguments": _variable(each, several)} for each in program.inputs],
        "source": suggested_data(program.inputs),
        "groups": len({_batch(each) for each in program.inputs}),
        "time": _of_time(program.inputs),
        "classes": any(each.classes is not None for each in program.inputs) or bool(supports & {"category", "simplex"}),
        "ragged": any(each.name == LENGTHS for each in program.inputs) and any(map(is_sequence, program.inputs)),
        "shaped": any(each.shape is not None for each in program.inputs),
        "labels": bool(supports & {"category", "simplex"}),
        "ranges": bool(supports & {"binary", "unit", "positive"}),
        "binary": "binary" in supports,
        "numbers": [_number(each, each in counted, each in moving) for each in program.hyperparameters],
        "moving": _moving(moving),
        "tighter": _short(program.evidence.name) if program.evidence and "def log_marginal(" in generated else None,
        "draws": [{"field": _field(each), "argument": hyper_argument(each.name)} for each in many[:1]],
        "counted": [_counted(each, program.inputs) for each in counted],
        "needed": ", ".join(quoted(each) for each in needed) + ("," if len(needed) == 1 else ""),
        "hidden": 128 if hidden else None,
        "made": _made(program, made),
        "call": _call(program, bool(players)),
        "replay": _call(program, bool(players)).replace("**batch", "**self.batch"),
        "check_call": _call(program, bool(players)).replace("self.config", "config"),
        "example": example_data(program),
        "held": _held(program),
        "players": players,
        "labelled": _labelled(program.inputs),
        "projects": any(each.ranges for each in program.objectives),
        "follows": bool(program.targets),
        "owns": any(each.trains is not None for each in program.objectives),
        "trains": _trains(program.objectives[0]),
        "gradients": has_gradient(program),
        "samples": samples,
        "denoises": "    def denoise(" in generated,
        "reconstructs": reconstructs,
        "rolls": rolled,
        "one_hot": any(each.classes is not None and is_sequence(each) for each in program.inputs),
        "latents": mapped,
        "pictures": bool(program.inputs) and bool(samples or reconstructs or rolled or mapped),
    }


def _held(program: Program) -> dict[str, str]:
    """For each player, in quotes, why its gradient is not the derivative of its loss, where it is not."""
    reasons = {each.player or "": not_a_derivative(each, program) for each in program.objectives}
    return {quoted(player): quoted(why) for player, why in reasons.items() if why}


def _of_time(inputs: Sequence[Input]) -> str:
    """Are ``all`` variables sequences, ``some``, or none?"""
    timed = [is_sequence(each) for each in inputs]
    return "all" if all(timed) and timed else "some" if any(timed) else ""


def _short(text: str) -> str:
    """A name in quotes, cut where it is too long for its line."""
    return quoted(text if len(text) < 80 else f"{text[:77]}...")


def _variable(each: Input, several: bool) -> str:
    facts = [f"shape={each.shape}" if each.shape is not None else ""]
    facts += [f"classes={each.classes}" if each.classes is not None else ""]
    facts += ["time=True" if is_sequence(each) else ""]
    facts += [f"batch={quoted(_batch(each))}" if several else ""]
    return ", ".join([quoted(each.support), *filter(None, facts)])


def _batch(each: Input) -> str:
    return next((axis.name for axis in each.axes if axis.kind == "batch"), "batch")


def _labelled(inputs: Sequence[Input]) -> dict[str, str] | None:
    """The stream that has labels, where another has none: how many of its examples there are is a flag."""
    labels = [each for each in inputs if each.support in ("category", "simplex")]
    batches = {_batch(each) for each in inputs}
    if len(labels) != 1 or len(batches) < 2:
        return None
    batch = _batch(labels[0])
    names = ", ".join(argument(each.name) for each in inputs if _batch(each) == batch)
    return {"label": argument(labels[0].name), "batch": batch, "names": names}


def suggested_data(inputs: Iterable[Input]) -> str:
    """The named data that suit the formula."""
    if any(is_sequence(each) for each in inputs):
        return "digit-rows"
    return "moons" if any(each.shape == (2,) for each in inputs) else "digits"


def _is_counted(each: Hyperparameter, inputs: Iterable[Input]) -> bool:
    """The size of a data set: the data say it."""
    sizes = {axis.size for each in inputs for axis in each.axes if axis.kind == "batch"}
    return each.default is None and bool(sizes) and (each.name in sizes or each.name == "N")


def _field(each: Hyperparameter) -> str:
    """The name of a hyperparameter's field in the configuration."""
    name = argument(each.name)
    return f"formula_{name}" if name in RUN_FIELDS else name


def _moving(moving: Sequence[Hyperparameter]) -> str:
    """Their fields in the configuration, and their names in the objective, as the text of a dict."""
    items = [f"{quoted(_field(each))}: {quoted(hyper_argument(each.name))}" for each in moving]
    line = f"{{{', '.join(items)}}}" if items else ""
    return line if len(line) + 9 <= WIDTH else "{\n" + "".join(f"    {each},\n" for each in items) + "}"


def _number(each: Hyperparameter, counted: bool, moves: bool) -> dict[str, str]:
    kind = "int" if each.whole else "float | str" if moves else "float"
    default = each.default if each.default is None or each.whole else float(each.default)
    text = f"{each.name} of the formula" + (": the number of training examples" if counted else "")
    return {
        "name": _field(each),
        "type": kind if default is not None else f"{kind} | None",
        "default": repr(default),
        "help": text.replace("\\", "\\\\").replace('"', "'"),
    }


def _call(program: Program, players: bool) -> str:
    size = "batch_size=self.config.batch_size"
    size += " // shares(self.config)" if coupled_term(program) is None else ""
    data = "**batch" if program.inputs else size
    return f"{data}, player=player" if players else data


def _player(objective: Objective) -> dict[str, str]:
    name = objective.player or ""
    lr = f"lr_{identifier(name)}"
    given = f"{_trains(objective)}, betas=(config.beta1, 0.999), fused=fused"
    made = f"{quoted(name)}: torch.optim.Adam({given})"
    if len(made) + 13 > WIDTH:  # twelve spaces in front and a comma behind
        margin = "\n" + " " * 16
        made = f"{quoted(name)}: torch.optim.Adam({margin}{given}\n{' ' * 12})"
    return {"name": name, "key": quoted(name), "field": f"steps_{identifier(name)}", "lr": lr, "made": made}


def _trains(objective: Objective) -> str:
    """The parameters that an objective's optimiser updates."""
    if objective.trains is None:
        return "self.objective.parameters()"
    owned = ", ".join(quoted(each) for each in objective.trains)
    return f"owned(self.objective, {owned})"


def _made(program: Program, made: Mapping[str, str]) -> str:
    """The arguments of the objective's constructor, on one line or one a line."""
    given = [each for each in program.networks if each.scaffold is None]
    items = ["**default_networks(shapes, config.hidden)"] if len(given) < len(program.networks) else []
    items += [f"{each.name}={made.get(each.name) or _unmade(each.label)}" for each in given]
    items += [
        f"{each.name}={made.get(each.name) or _default_tensor(each)}" for each in program.parameters if not each.made
    ]
    items += [f"{hyper_argument(each.name)}=config.{_field(each)}" for each in program.hyperparameters]
    line = ", ".join(items)
    if len(f"    return Objective({line})") <= WIDTH:
        return line
    return "".join(f"\n        {each}," for each in items) + "\n    "


def _default_tensor(parameter: Parameter) -> str:
    if parameter.like is not None:
        return sized_tensor(parameter)
    if not parameter.learned or parameter.shape is None:
        _unmade(parameter.label)
    return f"nn.Parameter(torch.zeros({parameter.shape}))"


def _unmade(label: str) -> NoReturn:
    message = f"a script cannot make '{label}': it is bound to an object, and has no source"
    raise FormulaError(Diagnostic("F2D-0781", "error", message, None, "pass the Python file that makes it: --networks"))


def _counted(each: Hyperparameter, inputs: Iterable[Input]) -> dict[str, str]:
    """The hyperparameter that is the size of a data set, and a variable of that set."""
    sized = [one for one in inputs if any(axis.size == each.name for axis in one.axes)] or list(inputs)
    return {"field": _field(each), "variable": argument(sized[0].name)}


def _is_frozen(program: Program) -> bool:
    """Is a network called whose parameters are constants there?"""
    return any(isinstance(each, ir.NetCall) and each.frozen for each in walk(*program.roots))
