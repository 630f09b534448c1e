"""The Bernoulli distribution of bits, in logits, elementwise."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.enumeration import all_words
from formula2dgm.library.functions import log_sigmoid
from formula2dgm.library.parameters import describe_output, logits_from_probs
from formula2dgm.library.shapes import sum_event
from formula2dgm.library.tensors import as_tensors


def bernoulli_log_prob(value: Tensor | float, logits: Tensor | float) -> Tensor:
    """log Bernoulli(value; sigmoid(logits)) = value log sigmoid(logits) + (1 - value) log sigmoid(-logits)."""
    bits, scores = bits_and_scores(value, logits)
    return -torch.nn.functional.binary_cross_entropy_with_logits(scores, bits, reduction="none")


def bits_and_scores(value: Tensor | float, logits: Tensor | float) -> tuple[Tensor, Tensor]:
    """Value and logits in one dtype and shape."""
    bits, scores = as_tensors(value, logits)
    bits = bits if bits.dtype == scores.dtype else bits.to(scores.dtype)
    if bits.shape == scores.shape:
        return bits, scores
    if bits.shape == scores.shape[scores.dim() - bits.dim() :]:
        return bits.expand_as(scores), scores  # the scores stay what they are, as for several draws of z
    bits, scores = torch.broadcast_tensors(bits, scores)
    return bits, scores


def bernoulli_log_prob_sum(value: Tensor | float, logits: Tensor | float, lead: int) -> Tensor:
    """log Bernoulli(value; sigmoid(logits)), summed over all dimensions after the first ``lead``."""
    bits, scores = bits_and_scores(value, logits)
    # The sum's sign is changed, not that of every entry.
    return -sum_event(torch.nn.functional.binary_cross_entropy_with_logits(scores, bits, reduction="none"), lead)


def bernoulli_log_prob_mean(value: Tensor | float, logits: Tensor | float) -> Tensor:
    """log Bernoulli(value; sigmoid(logits)), summed over all dimensions after the first, mean over the first."""
    bits, scores = bits_and_scores(value, logits)
    total = torch.nn.functional.binary_cross_entropy_with_logits(scores, bits, reduction="sum")
    return total / -scores.shape[0]


def bernoulli_draw(shape: tuple[int, ...], logits: Tensor | float) -> Tensor:
    """Bits of this shape, 1 with probability sigmoid(logits), in the dtype of ``logits``."""
    (logits,) = as_tensors(logits)
    return torch.bernoulli(torch.sigmoid(logits.detach()).expand(shape))


def bernoulli_entropy(logits: Tensor) -> Tensor:
    """H = -p log p - (1 - p) log(1 - p) for p = sigmoid(logits), elementwise."""
    (logits,) = as_tensors(logits)
    return -torch.sigmoid(logits) * log_sigmoid(logits) - torch.sigmoid(-logits) * log_sigmoid(-logits)


def bernoulli_mean(logits: Tensor) -> Tensor:
    """p = sigmoid(logits), elementwise."""
    return torch.sigmoid(logits)


def bernoulli_variance(logits: Tensor) -> Tensor:
    """p (1 - p) for p = sigmoid(logits), elementwise."""
    return torch.sigmoid(logits) * torch.sigmoid(-logits)


def bernoulli_values(logits: Tensor, lead: int) -> Tensor:
    """All values of the event after the first ``lead`` dimensions: [2^bits, event...]."""
    return all_words(2, tuple(logits.shape[lead:]), logits.device).to(logits.dtype)


def bernoulli_parameters(output: object) -> Tensor | float:
    """The logits from what a network returned: one tensor (alone or in a tuple), or a dict with logits or probs."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, tuple | list) and len(output) == 1:
        return output[0]
    if isinstance(output, dict) and len(output) == 1:
        if "logits" in output:
            return output["logits"]
        if "probs" in output:
            return logits_from_probs(output["probs"])
    raise ValueError(
        "the network of a Bernoulli returns one tensor of logits, or a dict with one of 'logits', 'probs'; "
        f"this one returned {describe_output(output)}"
    )
