"""How a model is drawn: one example at a time, step by step, from noise, or backwards along a chain; one of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from formula2dgm.ir.program import Objective
from formula2dgm.resolve.context import Context
from formula2dgm.resolve.data.generated import generated
from formula2dgm.resolve.flows.samples import followed_back
from formula2dgm.resolve.objective.generative import generative_draws, model_factors
from formula2dgm.resolve.processes.denoising import denoiser
from formula2dgm.resolve.processes.reversal import reversal
from formula2dgm.resolve.sequences.rollouts import rollout


def samplers(context: Context, objectives: Sequence[Objective]) -> dict[str, Any]:
    """The model's factors, and the draws that its own densities or networks make, as a program holds them."""
    factors = model_factors(context)
    generative = (
        generative_draws(context, factors) or followed_back(context, objectives) or generated(context, objectives)
    )
    rolled = rollout(context, objectives)
    known = {"generative": generative, "model": factors, "rollout": rolled}
    if rolled is not None or generative:
        return known
    undone = denoiser(context, objectives)
    return known | {"denoiser": undone, "reversal": reversal(context) if undone is None else None}
