"""The information bottleneck (information_bottleneck.tex) of two dimensions, so that it can be drawn.

    python examples/bottleneck_on_digits.py     prints the rate and the accuracy for several beta, and writes
                                                bottleneck_on_digits.png: the means of p(z|x), a colour a class

The more a nat through the bottleneck costs, the fewer pass, and the less is known of the class.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from digits import digits
from PIL import Image, ImageDraw
from torch import Tensor, nn

import formula2dgm as f2d

VIB = Path(__file__).with_name("information_bottleneck.tex")
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#555555", "#bcbd22", "#17becf")


class Encoder(nn.Module):
    """The mean and the scale of the code of an image."""

    def __init__(self, size: int = 2, hidden: int = 256) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.loc, self.log_scale = nn.Linear(hidden, size), nn.Linear(hidden, size)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        h = self.body(x)
        return {"loc": self.loc(h), "log_scale": self.log_scale(h)}


def fit(data: dict[str, Tensor], beta: float, epochs: int) -> tuple[f2d.Objective, nn.Module, nn.Module]:
    """The trained objective, its encoder, and its classifier of codes."""
    encoder, classifier = Encoder(), nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 10))
    bindings = {"p(z|x)": f2d.Normal(encoder), "q(y|z)": f2d.Categorical(classifier), "beta": beta}
    objective = f2d.compile(VIB, bindings, dims={"z": 2})
    f2d.fit(objective, data, epochs=epochs, progress=False)
    return objective, encoder, classifier


def draw(z: Tensor, y: Tensor, path: str, size: int = 480) -> None:
    """Codes in the plane as points."""
    image = Image.new("RGB", (size, size), "white")
    pen, reach = ImageDraw.Draw(image), z.abs().max().item() * 1.05
    for (across, up), label in zip(((z / reach + 1) / 2 * size).tolist(), y.tolist(), strict=True):
        pen.ellipse((across - 3, size - up - 3, across + 3, size - up + 3), fill=COLOURS[label])
    image.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="bottleneck_on_digits.png", help="where the picture goes")
    given = parser.parse_args()
    train, kept = digits(binary=False)
    for beta in (1.0, 0.3, 0.1, 0.01):
        torch.manual_seed(given.seed)
        objective, encoder, classifier = fit(train, beta, given.epochs)
        rate = next(value for name, value in f2d.evaluate(objective, kept).items() if name.startswith("KL"))
        with torch.no_grad():
            z = encoder(kept["x"])["loc"]
            right = (classifier(z).argmax(-1) == kept["y"]).float().mean().item()
        print(f"beta {beta:<5} rate {rate:5.2f} nats, accuracy {right:.3f}")
    draw(z, kept["y"], given.o)
    print(f"wrote {given.o}, the last of these")


if __name__ == "__main__":
    main()
