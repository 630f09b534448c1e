"""Running generated text: the in-memory objective is the written module, compiled under a name made of its hash."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from formula2dgm.codegen import Generated, generate
from formula2dgm.codegen.bytecode import bytecode, digest
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir.program import Program
from formula2dgm.passes import run_passes
from formula2dgm.resolve.distributions.variants import model_of
from formula2dgm.runtime.arguments import refuse
from formula2dgm.runtime.distribution import Distribution
from formula2dgm.runtime.errors import within_memory
from formula2dgm.runtime.objective import Objective
from formula2dgm.runtime.written import Facts


def load_module(source: str) -> ModuleType:
    """The module of a text, once for each text; tracebacks, debuggers and ``inspect.getsource`` show its lines.

    Its ``Objective`` is made a child of :class:`formula2dgm.runtime.objective.Objective`, in place of ``nn.Module``; a
    ``Distribution`` is left as it is, and has :class:`formula2dgm.runtime.distribution.Distribution` put above it.
    """
    name = f"formula2dgm_generated_{digest(source)}"
    if name not in sys.modules:
        code = bytecode(source)
        file = code.co_filename
        module = ModuleType(name)
        module.__file__ = file
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        sys.modules[name] = module
        try:
            exec(code, module.__dict__)  # noqa: S102
        except BaseException:
            del sys.modules[name]
            raise
        if hasattr(module, "Objective"):
            _set_below(module.Objective)
    return sys.modules[name]


def _set_below(generated: Any) -> None:
    """Put the objective's base under a generated class, and the base's ``sample`` and ``log_marginal``, which look at
    what they are given, before its own."""
    generated.__bases__ = (Objective,)
    if "sample" in generated.__dict__:
        generated._sample_model = generated.sample
        del generated.sample
    if "log_marginal" in generated.__dict__:
        generated._log_marginal = generated.log_marginal
        del generated.log_marginal


@within_memory()
def build(
    program: Program,
    generated: Generated,
    networks: Mapping[str, nn.Module],
    tensors: Mapping[str, Tensor] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    hidden: int = 128,
) -> Objective:
    """An objective in memory: the generated class around the user's networks, parameters and constants.

    networks   by the program's names; a scaffolded one may be left out
    tensors    learned parameters (``nn.Parameter``) and constants, by the program's names
    shapes     event shapes of data that the formula does not size, for scaffolded networks
    hidden     the width of scaffolded networks
    """
    module = load_module(generated.source)
    given = dict(networks)
    if len(given) < len(program.networks):
        given = module.default_networks(_known_shapes(program, shapes or {}), hidden) | given
    tensors = _with_rows(program, tensors or {}, shapes or {})
    own = {each.name for each in program.parameters if each.made}
    objective: Objective = module.Objective(
        **given, **{name: each for name, each in tensors.items() if name not in own}
    )
    for name in own & tensors.keys():  # those of another objective, in place of what the module made
        setattr(objective, name, tensors[name])
    objective.__dict__["_facts"] = Facts(program, generated)
    return objective


def _with_rows(program: Program, tensors: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The tensors with those of default rows, ``\\mu_k``, of the shape of the data that they are like."""
    started = dict(tensors)
    for each in program.parameters:
        if each.like is not None and not each.made and each.name not in started:
            shape = (each.rows or 1, *_known_shapes(program, shapes)[each.like])
            start = torch.randn(shape) if each.normal else torch.full(shape, each.fill or 0.0)
            started[each.name] = nn.Parameter(start)
    return started


def _known_shapes(program: Program, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The event shape of every input; those that nothing says are refused together."""
    found = Diagnostics()
    known: dict[str, tuple[int, ...]] = {}
    for each in program.inputs:
        shape = each.shape if each.shape is not None else shapes.get(each.name)
        if shape is None:
            hint = f"say it: dims={{{each.name!r}: 64}}, or bind a network of your own"
            found.error("F2D-0609", f"the formula does not say the shape of {each.name}", each.span, hint)
        else:
            known[each.name] = shape
    found.raise_errors()
    return known


def restore(source: str, facts: Facts) -> Objective:
    """An empty objective of a text, whose state is filled in afterwards: how pickle and ``copy`` make one."""
    kind = load_module(source).Objective
    objective: Objective = kind.__new__(kind)
    objective.__dict__["_facts"] = facts
    return objective


# -- distributions -------------------------------------------------------------------------------------


def build_distribution(program: Program, generated: Generated, owned: Mapping[str, Any]) -> Distribution:
    """A distribution in memory: the generated class around the user's networks, parameters and constants."""
    module = load_module(generated.source)
    given = _with_rows(program, owned, {})
    if any(each.name not in given for each in program.networks):
        given = module.default_networks(_known_shapes(program, {})) | given
    made: Distribution = _distribution_class(module)(**given)
    made.__dict__["_facts"] = Facts(program, generated)
    return made


def build_beside(owner: nn.Module, facts: Facts, program: Program, generated: Generated) -> Distribution:
    """A distribution around the networks, tensors and hyperparameters of another module, whose ``facts`` these are:
    they are shared, not copied."""
    given = [each.name for each in program.networks]
    given += [each.name for each in program.parameters if not each.made]
    made = build_distribution(program, generated, {name: getattr(owner, name) for name in given})
    for each in program.parameters:
        setattr(made, each.name, getattr(owner, each.name))
    for target in program.targets:
        setattr(made, target.owner.name, getattr(owner, target.owner.name))
    for hyper in program.hyperparameters:
        value = getattr(owner, facts.generated.arguments[hyper.name])
        setattr(made, generated.arguments[hyper.name], value)
    made.training = owner.training  # the networks' own mode is left as it is: they are shared
    return made


def model_of_objective(objective: Objective, facts: Facts) -> Distribution:
    """The model of an objective as a distribution. Raises :class:`FormulaError` where it cannot be drawn."""
    program = model_of(facts.program)
    if program is None:
        hint = "write it as a distribution of its own: f2d.distribution('p(x|z) p(z)', bindings)"
        raise refuse("F2D-0611", "the formula's own densities are no model that can be drawn", hint)
    return build_beside(objective, facts, program, generate(run_passes(program)))


def restore_distribution(source: str, facts: Facts) -> Distribution:
    """An empty distribution of a text, whose state is filled in afterwards."""
    kind = _distribution_class(load_module(source))
    made: Distribution = kind.__new__(kind)
    made.__dict__["_facts"] = facts
    return made


def _distribution_class(module: ModuleType) -> Any:
    """The class that prepares what it is asked, above the generated one; made once."""
    if not hasattr(module, "InMemory"):
        module.InMemory = type("Distribution", (Distribution, module.Distribution), {"__module__": module.__name__})  # type: ignore[attr-defined]
    return module.InMemory
