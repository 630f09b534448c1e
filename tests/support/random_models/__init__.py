"""Random well-typed models: formulas with networks, families and sizes that fit, each drawn from a seed.

``python -m tests.support.random_models --seeds 0:20000`` compares as many as one likes with the literal reference.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.random_models import (
    arithmetic,
    chains,
    diffusions,
    discrete,
    flows,
    games,
    joints,
    labels,
    latents,
    mixtures,
    multisample,
    plates,
    scaffolded,
    sequences,
)
from tests.support.random_models.comparison import Outcome, judge
from tests.support.random_models.notation import STYLES
from tests.support.random_models.source import Model, Source

#: What models are drawn by, by name.
KINDS: dict[str, Callable[[Source], Model]] = {
    "latents": latents.model,
    "joints": joints.model,
    "multisample": multisample.model,
    "discrete": discrete.model,
    "mixtures": mixtures.model,
    "sequences": sequences.model,
    "games": games.model,
    "diffusions": diffusions.model,
    "flows": flows.model,
    "plates": plates.model,
    "arithmetic": arithmetic.model,
    "scaffolded": scaffolded.model,
    "chains": chains.model,
    "labels": labels.model,
}


def drawn(seed: int, style: str | None = None) -> Model:
    """The model of a seed, in a spelling of its own or in this one."""
    names = list(KINDS)
    name = names[seed % len(names)]
    model = KINDS[name](Source(seed, style))
    model.kind = name
    return model


def outcome(seed: int) -> Outcome:
    """What becomes of the model of a seed; every third of a kind is compared with itself in another spelling."""
    turn = seed // len(KINDS)
    other = None
    if turn % 3 == 0:
        place = STYLES.index(Source(seed).write.style)
        other = drawn(seed, STYLES[(place + 1 + turn // 3 % 2) % len(STYLES)])
    return judge(drawn(seed), other)


__all__ = ["KINDS", "Model", "Outcome", "drawn", "judge", "outcome"]
