"""Generative adversarial networks on digits: gan.tex, non_saturating_gan.tex or wgan_gp.tex with networks of one's own.

    python examples/gans_on_digits.py                     prints two figures and writes non_saturating_gan.png
    python examples/gans_on_digits.py --game wgan_gp

The figures: how far samples are from the nearest training image, beside how far held-out images are; and how many of
the ten classes are drawn, each sample being of the class of its nearest training image.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import torch
from digits import digits, grid
from torch import Tensor, nn

import formula2dgm as f2d

GAMES = ("gan", "non_saturating_gan", "wgan_gp")
CODE = 16


def generator(width: int = 128) -> nn.Module:
    return nn.Sequential(
        nn.Linear(CODE, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 64),
        nn.Sigmoid(),
    )


def critic(width: int = 128, dropout: float = 0.0) -> nn.Module:
    """A number for each image; dropout keeps a discriminator from knowing its few examples by heart."""
    return nn.Sequential(
        nn.Linear(64, width),
        nn.LeakyReLU(0.2),
        nn.Dropout(dropout),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Dropout(dropout),
        nn.Linear(width, 1),
    )


def fit(game: str, x: Tensor, epochs: int) -> nn.Module:
    """The generator of a game, trained; a discriminator under a logarithm is a sigmoid of the network."""
    wasserstein = game == "wgan_gp"
    made, judge = generator(), critic(dropout=0.0 if wasserstein else 0.5)
    path = Path(__file__).with_name(f"{game}.tex")
    objective = f2d.compile(path, {"G": made, "D": judge if wasserstein else f2d.Sigmoid(judge)})
    f2d.fit(
        objective,
        x,
        epochs=epochs,
        lr=1e-3 if wasserstein else {"D": 2e-3, "G": 2e-4},
        steps={"D": 3 if wasserstein else 1},
        optimizer=partial(torch.optim.Adam, betas=(0.5, 0.9)),
        progress=False,
    )
    return made


def nearest(x: Tensor, data: dict[str, Tensor]) -> tuple[float, int]:
    """The mean distance to the nearest training image, and how many classes these have."""
    distance, row = torch.cdist(x, data["x"]).min(-1)
    return distance.mean().item(), len(data["y"][row].unique())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", choices=GAMES, default="non_saturating_gan")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", help="where the picture goes (the game's name)")
    given = parser.parse_args()
    train, kept = digits(binary=False)
    torch.manual_seed(given.seed)
    made = fit(given.game, train["x"], given.epochs)
    with torch.no_grad():
        x = made(torch.randn(1000, CODE))
    distance, classes = nearest(x, train)
    others, _ = nearest(kept["x"], train)
    print(f"{given.game}: distance to the nearest digit {distance:.2f} (of held-out digits {others:.2f})")
    print(f"classes drawn: {classes} of 10")
    path = given.o or f"{given.game}.png"
    grid(x[:50], path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
