"""A VQ-VAE (vq_vae.tex) with convolutions: each of the four corners of a digit becomes one of 64 embeddings.

    python examples/vq_vae_on_digits.py         prints two figures and writes vq_vae_on_digits.png: digits, and
                                                below them what the decoder makes of their four codes

The encoder's output has an axis of positions; the formula is the same, as the codebook's rows are compared at each.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from digits import digits, grid
from torch import Tensor, nn

import formula2dgm as f2d

VQ_VAE = Path(__file__).with_name("vq_vae.tex")
CODES, SIZE, POSITIONS = 64, 16, 4


class Encoder(nn.Module):
    """z_e(x) [batch, positions, size]: positions first, the entries of a code last."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Unflatten(1, (1, 8, 8)),
            nn.Conv2d(1, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * width, SIZE, 1),
            nn.Flatten(2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x).transpose(1, 2)


def decoder(hidden: int = 256) -> nn.Module:
    """The logits of p(x|z) from the codes of all positions."""
    return nn.Sequential(nn.Flatten(), nn.Linear(POSITIONS * SIZE, hidden), nn.ReLU(), nn.Linear(hidden, 64))


def fit(x: Tensor, epochs: int) -> tuple[f2d.Objective, nn.Module, nn.Module, nn.Parameter]:
    """The trained objective, its encoder and decoder, and the codebook."""
    encoder, made, book = Encoder(), decoder(), nn.Parameter(torch.randn(CODES, SIZE) / CODES)
    objective = f2d.compile(VQ_VAE, {"z_e": encoder, r"p_\theta(x|z)": f2d.Bernoulli(made), "e": book})
    f2d.fit(objective, x, epochs=epochs, lr=2e-3, progress=False)
    return objective, encoder, made, book


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="vq_vae_on_digits.png", help="where the picture goes")
    given = parser.parse_args()
    train, kept = digits()
    torch.manual_seed(given.seed)
    objective, encoder, made, book = fit(train["x"], given.epochs)
    print(f"validation: loss {f2d.evaluate(objective, kept['x'])['loss']:.2f} nats an image")
    with torch.no_grad():
        codes = torch.cdist(encoder(kept["x"]), book).argmin(-1)
        again = torch.sigmoid(made(book[codes[:30]]))
    print(f"{len(codes.unique())} of {CODES} codes are in use")
    pairs = torch.stack([kept["x"][:30].view(3, 10, 64), again.view(3, 10, 64)], 1)
    grid(pairs.reshape(60, 64), given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
