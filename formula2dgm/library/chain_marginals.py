"""What data say of each state of a chain: by the data so far, and by all data (Rabiner 1989, section III.B)."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.chain_log_sum import finite_potentials, transitions_of_steps


def chain_filtered(first: Tensor, moves: Tensor, steps: Tensor) -> Tensor:
    """log p(z_t | x_1..x_t) for every t: [K, ..., T], from what ``chain_log_sum`` takes."""
    return torch.log_softmax(forward_potentials(first, moves, steps), dim=0)


def chain_smoothed(first: Tensor, moves: Tensor, steps: Tensor) -> Tensor:
    """log p(z_t | x_1..x_T) for every t: [K, ..., T], from what ``chain_log_sum`` takes."""
    alphas = forward_potentials(first, moves, steps)
    return torch.log_softmax(alphas + backward_potentials(moves, steps), dim=0)


def forward_potentials(first: Tensor, moves: Tensor, steps: Tensor) -> Tensor:
    """The logarithm of the sum over all paths that end in each state at each step: [K, ..., T]."""
    potentials = finite_potentials(steps).unbind(-1)
    transitions = transitions_of_steps(finite_potentials(moves), first.shape[0], len(potentials))
    alphas = [finite_potentials(first) + potentials[0]]
    for transition, potential in zip(transitions[1:], potentials[1:], strict=True):
        alphas.append(torch.logsumexp(alphas[-1].unsqueeze(1) + transition, dim=0) + potential)
    return torch.stack(torch.broadcast_tensors(*alphas), dim=-1)


def backward_potentials(moves: Tensor, steps: Tensor) -> Tensor:
    """The logarithm of the sum over all ways on from each state at each step: [K, ..., T]; 0 at the last."""
    potentials = finite_potentials(steps).unbind(-1)
    transitions = transitions_of_steps(finite_potentials(moves), steps.shape[0], len(potentials))
    betas = [torch.zeros_like(potentials[-1])]
    for transition, potential in zip(transitions[:0:-1], potentials[:0:-1], strict=True):
        betas.append(torch.logsumexp(transition + (betas[-1] + potential).unsqueeze(0), dim=1))
    return torch.stack(torch.broadcast_tensors(*reversed(betas)), dim=-1)
