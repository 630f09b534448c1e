r"""Two flows from noise to two moons: noise and data drawn each by itself, and by the plan of each batch.

python examples/couplings_on_moons.py     prints how straight the ways of both are, and how far their samples are from
                                          data that were kept, and writes couplings_on_moons.png
"""

from __future__ import annotations

import torch
from moons import Network, arguments, draw, mmd, moons
from torch import Tensor

import formula2dgm as f2d

FORMULA = [
    r"\min_\theta \mathbb{E}_{t, (x_0, x_1) \sim \pi}\left[\| v_\theta(x_t, t) - (x_1 - x_0) \|^2\right]",
    r"x_t = (1 - t)\, x_0 + t\, x_1, \quad t \sim \mathcal{U}(0, 1), \quad x_1 \in \mathbb{R}^2",
    r"\pi = \arg\min_{\pi \in \Pi(q_0, q_1)} \mathbb{E}_\pi \| x_0 - x_1 \|^2, \quad q_0 = \mathcal{N}(0, I)",
]
INDEPENDENT = [
    FORMULA[0].replace(r"(x_0, x_1) \sim \pi", "x_0, x_1"),
    FORMULA[1],
    r"x_0 \sim \mathcal{N}(0, I), \quad x_1 \sim p_{data}",
]
FORMULAS = {"each by itself": INDEPENDENT, "by the plan of a batch": FORMULA}
STEPS = (1, 2, 4, 10)


def fit(formula: list[str], x: Tensor, epochs: int) -> f2d.Objective:
    """The objective, trained."""
    objective = f2d.compile(formula, {r"v_\theta": Network(span=1.0)})
    f2d.fit(objective, {"x_1": x}, epochs=epochs, batch_size=128, lr=2e-3, progress=False)
    return objective


@torch.no_grad()
def curvature(objective: f2d.Objective, noise: Tensor, steps: int = 100) -> float:
    """By how much the ways from noise are longer than the straight lines between their ends, on average."""
    x, length = noise, torch.zeros(len(noise))
    for k in range(steps):
        data, eps = objective.denoise(x, torch.full((len(x),), k / steps))
        x = x + (move := (data - eps) / steps)
        length = length + move.norm(dim=1)
    return (length.sum() / (x - noise).norm(dim=1).sum()).item() - 1


def main() -> None:
    given = arguments(__doc__, "couplings_on_moons.png", epochs=60)
    (x, _), (kept, _) = moons(4000, seed=0), moons(2000, seed=1)
    noise, pictures = torch.randn(2000, 2), {"data": kept}
    for name, formula in FORMULAS.items():
        torch.manual_seed(given.seed)
        objective = fit(formula, x, given.epochs)
        print(f"{name}: the ways are {100 * curvature(objective, noise):.1f} % longer than straight lines")
        sets = {steps: objective.sample(2000, steps=steps, noise={"x_1": noise})["x_1"] for steps in STEPS}
        far = (f"{mmd(each, kept):.4f} in {steps} steps" for steps, each in sets.items())
        print(f"  MMD^2 to data that were kept: {', '.join(far)}")
        pictures |= {f"{name}, {steps} steps": sets[steps] for steps in (2, 10)}
    draw(pictures, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
