"""The categorical distribution of C classes, in logits [..., C]; a value is an index [...] or one-hot [..., C]."""

from __future__ import annotations

import torch
from torch import Tensor

from formula2dgm.library.enumeration import all_words
from formula2dgm.library.parameters import class_logits_from_probs, describe_output
from formula2dgm.library.shapes import sum_event
from formula2dgm.library.tensors import broadcast, in_float32_under_autocast


def categorical_log_prob(value: Tensor | int, logits: Tensor) -> Tensor:
    """log Cat(value; softmax(logits)) = log softmax(logits)[value] for indices: [...] and [..., C] -> [...]."""
    index = torch.as_tensor(value, device=logits.device).long().unsqueeze(-1)
    index, log_probs = broadcast(index, torch.log_softmax(in_float32_under_autocast(logits), dim=-1))
    return log_probs.gather(-1, index[..., :1]).squeeze(-1)


def categorical_log_probs_of_values(logits: Tensor, lead: int) -> Tensor:
    """log Cat(value; softmax(logits)) of all values of the event after the first ``lead`` dimensions, in the order of
    :func:`categorical_values`: [C, lead...], or [C^n, lead...] for n variables."""
    if logits.dim() == lead + 1:
        return torch.log_softmax(in_float32_under_autocast(logits), dim=-1).movedim(-1, 0)
    values = categorical_values(logits, lead)
    return sum_event(categorical_log_prob(values[(slice(None), *[None] * lead)], logits), lead + 1)


def categorical_log_prob_one_hot(value: Tensor, logits: Tensor) -> Tensor:
    """sum_c value_c log softmax(logits)_c for one-hot or soft values: [..., C] and [..., C] -> [...]."""
    return torch.sum(value * class_log_probs(logits), dim=-1)


def class_log_probs(logits: Tensor) -> Tensor:
    """log softmax(logits), very low but finite for an excluded class (logit -inf), so that 0 log 0 is 0."""
    log_probs = torch.log_softmax(in_float32_under_autocast(logits), dim=-1)
    return log_probs.clamp(min=-(torch.finfo(log_probs.dtype).max ** 0.5))


def categorical_draw(shape: tuple[int, ...], logits: Tensor) -> Tensor:
    """Indices of this shape, drawn from softmax(logits)."""
    probs = torch.softmax(logits, dim=-1).expand(*shape, logits.shape[-1])
    return torch.multinomial(probs.reshape(-1, logits.shape[-1]), 1).reshape(shape)


def categorical_draw_one_hot(shape: tuple[int, ...], logits: Tensor) -> Tensor:
    """One-hot vectors of this shape [..., C], drawn from softmax(logits), in the dtype of ``logits``."""
    index = categorical_draw(tuple(shape[:-1]), logits)
    return torch.nn.functional.one_hot(index, logits.shape[-1]).to(logits.dtype)


def categorical_entropy(logits: Tensor) -> Tensor:
    """H = -sum_c p_c log p_c for p = softmax(logits): [..., C] -> [...]."""
    return -torch.sum(torch.softmax(in_float32_under_autocast(logits), dim=-1) * class_log_probs(logits), dim=-1)


def categorical_mean(logits: Tensor) -> Tensor:
    """The class probabilities softmax(logits), which are the mean of the one-hot value: [..., C]."""
    return torch.softmax(logits, dim=-1)


def categorical_variance(logits: Tensor) -> Tensor:
    """p (1 - p) for p = softmax(logits), the variance of the one-hot value: [..., C]."""
    probs = torch.softmax(logits, dim=-1)
    return probs * (1 - probs)


def categorical_values(logits: Tensor, lead: int) -> Tensor:
    """All indices of the event after the first ``lead`` dimensions: [C], or [C^n, event...] for n variables."""
    return all_words(logits.shape[-1], tuple(logits.shape[lead:-1]), logits.device)


def categorical_values_one_hot(logits: Tensor, lead: int) -> Tensor:
    """All one-hot values of the event after the first ``lead`` dimensions: [C, C], or [C^n, event..., C]."""
    return torch.nn.functional.one_hot(categorical_values(logits, lead), logits.shape[-1]).to(logits.dtype)


def categorical_parameters(output: object) -> Tensor:
    """The logits from what a network returned: one tensor (alone or in a tuple), or a dict with logits or probs."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, tuple | list) and len(output) == 1:
        return output[0]
    if isinstance(output, dict) and len(output) == 1:
        if "logits" in output:
            return output["logits"]
        if "probs" in output:
            return class_logits_from_probs(output["probs"])
    raise ValueError(
        "the network of a Categorical returns one tensor of logits [..., classes], or a dict with one of 'logits', "
        f"'probs'; this one returned {describe_output(output)}"
    )
