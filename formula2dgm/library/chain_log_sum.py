"""Sums over all paths of a finite state, by the forward algorithm (Rabiner 1989, section III.A)."""

from __future__ import annotations

import torch
from torch import Tensor


def chain_log_sum(first: Tensor, moves: Tensor, steps: Tensor, lengths: Tensor | None = None) -> Tensor:
    """log sum_{z_1..z_T} exp(first[z_1] + sum_t steps[z_t, t] + sum_{t>1} moves[z_{t-1}, z_t, t]), T of ``lengths``:
    first [K, ...], moves [K, K, ..., T] or, where all steps move alike, [K, K, ..., 1], steps [K, ..., T] -> [...]."""
    potentials = finite_potentials(steps).unbind(-1)
    transitions = transitions_of_steps(finite_potentials(moves), first.shape[0], len(potentials))
    log_alpha = finite_potentials(first) + potentials[0]
    for t in range(1, len(potentials)):
        moved = torch.logsumexp(log_alpha.unsqueeze(1) + transitions[t], dim=0) + potentials[t]
        log_alpha = moved if lengths is None else torch.where(t < lengths, moved, log_alpha)
    return torch.logsumexp(log_alpha, dim=0)


def finite_potentials(values: Tensor) -> Tensor:
    """Logarithms of probabilities, very low but finite where these are 0, so that gradients are numbers."""
    return values.clamp(min=-(torch.finfo(values.dtype).max ** 0.5))


def transitions_of_steps(moves: Tensor, states: int, steps: int) -> list[Tensor]:
    """One [K, K, ...] for each step, from [K, K, ..., T] or [K, K, ..., 1]."""
    if moves.shape[:2] != (states, states) or moves.shape[-1] not in (1, steps):
        raise ValueError(
            f"a chain of {states} states moves by logarithms of probabilities [{states}, {states}, ..., {steps} or 1]; "
            f"these have the shape {list(moves.shape)}"
        )
    each = moves.unbind(-1)
    return list(each) if len(each) == steps else [each[0]] * steps
