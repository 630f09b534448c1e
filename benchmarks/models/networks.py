"""Networks that several models share: one hidden layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Encoder(nn.Module):
    """The location and scale of a Normal, from one or several vectors."""

    def __init__(self, inputs: int, h: int, z: int):
        super().__init__()
        self.body, self.loc, self.scale = nn.Linear(inputs, h), nn.Linear(h, z), nn.Linear(h, z)

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.body(given[0] if len(given) == 1 else torch.cat(given, -1)))
        return self.loc(hidden), functional.softplus(self.scale(hidden))


class Perceptron(nn.Sequential):
    """One vector from one or several: logits, a classifier's scores, a prediction."""

    def __init__(self, inputs: int, h: int, outputs: int):
        super().__init__(nn.Linear(inputs, h), nn.ReLU(), nn.Linear(h, outputs))

    def forward(self, *given: Tensor) -> Tensor:
        found: Tensor = super().forward(given[0] if len(given) == 1 else torch.cat(given, -1))
        return found


class Autoencoder(nn.Module):
    """An encoder and a decoder, as torch initialises them."""

    def __init__(self, x: int, h: int, z: int):
        super().__init__()
        self.encoder, self.decoder = Encoder(x, h, z), Perceptron(z, h, x)
