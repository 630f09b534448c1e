r"""A diffusion model of two moons, trained from its formula and sampled in several ways.

python examples/diffusion_on_moons.py     prints how far the samples of each way are from data that were kept, and
                                          writes diffusion_on_moons.png
"""

from __future__ import annotations

from moons import Network, arguments, draw, moons, report
from torch import Tensor

import formula2dgm as f2d

FORMULA = [
    r"\min_\theta \mathbb{E}_{t, x_0, \epsilon}\left[\| \epsilon - \epsilon_\theta(x_t, t) \|^2\right]",
    r"x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon",
    r"\bar\alpha_t = \prod_{s=1}^t (1 - \beta_s), \quad \beta_t = 10^{-3} + 0.12\, \frac{t - 1}{T - 1}, \quad T = 100",
    r"t \sim \mathcal{U}\{1, T\}, \quad x_0 \sim p_{data}, \quad \epsilon \sim \mathcal{N}(0, I)",
    r"x_0 \in \mathbb{R}^2",
]
WAYS = {
    "ancestral, 100 steps": {},
    "DDIM, 20 steps": {"eta": 0.0, "steps": 20},
    "Heun, 10 steps": {"eta": 0.0, "order": 2, "steps": 10},
    "20 steps, 2 corrections": {"eta": 0.0, "steps": 20, "corrections": 2},
}


def fit(x: Tensor, epochs: int) -> f2d.Objective:
    """The objective, trained."""
    objective = f2d.compile(FORMULA, {r"\epsilon_\theta": Network(span=100)})
    f2d.fit(objective, {"x_0": x}, epochs=epochs, batch_size=256, lr=2e-3, progress=False)
    return objective


def main() -> None:
    given = arguments(__doc__, "diffusion_on_moons.png", epochs=800)
    (x, _), (kept, _) = moons(4000, seed=0), moons(2000, seed=1)
    objective = fit(x, given.epochs)
    sets = {name: objective.sample(2000, **way)["x_0"] for name, way in WAYS.items()}
    report({"data": x[:2000], **sets}, kept)
    draw({"data": kept, **sets}, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
