"""A recurrent layer that runs from the last step to the first."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Reversed(nn.Module):
    """Runs a recurrent layer from the last step to the first: ``f`` of ``b_t = f(x_{t:T})``.

    >>> import torch
    >>> network = Reversed(nn.GRU(4, 3, batch_first=True))
    >>> x, other = torch.randn(2, 2, 6, 4)
    >>> other[:, 2:] = x[:, 2:]
    >>> bool(torch.equal(network(x)[:, 2:], network(other)[:, 2:]))
    True
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, *args: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The results of all steps, ``[n, steps, ...]``; each reads its own step and those after it, up to the last
        of its sequence where ``lengths`` are given."""
        count, steps = args[0].shape[:2]
        last = args[0].new_full((count,), steps, dtype=torch.long) if lengths is None else lengths.long()
        rows = torch.arange(count, device=args[0].device)[:, None]
        order = (last[:, None] - 1 - torch.arange(steps, device=args[0].device)) % steps
        output = self.network(*(each[rows, order] for each in args))
        result: Tensor = output[0] if isinstance(output, tuple) else output
        return result[rows, order]
