"""Codes of digits that no label has taught: two views of an image are to lie closer than views of others.

    python examples/contrastive_on_digits.py    prints how well nearest neighbours and a linear probe tell the classes
                                                from the codes, before and after, and writes contrastive_on_digits.png:
                                                the codes along their two main directions, a colour a class

A view is the image moved by a pixel or none each way, with some of its pixels hidden.
"""

from __future__ import annotations

import argparse

import torch
from digits import digits
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

import formula2dgm as f2d

TEXT = [
    r"\min -\frac{1}{2N} \sum_i \left[\log \frac{e^{s_{ii}}}{\sum_j e^{s_{ij}}}"
    r" + \log \frac{e^{s_{ii}}}{\sum_j e^{s_{ji}}}\right]",
    r"s_{ij} = \mathrm{sim}(f(x_i), f(x'_j)) / \tau; \tau = 0.2",
]
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#555555", "#bcbd22", "#17becf")


def encoder(size: int = 8, hidden: int = 256) -> nn.Module:
    layers = (nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, size))
    return nn.Sequential(*layers)


def view(x: Tensor, hidden: float = 0.25) -> Tensor:
    """Images moved by up to a pixel each way, each its own, some pixels hidden."""
    padded = nn.functional.pad(x.reshape(-1, 8, 8), (1, 1, 1, 1))
    across, down = torch.randint(0, 3, (2, len(x), 1, 1))
    rows = torch.arange(8).reshape(1, 8, 1) + down
    moved = padded[torch.arange(len(x)).reshape(-1, 1, 1), rows, torch.arange(8).reshape(1, 1, 8) + across]
    return moved.reshape(-1, 64) * (torch.rand(len(x), 64) > hidden)


def fit(f: nn.Module, x: Tensor, epochs: int, batch: int = 250) -> list[float]:
    """Train the encoder on pairs of views; the loss of each epoch."""
    objective = f2d.compile(TEXT, {"f": f})
    optimiser = torch.optim.Adam(objective.parameters(), lr=1e-3)
    history = []
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(x)).split(batch):
            loss = objective(x=view(x[rows]), x_prime=view(x[rows])).loss
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        history.append(sum(losses) / len(losses))
    return history


def neighbours(codes: Tensor, labels: Tensor, kept: Tensor, truth: Tensor) -> float:
    """How often the nearest code has the same class."""
    nearest = (normalize(kept, dim=1) @ normalize(codes, dim=1).T).argmax(1)
    return (labels[nearest] == truth).float().mean().item()


def probe(codes: Tensor, labels: Tensor, kept: Tensor, truth: Tensor) -> float:
    """The accuracy of a linear classifier of the codes."""
    linear = nn.Linear(codes.shape[1], 10)
    optimiser = torch.optim.LBFGS(linear.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimiser.zero_grad()
        loss = cross_entropy(linear(codes), labels) + 1e-4 * linear.weight.square().sum()
        loss.backward()
        return loss.item()

    optimiser.step(closure)
    return (linear(kept).argmax(1) == truth).float().mean().item()


def measured(f: nn.Module, train: dict[str, Tensor], kept: dict[str, Tensor]) -> tuple[float, float]:
    """Accuracies of nearest neighbours and of the linear probe."""
    with torch.no_grad():
        codes, others = (normalize(f(each["x"]), dim=1) for each in (train, kept))
    given = codes, train["y"], others, kept["y"]
    return neighbours(*given), probe(*given)


def draw(f: nn.Module, data: dict[str, Tensor], path: str, size: int = 480) -> None:
    """The codes along their two main directions, as points."""
    with torch.no_grad():
        z = normalize(f(data["x"]), dim=1)
    z = z - z.mean(0)
    plane = z @ torch.linalg.svd(z, full_matrices=False).Vh[:2].T
    image = Image.new("RGB", (size, size), "white")
    pen, reach = ImageDraw.Draw(image), plane.abs().max().item() * 1.05
    for (across, up), label in zip(((plane / reach + 1) / 2 * size).tolist(), data["y"].tolist(), strict=True):
        pen.ellipse((across - 3, size - up - 3, across + 3, size - up + 3), fill=COLOURS[label])
    image.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="contrastive_on_digits.png", help="where the picture goes")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    train, kept = digits(binary=False)
    f = encoder()
    for when in ("before", "after"):
        if when == "after":
            print(f"loss {fit(f, train['x'], given.epochs)[-1]:.3f}")
        near, linear = measured(f, train, kept)
        print(f"{when:6} nearest neighbours {near:.3f}, linear probe {linear:.3f}")
    draw(f, kept, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
