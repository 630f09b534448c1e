"""Networks of the models that a default network does not suit."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

import formula2dgm as f2d
from formula2dgm import flows

CLASSES = 4


class Joined(nn.Module):
    """A linear layer of its inputs side by side, classes as unit vectors; a probability without ``out``."""

    def __init__(self, inputs: int, out: int = 0) -> None:
        super().__init__()
        self.layer, self.number = nn.Linear(inputs, max(out, 1)), not out

    def forward(self, *inputs: Tensor) -> Tensor:
        parts = [each if each.is_floating_point() else functional.one_hot(each, CLASSES) for each in inputs]
        out = self.layer(torch.cat(parts, -1))
        return torch.sigmoid(out.squeeze(-1)) if self.number else torch.tanh(out)


class Spread(nn.Module):
    """A location and a scale from inputs side by side."""

    def __init__(self, inputs: int, out: int) -> None:
        super().__init__()
        self.loc, self.scale = Joined(inputs, out), Joined(inputs, out)

    def forward(self, *inputs: Tensor) -> dict[str, Tensor]:
        return {"loc": self.loc(*inputs), "scale": self.scale(*inputs).exp()}


def semi_supervised() -> dict[str, object]:
    """M2's: a class is a unit vector where it is data, and a relaxed one where it is drawn."""
    return {
        "pi": nn.Sequential(nn.Linear(6, CLASSES), nn.Softmax(-1)),
        "q(z|x, y)": f2d.Normal(Spread(6 + CLASSES, 3)),
        "p(x|z, y)": f2d.Bernoulli(Joined(3 + CLASSES, 6)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=3),
    }


def two_levels() -> dict[str, object]:
    """HRSSM's boundaries and states."""
    return {"a": Joined(4), "b": Joined(4), "f": Joined(7, 4), "u": Joined(7, 4), "w": Joined(10, 4)}


def glow() -> dict[str, object]:
    """Squeeze, then ActNorm, an invertible convolution and a coupling, and back."""
    channels = 8
    net = nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.Tanh(), nn.Conv2d(8, 2 * channels, 3, padding=1))
    inner = (flows.ActNorm(channels), flows.Conv1x1(channels), flows.AffineCoupling(flows.channel_mask(channels), net))
    return {"f": flows.Compose(flows.Squeeze(), *inner, flows.Unsqueeze())}
