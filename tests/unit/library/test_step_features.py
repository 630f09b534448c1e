"""The number of a step as a default network takes it."""

from __future__ import annotations

import math

import torch
from torch.testing import assert_close

from formula2dgm.library.step_features import step_features


def test_sines_and_cosines_of_several_lengths() -> None:
    t = torch.tensor([[1.0, 250.0], [3.0, 1000.0]], dtype=torch.float64)
    found = step_features(t)
    frequencies = [10 ** (-4 * k / 7) for k in range(8)]
    for i in range(2):
        for j in range(2):
            angles = [float(t[i, j]) * each for each in frequencies]
            expected = [*map(math.sin, angles), *map(math.cos, angles)]
            assert_close(found[i, j], torch.tensor(expected, dtype=torch.float64))


def test_no_two_of_many_steps_are_alike() -> None:
    steps = step_features(torch.arange(1.0, 1001))
    distances = torch.cdist(steps, steps) + torch.eye(1000)
    assert distances.min() > 0.05 and steps.abs().max() <= 1
