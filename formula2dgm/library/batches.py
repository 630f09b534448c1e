"""Pairs of the examples of a batch, and what each weighs where they stand for a whole data set."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def log_stratum_weights(batch: int, examples: float, like: Tensor) -> Tensor:
    """The log-weight of each example (first) in the estimate for each (second); the weights sum to 1.

    The example stands for itself, the one after it for all data that are not in the batch (Chen et al. 2018, C.2).
    """
    others = batch - 1
    if others < 1 or examples < batch:
        raise ValueError(
            f"stratified weights need 2 examples or more and no more than the {examples} of the data set: {batch}"
        )
    weights = like.new_full((batch, batch), 1 / others)
    own = torch.arange(batch, device=like.device)
    weights[(own + 1) % batch, own] = (examples - others) / (examples * others)
    weights[own, own] = 1 / examples
    return weights.log()


def mean_of_others(pairs: Tensor) -> Tensor:
    """For each example (second) the mean over all others (first) of a number of each pair."""
    count = count_of_others(pairs.shape[0])
    own = torch.eye(count + 1, dtype=torch.bool, device=pairs.device)
    return pairs.masked_fill(own, 0.0).sum(0) / count


def log_sum_exp_of_others(pairs: Tensor) -> Tensor:
    """For each example (second) the log-sum-exp over all others (first) of a number of each pair."""
    own = torch.eye(count_of_others(pairs.shape[0]) + 1, dtype=torch.bool, device=pairs.device)
    return torch.logsumexp(pairs.masked_fill(own, -math.inf), 0)


def log_count_of_others(batch: int) -> float:
    """The logarithm of the number of examples beside one."""
    return math.log(count_of_others(batch))


def over_others(total: Tensor | float, batch: int) -> Tensor | float:
    """A sum over the other examples of a batch, as a mean over them."""
    return total / count_of_others(batch)


def count_of_others(batch: int) -> int:
    """The number of examples of a batch beside one, at least 1."""
    if batch < 2:
        raise ValueError("a mean over pairs of different examples needs a batch of 2 or more")
    return batch - 1
