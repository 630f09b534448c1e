"""New steps of the examples whose paths are summed out, whose steps are counted, whose states read the step before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

import formula2dgm as f2d

EXAMPLES = Path(__file__).parents[2] / "examples"
N, STEPS = 3, 4


def made(name: str) -> Any:
    torch.manual_seed(0)
    objective = f2d.compile(EXAMPLES / f"{name}.tex", scaffold=True).double()
    with torch.no_grad():
        for each in objective.parameters():
            each.add_(0.3 * torch.randn_like(each))
    return objective


def noise(**sizes: int) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {name: torch.randn(N, STEPS, size, dtype=torch.float64) for name, size in sizes.items()}


def test_states_of_a_hidden_markov_model_are_as_frequent_as_its_matrices_say() -> None:
    o, count = made("hmm"), 40_000
    torch.manual_seed(2)
    z = o.sample(count, T=3)["z"]
    step = torch.softmax(o.A_logits, 1)
    third = torch.softmax(o.pi_logits, 0) @ step @ step
    found = torch.bincount(z[:, 2], minlength=32) / count
    assert bool(((found - third).abs() < 5 * (third * (1 - third) / count).sqrt()).all())
    pairs = torch.zeros(32, 32, dtype=torch.float64).index_put_((z[:, 1], z[:, 2]), torch.ones(()).double(), True)
    often = pairs.sum(1) > 1000
    errors = (pairs / pairs.sum(1, keepdim=True) - step)[often].abs().detach()
    assert int(often.sum()) > 3 and float(errors.max()) < 0.1


def test_a_linear_gaussian_chain() -> None:
    o, eps = made("linear_gaussian_chain"), noise(z=4, x=8)
    z, x = [], []
    for t in range(STEPS):
        mean, variance = (o.A @ z[-1][..., None] + o.b[:, None], o.log_Q) if t else (o.m[:, None], o.log_P)
        z.append(mean[..., 0] + variance.exp().sqrt() * eps["z"][:, t])
        x.append(z[-1] @ o.C.T + o.d + o.log_R.exp().sqrt() * eps["x"][:, t])
    assert_close(o.sample(N, T=STEPS, noise=eps), {"z": torch.stack(z, 1), "x": torch.stack(x, 1)})


@pytest.mark.parametrize("steps", [None, STEPS])
def test_a_canvas_has_the_steps_that_the_formula_says(steps: int | None) -> None:
    o = made("draw")
    torch.manual_seed(1)
    eps = torch.randn(N, steps or 10, 4, dtype=torch.float64)
    d, c = torch.zeros(N, 32, dtype=torch.float64), torch.zeros(N, 64, dtype=torch.float64)
    for z in eps.unbind(1):
        d = o.g_theta(z, d)
        c = c + o.w_theta(d)
    drawn = o.sample(N, T=steps, noise={"z": eps}, mean=True)
    assert_close(drawn["x"], torch.sigmoid(c))
    assert drawn["c"].shape == (N, steps or 10, 64)


def test_a_state_that_reads_the_step_before() -> None:
    o, eps = made("srnn"), noise(z=4)
    bits = (torch.rand(N, STEPS, 8) < 0.5).double()
    z, x, d = (torch.zeros(N, size, dtype=torch.float64) for size in (4, 8, 32))
    rows = []
    for t in range(STEPS):
        d = o.f_theta(x, d)
        prior = o.p_theta_z_given_z_d(z, d)
        z, x = prior["loc"] + prior["scale"] * eps["z"][:, t], bits[:, t]
        rows.append({"z": z, "x": x, "d": d})
    assert_close(
        o.sample(N, T=STEPS, noise={"z": eps["z"], "x": bits}),
        {name: torch.stack([each[name] for each in rows], 1) for name in ("z", "x", "d")},
    )
