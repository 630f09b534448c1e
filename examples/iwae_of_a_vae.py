"""Train by the evidence lower bound, report the importance-weighted bound with K = 5000 on validation data.

    python examples/iwae_of_a_vae.py            prints both bounds and writes iwae_of_a_vae.png, samples of the model

The second formula is compiled with the weights of the first: nothing is trained twice, and nothing is written twice.
"""

from __future__ import annotations

import argparse

import torch
from digits import digits, grid

import formula2dgm as f2d

MODEL = [
    r"x \in \{0,1\}^{64}",
    r"z \in \mathbb{R}^{16}",
    r"p(z) = \mathcal{N}(z;\ 0,\ I)",
    r"p_\theta(x, z) = p_\theta(x \mid z)\, p(z)",
]
ELBO = r"\mathbb{E}_{q_\phi(z \mid x)}[\log p_\theta(x \mid z)] - D_{\mathrm{KL}}(q_\phi(z \mid x) \,\|\, p(z))"
IWAE = r"""\mathbb{E}_{z_{1:K} \sim q_\phi(z \mid x)}\left[
    \log \frac{1}{K} \sum_{k=1}^{K} \frac{p_\theta(x, z_k)}{q_\phi(z_k \mid x)} \right]"""


def fit(epochs: int = 60, draws: int = 5000, rows: int | None = None) -> tuple[f2d.Objective, dict[str, float]]:
    """The trained objective, and its bounds on validation data."""
    train, kept = digits()
    elbo = f2d.compile([ELBO, *MODEL], scaffold=True)
    f2d.fit(elbo, train["x"][:rows], epochs=epochs, progress=False)
    bound = f2d.compile([IWAE, *MODEL], {"K": draws}, weights_of=elbo)
    x = kept["x"][:rows]
    return elbo, {
        "ELBO": f2d.evaluate(elbo, x)["value"],
        f"IWAE, K = {draws}": f2d.evaluate(bound, x, batch_size=8)["value"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="iwae_of_a_vae.png", help="where the picture goes")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    elbo, bounds = fit(given.epochs, given.draws)
    for name, value in bounds.items():
        print(f"{name}: {value:.2f} nats an image, on validation data")
    grid(elbo.sample(50, mean=True)["x"], given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
