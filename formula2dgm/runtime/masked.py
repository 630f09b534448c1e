"""A network that is masked by itself: MADE, PixelCNN, any whose result for an entry reads those before it alone."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor, nn


class Masked(nn.Module):
    """Gives a network x itself: for ``p(x_i|x_{<i})`` bound to a network whose result at i reads no entry from i on.

    Other networks are given x one entry later, a zero in front, and read it up to each place. The first argument of the
    network is x; others are handed over as they are. The last entry, which no result may read, is a zero. ``backward``:
    for ``p(x_i|x_{>i})``, of a network whose result at i reads no entry up to i; there the first entry is the zero.

    >>> import torch
    >>> network = nn.Linear(3, 3)
    >>> _ = network.weight.data.tril_(-1)
    >>> x = torch.randn(2, 3)
    >>> before = torch.cat([torch.zeros(2, 1), x[:, :-1]], dim=1)
    >>> bool(torch.equal(Masked(network)(before), network(x * torch.tensor([1, 1, 0]))))
    True
    """

    def __init__(self, network: nn.Module, *, backward: bool = False):
        super().__init__()
        self.network = network
        self.backward = backward
        self.first = next(iter(inspect.signature(network.forward).parameters), "")

    def forward(self, *args: Tensor, **named: Tensor) -> Any:
        """The results of all entries, ``[n, entries, ...]``, of x one entry later and what else the network takes."""
        if self.first in named:
            return self.network(*args, **named | {self.first: self._itself(named[self.first])})
        return self.network(self._itself(args[0]), *args[1:], **named)

    def _itself(self, x: Tensor) -> Tensor:
        """What was given one entry late, at its own places."""
        zero = torch.zeros_like(x[:, :1])
        return torch.cat([zero, x[:, :-1]] if self.backward else [x[:, 1:], zero], dim=1)
