r"""A continuous normalising flow on two moons: the density of held-out points is exact up to the steps of the solver.

python examples/continuous_flow_on_moons.py     prints the log-likelihood of data that were kept, by more and more
                                                steps, and how far samples are from them; writes
                                                continuous_flow_on_moons.png
"""

from __future__ import annotations

import torch
from moons import Network, arguments, draw, moons, report
from torch import Tensor

import formula2dgm as f2d

FORMULA = [
    r"\max_\theta \mathbb{E}_{p_{data}(x)}\left[\log p(x) - \lambda \int_0^1 \| f_\theta(z(t), t) \|^2\, dt\right]",
    r"\log p(x) = \log p(z(0)) - \int_0^1 \mathrm{tr}\left(\frac{\partial f_\theta}{\partial z(t)}\right) dt",
    r"\frac{dz(t)}{dt} = f_\theta(z(t), t), \quad z(1) = x, \quad z(0) \sim \mathcal{N}(0, I)",
    r"\lambda = 0.01, \quad x \in \mathbb{R}^2",
]
DENSITY = [r"\log p(x)", *FORMULA[2:3], r"x \in \mathbb{R}^2"]


def fit(x: Tensor, epochs: int) -> tuple[f2d.Objective, Network]:
    """The objective, trained by few steps of the solver, and the field that it trains."""
    field = Network(span=1.0, hidden=64)
    objective = f2d.compile(FORMULA, {r"f_\theta": field}, solver_steps=6)
    f2d.fit(objective, {"x": x}, epochs=epochs, batch_size=256, lr=3e-3, progress=False)
    return objective, field


def main() -> None:
    given = arguments(__doc__, "continuous_flow_on_moons.png", epochs=40)
    x, kept = moons(4000, seed=0)[0], moons(2000, seed=1)[0]
    objective, field = fit(x, given.epochs)
    sets = {"6 steps": objective.sample(2000)["x"]}
    for steps in (6, 12, 24, 48):
        density = f2d.compile(DENSITY, {r"f_\theta": field}, solver_steps=steps)
        with torch.no_grad():
            print(f"log p(x) of data that were kept, {steps} steps: {density(x=kept).value.item():.4f}")
            if steps == 24:
                sets["24 steps"] = density.sample(2000)["x"]
    report({"data": x[:2000], **sets}, kept)
    draw({"data": kept, **sets}, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
