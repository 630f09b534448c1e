"""Small networks in double precision for the numeric tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Gaussian(nn.Module):
    """A dict with loc and log_scale, from any number of inputs side by side."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.loc = nn.Linear(inputs, outputs)
        self.log_scale = nn.Linear(inputs, outputs)

    def forward(self, *given: Tensor) -> dict[str, Tensor]:
        assert len({len(each) for each in given}) == 1, "every input has the same number of rows"
        assert all(each.dim() == 2 for each in given), "a network is given [n, event]"
        h = torch.cat(given, dim=1)
        return {"loc": torch.tanh(self.loc(h)), "log_scale": 0.3 * torch.tanh(self.log_scale(h))}


class Logits(nn.Module):
    """One tensor, from any number of inputs side by side."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, *given: Tensor) -> Tensor:
        assert all(each.dim() == 2 for each in given), "a network is given [n, event]"
        return self.layer(torch.cat(given, dim=1))


class AtTime(nn.Module):
    """A vector of the size of x, from x and a time of which ``span`` is the unit."""

    def __init__(self, size: int, span: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.span = span
        self.layer = nn.Linear(size + 1, size).double()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return torch.tanh(self.layer(torch.cat([x, t[:, None].to(x.dtype) / self.span], 1)))


def energy(size: int) -> nn.Sequential:
    """A smooth number of each point."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(size, 8), nn.Tanh(), nn.Linear(8, 1)).double()
