"""The number of a step as a network takes it."""

from __future__ import annotations

import torch
from torch import Tensor


def step_features(t: Tensor) -> Tensor:
    """sin(t w) and cos(t w) for 8 frequencies w from 1 down to 1/10000 (Vaswani et al. 2017, section 3.5):
    [...] -> [..., 16]."""
    frequencies = torch.logspace(0, -4, 8, dtype=t.dtype, device=t.device)
    angles = t.unsqueeze(-1) * frequencies
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=-1)
