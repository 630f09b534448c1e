r"""The score of two moons under noise that an equation in differentials adds, trained and sampled from its formula.

python examples/score_on_moons.py     prints how far the samples of each way are from data that were kept, and writes
                                      score_on_moons.png
"""

from __future__ import annotations

import torch
from moons import Network, arguments, draw, moons, report
from torch import Tensor, nn

import formula2dgm as f2d

FORMULA = [
    r"\min_\theta \mathbb{E}_{t, x_0} \mathbb{E}_{x_t \sim p_{0t}(x_t|x_0)}"
    r"\left[\lambda(t) \| s_\theta(x_t, t) - \nabla_{x_t} \log p_{0t}(x_t|x_0) \|^2\right]",
    r"dx = -\tfrac12 \beta(t)\, x\, dt + \sqrt{\beta(t)}\, dw, \quad \beta(t) = 0.1 + 19.9\, t",
    r"\lambda(t) = 1 - e^{-\int_0^t \beta(s)\, ds}",
    r"t \sim \mathcal{U}(10^{-3}, 1), \quad x_0 \sim p_{data}, \quad x_0 \in \mathbb{R}^2",
]
WAYS = {
    "backwards in time, 200 steps": {"eta": 1.0, "steps": 200},
    "the flow of probability, 50 steps": {"steps": 50},
    "Heun, 20 steps": {"order": 2, "steps": 20},
}


class Score(nn.Module):
    """A score: what a network says of the noise, over the deviation of the noise."""

    def __init__(self) -> None:
        super().__init__()
        self.body = Network(span=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        deviation = (1 - torch.exp(-0.1 * t - 9.95 * t**2)).sqrt()
        return -self.body(x, t) / deviation[:, None]


def fit(x: Tensor, epochs: int) -> f2d.Objective:
    """The objective, trained."""
    objective = f2d.compile(FORMULA, {r"s_\theta": Score()})
    f2d.fit(objective, {"x_0": x}, epochs=epochs, batch_size=256, lr=2e-3, progress=False)
    return objective


def main() -> None:
    given = arguments(__doc__, "score_on_moons.png", epochs=800)
    (x, _), (kept, _) = moons(4000, seed=0), moons(2000, seed=1)
    objective = fit(x, given.epochs)
    sets = {name: objective.sample(2000, **way)["x_0"] for name, way in WAYS.items()}
    report({"data": x[:2000], **sets}, kept)
    draw({"data": kept, **sets}, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
