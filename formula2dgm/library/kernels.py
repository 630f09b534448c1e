"""Kernels of two values, to be bound to the k of a maximum mean discrepancy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class RBF(nn.Module):
    """The Gaussian kernel: k(u, v) = sum_s exp(-||u - v||^2 / (2 s^2 scale^2)), s from ``scales``.

    >>> RBF(scale=2.0)(torch.zeros(1, 2), torch.tensor([[2.0, 2.0]]))  # exp(-8 / 8)
    tensor([0.3679])
    """

    def __init__(self, scale: float = 1.0, scales: Sequence[float] = (1.0,)):
        super().__init__()
        self.scale, self.scales = scale, tuple(scales)

    def forward(self, u: Tensor, v: Tensor) -> Tensor:
        """One number for each pair of rows."""
        squared = _squared_distance(u, v)
        parts = [torch.exp(-squared / (2 * (each * self.scale) ** 2)) for each in self.scales]
        return torch.stack(parts).sum(0)

    def extra_repr(self) -> str:
        """The settings."""
        return f"scale={self.scale}, scales={self.scales}"


class IMQ(nn.Module):
    """The inverse multiquadratic kernel: k(u, v) = sum_s C_s / (C_s + ||u - v||^2), C_s = 2 d s scale^2.

    s is from ``scales`` and d the dimension of u: 2 d scale^2 is the mean squared distance of two draws from
    N(0, scale^2 I) (Tolstikhin et al. 2018, section 4, who sum over these ``scales``).

    >>> IMQ(scales=(1.0,))(torch.zeros(1, 2), torch.tensor([[2.0, 0.0]]))  # 4 / (4 + 4)
    tensor([0.5000])
    """

    def __init__(self, scale: float = 1.0, scales: Sequence[float] = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)):
        super().__init__()
        self.scale, self.scales = scale, tuple(scales)

    def forward(self, u: Tensor, v: Tensor) -> Tensor:
        """One number for each pair of rows."""
        squared, expected = _squared_distance(u, v), 2 * u[0].numel() * self.scale**2
        parts = [expected * each / (expected * each + squared) for each in self.scales]
        return torch.stack(parts).sum(0)

    def extra_repr(self) -> str:
        """The settings."""
        return f"scale={self.scale}, scales={self.scales}"


def _squared_distance(u: Tensor, v: Tensor) -> Tensor:
    """``||u - v||^2``, one number a row."""
    return ((u - v) ** 2).flatten(1).sum(-1)
