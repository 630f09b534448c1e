r"""Bayes by backprop: a network of drawn weights, fitted to points with a gap, and how sure it is between them.

    python examples/bayesian_regression.py      prints the loss and writes bayesian_regression.png: the points, and the
                                                mean and two standard deviations of what the network predicts

Every minibatch has one draw of the weights; its mean log-likelihood counts N times, the divergence once.
"""

from __future__ import annotations

import argparse

import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

import formula2dgm as f2d

NOISE = 0.05
FORMULA = r"""
\min_\theta KL[q_\theta(w) \| p(w)] - E_{q_\theta(w)}[\sum_{i=1}^N \log p(y_i|x_i,w)]
q_\theta(w) = \mathcal{N}(w; \mu, \sigma^2 I)
\sigma = \log(1 + \exp(\rho))
p(w) = \mathcal{N}(w; 0, I)
p(y_i|x_i,w) = \mathcal{N}(y_i; f_w(x_i), 0.05^2)
x_i \in \mathbb{R}^1
y_i \in \mathbb{R}
"""


def points(count: int = 200) -> tuple[Tensor, Tensor]:
    """Noisy values of a wave, x [n, 1] and y [n], on two intervals."""
    x = torch.cat([-1 + 0.6 * torch.rand(count // 2), 0.3 + 0.5 * torch.rand(count - count // 2)])
    return x[:, None], 0.5 * torch.sin(5 * x) + NOISE * torch.randn(count)


def fit(x: Tensor, y: Tensor, epochs: int, width: int = 20) -> tuple[f2d.Objective, f2d.Functional]:
    """The trained objective, and its network as a function of inputs and weights."""
    layers = [nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1), nn.Flatten(0)]
    f = f2d.Functional(nn.Sequential(*layers))
    mu, rho = nn.Parameter(0.3 * torch.randn(f.size)), nn.Parameter(torch.full((f.size,), -4.0))
    objective = f2d.compile(FORMULA, {"f": f, r"\mu": mu, r"\rho": rho, "N": len(x)})
    f2d.fit(objective, {"x": x, "y": y}, epochs=epochs, lr=1e-2, batch_size=50, progress=False)
    return objective, f


def predictions(objective: f2d.Objective, x: Tensor, draws: int) -> Tensor:
    """What the network predicts at x, [draws, n], each row with weights of its own."""
    with torch.no_grad():
        return torch.stack([objective.reconstruct(x=x)["y"] for _ in range(draws)])


def draw(x: Tensor, y: Tensor, at: Tensor, found: Tensor, path: str, size: tuple[int, int] = (500, 300)) -> None:
    """The points and the predictions with two standard deviations, the noise of y among them."""
    mean, deviation = found.mean(0), (found.var(0) + NOISE**2).sqrt()
    left, right = float(at.min()), float(at.max())

    def place(a: Tensor, b: Tensor) -> list[tuple[float, float]]:
        """Pixels of points, y from -1.5 to 1.5."""
        across, up = (a - left) / (right - left) * size[0], (0.5 - b / 3) * size[1]
        return list(zip(across.tolist(), up.tolist(), strict=True))

    picture = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(picture)
    pen.polygon(place(at[:, 0], mean + 2 * deviation) + place(at[:, 0], mean - 2 * deviation)[::-1], fill="#d9d9d9")
    pen.line(place(at[:, 0], mean), fill="black", width=2)
    for across, up in place(x[:, 0], y):
        pen.ellipse((across - 2, up - 2, across + 2, up + 2), fill="#1f77b4")
    picture.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="bayesian_regression.png", help="where the picture goes")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    x, y = points()
    objective, _ = fit(x, y, given.epochs)
    at = torch.linspace(-1.5, 1.3, 200)[:, None]
    found = predictions(objective, at, draws=200)
    inside, between = predictions(objective, x, 200).std(0).mean(), found[:, (at[:, 0] - 0.0).abs() < 0.1].std(0).mean()
    print(f"standard deviation of the predictions: {inside:.3f} at the points, {between:.3f} between them")
    draw(x, y, at, found, given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
