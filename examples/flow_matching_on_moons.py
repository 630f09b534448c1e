r"""A flow from noise to two moons, given which of the two; the condition is left out at times, for guidance.

python examples/flow_matching_on_moons.py     prints how far the samples of each way are from data that were kept,
                                              and writes flow_matching_on_moons.png
"""

from __future__ import annotations

from moons import Network, arguments, draw, moons, report
from torch import Tensor
from torch.nn.functional import one_hot

import formula2dgm as f2d

FORMULA = [
    r"\min_\theta \mathbb{E}_{t, x_0, x_1, y}\left[\| v_\theta(x_t, t, b y) - (x_1 - x_0) \|^2\right]",
    r"x_t = (1 - t)\, x_0 + t\, x_1, \quad t \sim \mathcal{U}(0, 1), \quad b \sim \mathrm{Bernoulli}(0.9)",
    r"x_0 \sim \mathcal{N}(0, I), \quad x_1 \sim p_{data}, \quad x_1 \in \mathbb{R}^2, \quad y \in \mathbb{R}^2",
]
WAYS = {
    "Euler, 10 steps": {"steps": 10},
    "Heun, 5 steps": {"steps": 5, "order": 2},
    "Heun, 20 steps": {"steps": 20, "order": 2},
}


def fit(x: Tensor, y: Tensor, epochs: int) -> f2d.Objective:
    """The objective, trained."""
    objective = f2d.compile(FORMULA, {r"v_\theta": Network(span=1.0, conditions=2)})
    f2d.fit(objective, {"x_1": x, "y": y}, epochs=epochs, batch_size=256, lr=2e-3, progress=False)
    return objective


def main() -> None:
    given = arguments(__doc__, "flow_matching_on_moons.png", epochs=400)
    (x, labels), (kept, of_kept) = moons(4000, seed=0), moons(2000, seed=1)
    objective = fit(x, one_hot(labels, 2).float(), given.epochs)
    y = one_hot(of_kept, 2).float()
    sets = {name: objective.sample(y=y, **way)["x_1"] for name, way in WAYS.items()}
    report({"data": x[:2000], **sets}, kept)
    upper = {
        f"one moon, guidance {guidance:g}": objective.sample(y=y[of_kept == 0], steps=20, order=2, guidance=guidance)
        for guidance in (0.0, 1.0)
    }
    halves = {name: each["x_1"] for name, each in upper.items()}
    report(halves, kept[of_kept == 0])
    draw({"data": kept, **sets, **halves}, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
