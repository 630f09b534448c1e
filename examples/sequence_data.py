"""Sequences to train the examples on: words of a small grammar, episodes of a pushed pendulum, frames of a moved ball.

    python examples/sequence_data.py          writes words.npz, episodes.npz and ball.npz
    formula2dgm train examples/world_model.tex --data episodes.npz
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

Array = NDArray[numpy.float32]


def words(count: int, steps: int, random: Generator) -> dict[str, NDArray[numpy.int64]]:
    """Sentences of 12 words: determiner (0-2), adjective or none (3-5), noun (6-8), verb (9-11), and again; nouns and
    verbs of a sentence agree with its first determiner."""
    found = numpy.zeros((count, steps), dtype=numpy.int64)
    for row in found:
        kind, place = int(random.integers(3)), 0
        while place < steps:
            clause = [kind, *([3 + int(random.integers(3))] if random.random() < 0.5 else []), 6 + kind, 9 + kind]
            clause = clause[: steps - place]
            row[place : place + len(clause)] = clause
            place += len(clause)
    return {"w": found}


def episodes(count: int, steps: int, random: Generator) -> dict[str, Array]:
    """A pendulum under random torques a: o is (sin, cos, angular velocity, torque seen), r how upright it is."""
    angle, speed = random.uniform(-3, 3, count), random.normal(0, 1, count)
    push = random.normal(0, 1, count)
    rows: list[NDArray[numpy.float64]] = []
    torques, rewards = [], []
    for _ in range(steps):
        push = 0.7 * push + random.normal(0, 1, count)
        rows.append(numpy.stack([numpy.sin(angle), numpy.cos(angle), speed / 3, push / 3], 1))
        torques.append(push)
        rewards.append(numpy.cos(angle))
        speed = 0.95 * speed + 0.15 * (numpy.sin(angle) * 3 + push)
        angle = angle + 0.15 * speed
    noisy = numpy.stack(rows, 1) + random.normal(0, 0.05, (count, steps, 4))
    found = {"o": noisy, "r": numpy.stack(rewards, 1)[..., None], "a": numpy.stack(torques, 1)[..., None]}
    return {name: each.astype(numpy.float32) for name, each in found.items()}


def ball(count: int, steps: int, random: Generator) -> dict[str, Array]:
    """A ball that forces u push over a board; x are 16 sensors on it, each of which sees what is near."""
    sensors = numpy.stack(numpy.meshgrid(numpy.linspace(-1, 1, 4), numpy.linspace(-1, 1, 4)), -1).reshape(16, 2)
    place, speed = random.uniform(-0.5, 0.5, (count, 2)), numpy.zeros((count, 2))
    frames, forces = [], []
    for _ in range(steps):
        force = random.normal(0, 1, (count, 2)) - place
        near = numpy.exp(-4 * ((place[:, None] - sensors) ** 2).sum(-1))
        frames.append(near + random.normal(0, 0.02, near.shape))
        forces.append(force)
        speed = 0.9 * speed + 0.1 * force
        place = place + 0.1 * speed
    return {
        "x": numpy.stack(frames, 1).astype(numpy.float32),
        "u": numpy.stack(forces, 1).astype(numpy.float32),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    for name, made in {"words": words, "episodes": episodes, "ball": ball}.items():
        arrays = made(2000, 16, default_rng(0))  # type: ignore[operator]
        numpy.savez(folder / f"{name}.npz", **arrays)
        print(f"wrote {folder / name}.npz:", ", ".join(f"{key} {each.shape}" for key, each in arrays.items()))
