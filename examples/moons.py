"""Two half circles in the plane, how far samples are from them, and pictures: what the scripts on moons share."""

from __future__ import annotations

import argparse

import torch
from PIL import Image, ImageDraw
from sklearn.datasets import make_moons
from torch import Tensor, nn


def moons(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points [count, 2], of mean 0 and deviation 1, and which of the two moons each is of, [count]."""
    points, labels = make_moons(count, noise=0.06, random_state=seed)
    x = torch.tensor(points, dtype=torch.float32)
    return (x - torch.tensor([0.5, 0.25])) / torch.tensor([0.87, 0.5]), torch.tensor(labels, dtype=torch.long)


class Network(nn.Module):
    """Three hidden layers of what it is given and of waves of the time t, of which ``span`` is the greatest."""

    def __init__(self, span: float, conditions: int = 0, hidden: int = 128) -> None:
        super().__init__()
        self.span = span
        layers = [nn.Linear(2 + 8 + conditions, hidden), nn.SiLU()]
        layers += [layer for _ in range(2) for layer in (nn.Linear(hidden, hidden), nn.SiLU())]
        self.body = nn.Sequential(*layers, nn.Linear(hidden, 2))

    def forward(self, x: Tensor, t: Tensor, *conditions: Tensor) -> Tensor:
        angles = (t.to(x) / self.span)[:, None] * torch.pi * 2 ** torch.arange(-1, 3, device=x.device)
        return self.body(torch.cat([x, torch.sin(angles), torch.cos(angles), *conditions], dim=1))


def mmd(x: Tensor, y: Tensor, width: float = 0.3) -> float:
    """The unbiased squared maximum mean discrepancy of two sets of points, by a Gaussian kernel."""

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-(torch.cdist(a, b) ** 2) / (2 * width**2))

    def inner(a: Tensor) -> Tensor:
        return (kernel(a, a).sum() - len(a)) / (len(a) * (len(a) - 1))

    return (inner(x) + inner(y) - 2 * kernel(x, y).mean()).item()


def arguments(about: str, picture: str, epochs: int) -> argparse.Namespace:
    """What the command line says: ``epochs``, ``seed`` (which is set) and ``o``, where the picture goes."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default=picture, help="where the picture goes")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    return given


def report(sets: dict[str, Tensor], kept: Tensor) -> None:
    """Print how far each set of points is from data that were kept."""
    for name, points in sets.items():
        print(f"MMD^2 to data that were kept, {name}: {mmd(points, kept):.5f}")


def draw(sets: dict[str, Tensor], path: str, size: int = 240, reach: float = 2.6) -> None:
    """Sets of points side by side, each under its name."""
    image = Image.new("RGB", (size * len(sets), size), "white")
    pen = ImageDraw.Draw(image)
    for place, (name, points) in enumerate(sets.items()):
        for across, up in ((points.clamp(-reach, reach) / reach + 1) / 2 * size).tolist():
            x, y = place * size + across, size - up
            pen.ellipse((x - 1, y - 1, x + 1, y + 1), fill="#1f77b4" if place else "#555555")
        pen.text((place * size + 8, 6), name, fill="black")
    image.quantize(16).save(path, optimize=True)
