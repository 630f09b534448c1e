r"""An autoregressive model of the digits' 17 grey levels, pixel by pixel: a small PixelCNN, in a raster scan.

    python examples/autoregression_on_digits.py     prints bits a pixel and writes autoregression_on_digits.png: digits
                                                    that are drawn pixel by pixel

The network masks its convolutions itself, so that its result at a pixel reads the pixels before it alone: it is bound
as ``f2d.Masked(network)``, and the first batch is checked. One call scores all pixels; drawing takes one call a pixel.
"""

from __future__ import annotations

import argparse

import torch
from digits import digits, grid
from torch import Tensor, nn

import formula2dgm as f2d

LEVELS = 17
FORMULA = r"""
\min_\theta -\frac1D E_{p_{data}(x)}[\log_2 p_\theta(x)]
p_\theta(x) = \prod_{i=1}^D p_\theta(x_i \mid x_1, \dots, x_{i-1})
x_i \in \{0, \dots, 16\}
D = 64
"""


class MaskedConv(nn.Conv2d):
    """A convolution that reads the pixels above and to the left; the pixel itself only behind the first layer."""

    def __init__(self, inputs: int, outputs: int, size: int, first: bool = False) -> None:
        super().__init__(inputs, outputs, size, padding=size // 2)
        mask = torch.ones(size, size)
        mask[size // 2, size // 2 + (not first) :] = 0
        mask[size // 2 + 1 :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class Block(nn.Module):
    """A residual block of a masked convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.ReLU(), MaskedConv(width, width, 3), nn.ReLU(), nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x)


class PixelCNN(nn.Module):
    """The logits of the grey levels of all pixels, [n, 64, 17], from the pixels [n, 64]."""

    def __init__(self, width: int = 48, blocks: int = 4) -> None:
        super().__init__()
        body = [Block(width) for _ in range(blocks)]
        self.net = nn.Sequential(MaskedConv(2, width, 5, first=True), *body, nn.ReLU(), nn.Conv2d(width, LEVELS, 1))

    def forward(self, x: Tensor) -> Tensor:
        image = x.view(-1, 1, 8, 8) / (LEVELS - 1)
        return self.net(torch.cat([image, torch.ones_like(image)], 1)).flatten(2).transpose(1, 2)


def grey(parts: dict[str, Tensor]) -> Tensor:
    """The grey levels 0 to 16 of images in [0, 1]."""
    return (parts["x"] * (LEVELS - 1)).round().long()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="autoregression_on_digits.png", help="where the picture goes")
    given = parser.parse_args()
    train, kept = map(grey, digits(binary=False))
    torch.manual_seed(given.seed)
    density = f2d.Categorical(logits=f2d.Masked(PixelCNN()))
    objective = f2d.compile(FORMULA, {r"p_\theta(x_i|x_{<i})": density})
    f2d.fit(objective, train, epochs=given.epochs, lr=2e-3, progress=False)
    print(f"validation: {f2d.evaluate(objective, kept)['loss']:.2f} bits a pixel")
    with torch.no_grad():
        drawn = objective.sample(30)["x"]
    grid(drawn / (LEVELS - 1), given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
