"""TD-VAE on a ball that forces push over a board: beliefs from the first frames, then jumps of two steps or so.

    python examples/td_vae_on_ball.py           trains td_vae.tex and writes td_vae_on_ball.png

The picture has three rows for each of three sequences: the last frame seen and every second one after it, and two paths
that the model draws from its belief, its frames as the 4 x 4 sensors see them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from numpy.random import default_rng
from PIL import Image
from sequence_data import ball
from torch import Tensor

import formula2dgm as f2d

SEEN, JUMPS = 8, 4


def frames(count: int) -> Tensor:
    """Sequences [n, steps, 16] of what the sensors see."""
    return torch.from_numpy(ball(count, 16, default_rng(0))["x"])


def fit(epochs: int = 60, count: int = 2000) -> tuple[f2d.Objective, Tensor, float]:
    """The trained objective, the sequences kept for validation, and the bound's negative on them."""
    x = frames(count)
    train, kept = x[: -count // 10], x[-count // 10 :]
    objective = f2d.compile(Path(__file__).with_name("td_vae.tex"), scaffold=True)
    f2d.fit(objective, train, epochs=epochs, progress=False)
    return objective, kept, f2d.evaluate(objective, kept)["loss"]


@torch.no_grad()
def jumps(objective: f2d.Objective, x: Tensor, count: int = JUMPS) -> Tensor:
    """Frames [n, 1 + count, 16]: of the belief after the frames x [n, steps, 16], and after each jump from it."""
    b = x.new_zeros(len(x), 32)
    for seen in x.unbind(1):
        b = objective.RNN_theta(b, seen)
    z = drawn(objective.p_B_z_t_2_given_b(b))
    found = [objective.D(z)]
    for _ in range(count):
        z = drawn(objective.p_T_z_t_2_given_z_t_1(z))
        found.append(objective.D(z))
    return torch.stack(found, 1)


def drawn(law: dict[str, Tensor]) -> Tensor:
    """A draw of a Normal."""
    return law["loc"] + law["scale"] * torch.randn_like(law["loc"])


def picture(rows: list[Tensor], path: str, zoom: int = 12) -> None:
    """Rows of frames [count, 16], bright where a sensor sees the ball."""
    cells = [torch.nn.functional.pad(row.reshape(-1, 4, 4), (0, 1, 0, 1), value=0.5) for row in rows]
    sheet = torch.cat([torch.cat(list(each), 1) for each in cells]).clamp(0, 1)
    image = Image.fromarray((255 * sheet).byte().numpy())
    image.resize((image.width * zoom, image.height * zoom), Image.Resampling.NEAREST).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", default="td_vae_on_ball.png", help="where the picture goes")
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    objective, kept, loss = fit(given.epochs)
    print(f"loss: {loss:.2f} nats, on validation data")
    paths = [jumps(objective, kept[:3, :SEEN]) for _ in range(2)]
    true = kept[:3, SEEN - 1 :: 2]
    picture([row for i in range(3) for row in (true[i], *(each[i, : true.shape[1]] for each in paths))], given.o)
    print(f"wrote {given.o}")


if __name__ == "__main__":
    main()
