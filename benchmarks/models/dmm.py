"""The deep Markov model: a chain of latents, inferred from what a recurrent network says of all later data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import formula2dgm as f2d
from benchmarks import draws, ours
from benchmarks.contest import Contender, Model, Problem
from benchmarks.models import dmm_by_hand as by_hand
from benchmarks.models import dmm_pixyz, dmm_pyro

FORMULA = (
    r"\min \sum_{t=1}^T (KL[q(z_t|h_t,z_{t-1}) || p(z_t|z_{t-1})] - E_{q(z_t|h_t,z_{t-1})}[\log p(x_t|z_t)])",
    r"h_{1:T} = f(x_{1:T})",
)


class Reader(nn.Module):
    """h_t from x_t, ..., x_T."""

    def __init__(self, x: int, h: int):
        super().__init__()
        self.cells = nn.GRU(x, h, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cells(x.flip(1))[0].flip(1)


class Combiner(nn.Module):
    """The location and scale of q(z_t|h_t, z_{t-1})."""

    def __init__(self, z: int, h: int):
        super().__init__()
        self.body, self.loc, self.scale = nn.Linear(z, h), nn.Linear(h, z), nn.Linear(h, z)

    def forward(self, h: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        both = 0.5 * (torch.tanh(self.body(z)) + h)
        return self.loc(both), functional.softplus(self.scale(both))


class Transition(nn.Module):
    """The location and scale of p(z_t|z_{t-1})."""

    def __init__(self, z: int, h: int):
        super().__init__()
        self.body, self.loc, self.scale = nn.Linear(z, h), nn.Linear(h, z), nn.Linear(h, z)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.relu(self.body(z))
        return self.loc(hidden), functional.softplus(self.scale(hidden))


class Emission(nn.Sequential):
    """The logits of p(x_t|z_t)."""

    def __init__(self, x: int, z: int, h: int):
        super().__init__(nn.Linear(z, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, x))


class Networks(nn.Module):
    """All networks of the model."""

    def __init__(self, x: int, z: int, h: int):
        super().__init__()
        self.reader, self.emission = Reader(x, h), Emission(x, z, h)
        self.combiner, self.transition = Combiner(z, h), Transition(z, h)


def problem(dtype: torch.dtype, batch: int, steps: int, x: int, z: int, h: int) -> Problem:
    """Networks as torch initialises them, binary data, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        sizes = {"batch": batch, "steps": steps, "x": x, "z": z, "h": h}
        networks, data = Networks(x, z, h).to(dtype), torch.rand(batch, steps, x).round().to(dtype)
    return Problem(networks, {"x": data}, {"z": draws.normal(batch, steps, z, dtype=dtype)}, sizes)


def compiled(given: Problem) -> Any:
    """What formula2dgm makes of the formula."""
    networks = given.networks
    assert isinstance(networks, Networks)
    bindings = {
        "q(z_t|h_t,z_{t-1})": f2d.Normal(networks.combiner),
        "p(z_t|z_{t-1})": f2d.Normal(networks.transition),
        "p(x_t|z_t)": f2d.Bernoulli(networks.emission),
        "f": networks.reader,
    }
    return f2d.compile(list(FORMULA), bindings, dims={"z": given.sizes["z"]})


SIZES = {"batch": 32, "x": 88, "z": 20, "h": 32}

MODEL = Model(
    name="dmm",
    title="Deep Markov model",
    formula=FORMULA,
    settings=tuple({"steps": steps} | SIZES for steps in (20, 80, 320)),
    problem=problem,
    contenders=(
        Contender("per step, torch.distributions", "all inside the loop over time", by_hand.per_step_distributions),
        Contender("per step, plain torch", "the same without distribution objects", by_hand.per_step_plain),
        Contender("hand-optimised", "in the loop only what is recurrent; networks as they are", by_hand.optimised),
        Contender("hand-optimised, opened", "also rewrites the combiner: its two heads as one product", by_hand.opened),
        *ours.contenders(compiled)[:2],
        Contender("Pyro, closed KL", "TraceMeanField_ELBO", dmm_pyro.closed, needs="pyro"),
        Contender("Pyro, closed KL, unchecked", "the same, validation off", dmm_pyro.unchecked, needs="pyro"),
        Contender("Pixyz", "IterativeLoss", dmm_pixyz.iterative, needs="pixyz"),
        Contender("per step, sampled KL", "judges the next", by_hand.per_step_sampled, estimate="sampled", timed=False),
        Contender("Pyro, sampled KL", "Trace_ELBO", dmm_pyro.sampled, estimate="sampled", needs="pyro"),
    ),
    ours=ours.WRITTEN,
    scale="steps",
    all_up_to=80,
)
