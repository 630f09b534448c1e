"""What an objective was compiled with: another formula can be compiled with the same, around the same networks."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from formula2dgm.ir.program import Network, Parameter, Program
from formula2dgm.records import dataclass
from formula2dgm.runtime.arguments import refuse


@dataclass(frozen=True, slots=True)
class Origin:
    """The bindings and options of a call of ``f2d.compile``."""

    bindings: dict[str, object]
    dims: dict[str, int]
    scaffold: bool


def shared_with(objective: Any, program: Program) -> tuple[dict[str, nn.Module], dict[str, Tensor]]:
    """The default networks and tensors of an objective that a program names too.

    Raises FormulaError (F2D-0708) for one that the objective does not have: a new one would be untrained.
    """
    owned = (*objective.program.networks, *objective.program.parameters)
    known = {(each.name, each.label): each for each in owned}
    found: dict[str, Any] = {}
    wanted: list[Network | Parameter] = [*program.networks, *program.parameters]
    for each in wanted:
        if each.binding is not None or (isinstance(each, Parameter) and each.made and not each.learned):
            continue
        has = ", ".join(label for _, label in known)
        if (each.name, each.label) not in known:
            raise refuse("F2D-0708", f"weights_of: its formula has no {each.label}", f"it has {has}; bind {each.label}")
        if _kind(each) != _kind(known[each.name, each.label]):
            says = f"weights_of: {each.label} is another default network here than in its formula"
            raise refuse("F2D-0708", says, f"write what it is in both: {each.label} = ..., or bind {each.label}")
        found[each.name] = getattr(objective, each.name)
    networks = {each.name for each in program.networks}
    return {k: v for k, v in found.items() if k in networks}, {k: v for k, v in found.items() if k not in networks}


def _kind(owned: Network | Parameter) -> object:
    """What a default network makes of what: two that differ are not the same network, whatever their names."""
    scaffold = owned.scaffold if isinstance(owned, Network) else None
    if scaffold is None:
        return None
    heads = [(name, constraint) for name, constraint, _ in scaffold.heads]
    inputs = [name for name, _ in scaffold.inputs]
    special = (scaffold.classes, scaffold.whole, scaffold.flow, scaffold.sequence, scaffold.ragged, scaffold.state)
    return heads, inputs, special


def share_targets(objective: Any, other: Any) -> None:
    """Let an objective have the targets that another has too: moved as far, and moved together."""
    known = {(each.owner.name, each.of) for each in other.program.targets}
    for each in objective.program.targets:
        if (each.owner.name, each.of) in known:
            setattr(objective, each.owner.name, getattr(other, each.owner.name))
