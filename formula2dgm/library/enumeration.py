"""All values of finite events."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def all_words(size: int, event: tuple[int, ...], device: torch.device) -> Tensor:
    """Every assignment of 0 .. size-1 to the places of an event, in counting order: [size^places, event...]."""
    places = math.prod(event)
    if size**places > 65536:
        raise ValueError(f"{size}^{places} values are too many to enumerate: choose estimators={{...: 'score'}}")
    if places == 1:
        return torch.arange(size, device=device).reshape(-1, *event)
    # Made where it is used: nothing is copied from the host.
    powers = size ** torch.arange(places - 1, -1, -1, device=device)
    words = torch.arange(size**places, device=device).unsqueeze(-1) // powers % size
    return words.reshape(-1, *event)
