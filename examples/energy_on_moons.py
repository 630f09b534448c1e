"""An energy trained by contrastive divergence: data against the end of a Langevin chain that the formula writes out.

    python examples/energy_on_moons.py          prints the distance of draws to held-out data, and writes
                                                energy_on_moons.png: the energy, the data and draws beside each other

The chain is part of the generated code, in training as in ``objective.sample(n)``, and runs from noise.
"""

from __future__ import annotations

import torch
from moons import arguments, moons, report
from PIL import Image, ImageDraw
from torch import Tensor, nn

import formula2dgm as f2d

FORMULA = r"""
\min_\theta E_{x \sim p_{data}}[E_\theta(x) + \alpha E_\theta(x)^2]
    + E[-E_\theta(sg[\tilde x_K]) + \alpha E_\theta(sg[\tilde x_K])^2]
\tilde x_k = \tilde x_{k-1} - \frac{\lambda}{2} \nabla_x E_\theta(\tilde x_{k-1}) + \omega_k
\omega_k \sim N(0, \lambda I)
\tilde x_0 \sim N(0, I)
x \in \mathbb{R}^2
K = 60; \lambda = 0.01; \alpha = 0.0001
"""


def energy(hidden: int = 128) -> nn.Module:
    """A smooth network of a point: a chain goes along its slope."""
    return nn.Sequential(nn.Linear(2, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 1))


def fit(x: Tensor, steps: int, batch: int = 256) -> f2d.Objective:
    """The objective with its trained energy."""
    net = energy()
    objective = f2d.compile(FORMULA, {r"E_\theta": net})
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        loss = objective(x=x[torch.randint(len(x), (batch,))]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return objective


def draw(net: nn.Module, panels: list[Tensor], path: str, size: int = 300, reach: float = 2.4) -> None:
    """What the energy says of the plane, dark where it is likely, and samples beside it as points."""
    image = Image.new("RGB", ((len(panels) + 1) * size, size), "white")
    across = torch.linspace(-reach, reach, size)
    grid = torch.stack(torch.meshgrid(across, -across, indexing="xy"), dim=-1)
    with torch.no_grad():
        height = net(grid.reshape(-1, 2)).reshape(size, size)
    shade = 1 - torch.exp(height.min() - height)
    image.paste(Image.fromarray((255 * shade).byte().numpy()), (0, 0))
    pen = ImageDraw.Draw(image)
    for place, points in enumerate(panels, 1):
        for u, v in ((points / reach + 1) / 2 * size).tolist():
            if 0 <= u < size:
                pen.point((place * size + u, size - v), fill="#1f77b4" if place == 1 else "#d62728")
    image.save(path)


def main() -> None:
    given = arguments(__doc__, "energy_on_moons.png", epochs=64)
    (x, _), (kept, _) = moons(4000, seed=0), moons(2000, seed=1)
    objective = fit(x, steps=given.epochs * len(x) // 256)
    made = objective.sample(2000)["x"]
    report({"data": x[:2000], "draws": made, "noise": torch.randn(2000, 2)}, kept)
    draw(objective.E_theta, [kept, made], given.o)
    print(f"wrote {given.o}: the energy, data that were kept, draws")


if __name__ == "__main__":
    main()
