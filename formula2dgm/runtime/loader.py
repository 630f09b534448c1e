"""Running generated text: the in-memory objective is the written module, compiled under a name made of its hash."""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections.abc import Mapping
from types import ModuleType

from torch import Tensor, nn

from formula2dgm.codegen import Generated
from formula2dgm.diagnostics import Diagnostics
from formula2dgm.ir.program import Program
from formula2dgm.runtime.objective import Facts, Objective


def load_module(source: str) -> ModuleType:
    """The module of a text, once for each text; tracebacks, debuggers and ``inspect.getsource`` show its lines.

    Its ``Objective`` is made a child of :class:`formula2dgm.runtime.objective.Objective`, in place of ``nn.Module``.
    """
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    name, file = f"formula2dgm_generated_{digest}", f"<formula2dgm {digest}>"
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = file
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        sys.modules[name] = module
        try:
            exec(compile(source, file, "exec"), module.__dict__)  # noqa: S102
        except BaseException:
            del sys.modules[name]
            raise
        module.Objective.__bases__ = (Objective,)
    return sys.modules[name]


def build(
    program: Program,
    generated: Generated,
    networks: Mapping[str, nn.Module],
    tensors: Mapping[str, Tensor] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Objective:
    """An objective in memory: the generated class around the user's networks, parameters and constants.

    networks   by the program's names; a scaffolded one may be left out
    tensors    learned parameters (``nn.Parameter``) and constants, by the program's names
    shapes     event shapes of data that the formula does not size, for scaffolded networks
    """
    module = load_module(generated.source)
    given = dict(networks)
    if len(given) < len(program.networks):
        given = module.default_networks(_known_shapes(program, shapes or {})) | given
    objective: Objective = module.Objective(**given, **(tensors or {}))
    objective.__dict__["_facts"] = Facts(program, generated)
    return objective


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
