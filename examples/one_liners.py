"""Four ready models, each one formula: maximum likelihood, a variational autoencoder, variational inference, a GAN.

    python examples/one_liners.py               trains each on digits and prints its loss before and after
"""

from __future__ import annotations

import argparse

import torch
from digits import digits
from torch import Tensor, nn

import formula2dgm as f2d

#: The formula of each, and the names in it that stand for networks or a prior.
MODELS = {
    "maximum likelihood": (r"\log p(y|x)", ["p(y|x)"]),
    "variational autoencoder": (r"E_{q(z|x)}[\log p(x|z)] - KL[q(z|x) \| p(z)]", ["q(z|x)", "p(x|z)", "p(z)"]),
    "variational inference": (r"E_{q(z|x)}[\log p(x, z) - \log q(z|x)]", ["q(z|x)", "p(x|z)", "p(z)"]),
    "GAN": (r"\min_G \max_D E_{p_{data}(x)}[\log D(x)] + E_{p(z)}[\log(1 - D(G(z)))]", ["G", "D", "p(z)"]),
}


class Gaussian(nn.Module):
    """The parameters of a Normal over a code of 8 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.loc, self.log_scale = nn.Linear(64, 64), nn.Linear(64, 8), nn.Linear(64, 8)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = torch.relu(self.body(x))
        return {"loc": self.loc(h), "log_scale": self.log_scale(h)}


def network(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))


def bound_to() -> dict[str, object]:
    """What the names stand for."""
    return {
        "p(y|x)": f2d.Categorical(network(64, 10)),
        "q(z|x)": f2d.Normal(Gaussian()),
        "p(x|z)": f2d.Bernoulli(network(8, 64)),
        "p(z)": f2d.Normal(loc=0.0, scale=1.0, event_shape=8),
        "G": nn.Sequential(network(8, 64), nn.Sigmoid()),
        "D": f2d.Sigmoid(network(64, 1)),
    }


def fit(model: str, data: dict[str, Tensor], epochs: int) -> list[dict[str, float]]:
    """The history of a model's training."""
    formula, names = MODELS[model]
    objective = f2d.compile(formula, {name: each for name, each in bound_to().items() if name in names})
    return f2d.fit(objective, data, epochs=epochs, progress=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    train, _ = digits()
    for model in MODELS:
        torch.manual_seed(0)
        history = fit(model, train, given.epochs)
        losses = [key for key in history[0] if key.endswith("loss")]
        said = "; ".join(f"{key} {history[0][key]:.3f} to {history[-1][key]:.3f}" for key in losses)
        print(f"{model}: {said}")


if __name__ == "__main__":
    main()
