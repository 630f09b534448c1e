r"""Networks that their parameters say are not trained: ``f_{\theta_{old}}``, ``f_{\theta^*}`` beside ``f_\theta``."""

from __future__ import annotations

from collections.abc import Sequence

from formula2dgm.ir.program import Network, Parameter
from formula2dgm.reading.target_groups import is_target_group
from formula2dgm.resolve.context import Context


def without_targets(context: Context, names: Sequence[str], trains: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """What is trained (None: everything), without what has such parameters and is not named itself."""
    owners: list[Network | Parameter] = [*context.networks.values(), *context.parameters.values()]
    groups = {each.group for each in owners}
    held = [each for each in owners if each.group not in names and is_target_group(each.group, groups - {each.group})]
    trained = [each.name for each in owners] if trains is None else list(trains)
    for each in held:
        if each.name in trained:
            said = f"{each.label} is held constant: {each.group} says so beside other parameters of its letter"
            context.assume(said, None)
    apart = {each.name for each in held}
    return tuple(each for each in trained if each not in apart) if held else trains
