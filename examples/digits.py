"""The 1,797 digits of 8 x 8 pixels that scikit-learn ships, and pictures of them: what the scripts beside share."""

from __future__ import annotations

import torch
from PIL import Image
from sklearn.datasets import load_digits
from torch import Tensor

EXAMPLES = 1500  # to train on; the other 297 are kept for validation


def digits(binary: bool = True, seed: int = 0) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Examples to train on and examples kept for validation: images x [n, 64] in [0, 1], their labels y [n].

    binary: a pixel is 1 where its grey level is above half, else 0.
    """
    pixels, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)
    if binary:
        x = (x > 0.5).float()
    rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    parts = rows[:EXAMPLES], rows[EXAMPLES:]
    train, kept = ({"x": x[part], "y": y[part]} for part in parts)
    return train, kept


def grid(images: Tensor, path: str, columns: int = 10, zoom: int = 5) -> None:
    """Images [n, 64] in rows of ``columns``, ink black on white."""
    rows = -(-len(images) // columns)
    sheet = torch.zeros(rows * columns, 9, 9)
    sheet[: len(images), :8, :8] = images.detach().reshape(-1, 8, 8).clamp(0, 1)
    whole = sheet.reshape(rows, columns, 9, 9).transpose(1, 2).reshape(9 * rows, 9 * columns)
    picture = Image.fromarray((255 * (1 - whole)).byte().numpy())
    picture.resize((9 * columns * zoom, 9 * rows * zoom), Image.Resampling.NEAREST).save(path)
