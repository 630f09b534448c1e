"""Small models of hidden bits and categories, with learned priors, in double precision."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import formula2dgm as f2d

BATCH, X, Z = 3, 4, 2


def net(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 5), nn.Tanh(), nn.Linear(5, outputs))


class Sizes(nn.Module):
    """A network of several inputs."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.net = net(inputs, outputs)

    def forward(self, *given: Tensor) -> Tensor:
        return self.net(torch.cat(given, -1))


class Gaussian(Sizes):
    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        loc, scale = super().forward(*given).chunk(2, -1)
        return loc, nn.functional.softplus(scale) + 0.1


def bits() -> dict[str, object]:
    """A model of two hidden bits."""
    return {
        "q(z|x)": f2d.Bernoulli(net(X, Z)),
        "p(x|z)": f2d.Bernoulli(net(Z, X)),
        "p(z)": f2d.Bernoulli(logits=nn.Parameter(torch.randn(Z))),
    }


def classes() -> dict[str, object]:
    """A model of one hidden category of three."""
    return {
        "q(z|x)": f2d.Categorical(net(X, 3), one_hot=True),
        "p(x|z)": f2d.Bernoulli(net(3, X)),
        "p(z)": f2d.Categorical(logits=nn.Parameter(torch.randn(3)), one_hot=True),
    }


def normals() -> dict[str, object]:
    return {
        "q(z|x)": f2d.Normal(Gaussian(X, 2 * Z)),
        "p(x|z)": f2d.Bernoulli(net(Z, X)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0),
    }


def hierarchy() -> dict[str, object]:
    """Two levels of bits."""
    return {
        "q(z_1|x)": f2d.Bernoulli(net(X, Z)),
        "q(z_2|z_1)": f2d.Bernoulli(net(Z, 1)),
        "p(x|z_1)": f2d.Bernoulli(net(Z, X)),
        "p(z_1|z_2)": f2d.Bernoulli(net(1, Z)),
        "p(z_2)": f2d.Bernoulli(logits=nn.Parameter(torch.randn(1))),
    }


def data() -> dict[str, Tensor]:
    return {"x": torch.randint(2, (BATCH, X)).double()}


def prior_of(objective: f2d.Objective) -> Tensor:
    """The learned logits of p(z)."""
    return next(each for name, each in objective.named_parameters() if "p_z" in name)
