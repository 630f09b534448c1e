"""The step of the deep Markov model in Pixyz, after the example of Pixyz' authors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.models.dmm_by_hand import sizes_of, steps_of
from benchmarks.replay import replayed


def iterative(given: Problem) -> Loss:
    """IterativeLoss over the steps, in the expectation of the deterministic reader."""
    from pixyz.distributions import Bernoulli, Deterministic, Normal
    from pixyz.losses import IterativeLoss, KullbackLeibler

    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"].transpose(0, 1).contiguous(), sizes_of(given)

    class Reader(Deterministic):
        def __init__(self) -> None:
            super().__init__(var=["h"], cond_var=["x"], name="f")
            self.network = nets.reader

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"h": self.network(x.transpose(0, 1)).transpose(0, 1)}

    class Inference(Normal):
        def __init__(self) -> None:
            super().__init__(var=["z"], cond_var=["h", "z_prev"], name="q")
            self.network = nets.combiner

        def forward(self, h: Tensor, z_prev: Tensor) -> dict[str, Tensor]:
            return dict(zip(("loc", "scale"), self.network(h, z_prev), strict=True))

    class Prior(Normal):
        def __init__(self) -> None:
            super().__init__(var=["z"], cond_var=["z_prev"], name="p")
            self.network = nets.transition

        def forward(self, z_prev: Tensor) -> dict[str, Tensor]:
            return dict(zip(("loc", "scale"), self.network(z_prev), strict=True))

    class Generator(Bernoulli):
        def __init__(self) -> None:
            super().__init__(var=["x"], cond_var=["z"], name="p")
            self.network = nets.emission

        def forward(self, z: Tensor) -> dict[str, Tensor]:
            return {"probs": torch.sigmoid(self.network(z))}

    inference, prior, generator = Inference(), Prior(), Generator()
    step = KullbackLeibler(inference, prior) - generator.log_prob().expectation(inference)
    over_time = IterativeLoss(step, max_iter=steps, series_var=["x", "h"], update_value={"z": "z_prev"})
    objective = over_time.expectation(Reader()).mean()

    def loss(noise: Noise | None) -> Tensor:
        with replayed(steps_of(noise)):
            found: Tensor = objective.eval({"x": x, "z_prev": x.new_zeros(batch, size)})
        return found

    return loss
