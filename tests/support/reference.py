"""From a formula to the literal reference, in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from formula2dgm import driver
from formula2dgm.ir.program import Program
from formula2dgm.options import make_options
from formula2dgm.runtime.bindings import describe
from formula2dgm.runtime.reference import Reference


def resolved(
    formula: str | Sequence[str], bindings: Mapping[str, object], **options: Any
) -> tuple[Program, dict[str, Any]]:
    """The resolved program, and the bound networks and tensors by the program's names."""
    described = describe(bindings)
    program = driver.analyse(formula, described.bindings, make_options(**options))
    bound = (*program.networks, *program.parameters)
    return program, {each.name: described.objects[each.binding] for each in bound if each.binding}


def reference(
    formula: str | Sequence[str],
    bindings: Mapping[str, object],
    data: Mapping[str, Tensor],
    noise: Mapping[str, Tensor],
    hyperparameters: Mapping[str, float] | None = None,
    **options: Any,
) -> Reference:
    """The literal interpreter of a formula at data and noise."""
    program, objects = resolved(formula, bindings, **options)
    networks = {name: value for name, value in objects.items() if isinstance(value, nn.Module)}
    parameters = {name: value for name, value in objects.items() if isinstance(value, Tensor)}
    return Reference(program, networks, data, noise, hyperparameters, parameters)
