"""A module whose weights are an argument: ``f(x, w)``, where w is drawn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Functional(nn.Module):
    """The results of a module for weights that it is given, all of them in one vector: ``[n, weights]``.

    The module's own weights say only how many there are, ``size``, and are not trained.

    >>> import torch
    >>> network = Functional(nn.Linear(3, 2))
    >>> network.size
    8
    >>> x, w = torch.randn(5, 3), torch.randn(8)
    >>> bool(torch.allclose(network(x, w.expand(5, 8)), x @ w[:6].reshape(2, 3).T + w[6:]))
    True
    """

    def __init__(self, module: nn.Module):
        super().__init__()
        self.hidden = (module,)  # in a tuple: its weights are no parameters of this one
        self.shapes = {name: each.shape for name, each in module.named_parameters()}
        self.size = sum(shape.numel() for shape in self.shapes.values())

    def forward(self, x: Tensor, w: Tensor) -> Any:
        """The module's results, each with weights of its own; with one set of weights for all, in one call."""
        if w.shape[-1] != self.size:
            raise ValueError(f"the module has {self.size} weights, but is given {w.shape[-1]}")
        if w.dim() == 1 or w.stride(0) == 0 or len(w) == 1:
            return functional_call(self.hidden[0], self._named(w.reshape(-1, self.size)[0] if w.dim() > 1 else w), (x,))
        return torch.vmap(self._alone, randomness="different")(x, w)

    def _alone(self, x: Tensor, w: Tensor) -> Any:
        return functional_call(self.hidden[0], self._named(w), (x.unsqueeze(0),))[0]

    def _named(self, w: Tensor) -> dict[str, Tensor]:
        """The weights by name."""
        parts = w.split([shape.numel() for shape in self.shapes.values()])
        return {name: part.reshape(shape) for part, (name, shape) in zip(parts, self.shapes.items(), strict=True)}
