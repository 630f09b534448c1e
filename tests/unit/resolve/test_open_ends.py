r"""Sums over steps without a last one, ``\sum_{t \ge 1}``, of latents that no data count."""

from __future__ import annotations

import pytest
import torch

import formula2dgm as f2d
from tests.support.small import assumed

KL = r"KL(q(z_t|x) \| p(z_t|z_{t-1}))"
DIMS = {"x": 4, "z": 2}


def text(steps: str) -> str:
    return rf"\max E_q[\log p(x|z)] - E_q[\sum_{{{steps}}} {KL}]"


@pytest.mark.parametrize(("steps", "first"), [(r"t \ge 1", 1), ("t", 1), ("t >= 1", 1), ("t > 1", 2), (r"t \ge 2", 2)])
def test_they_run_to_the_number_that_the_text_gives_t(steps: str, first: int) -> None:
    """KL[N(m, s) || N(a, b)] = log(b/s) + (s^2 + (m-a)^2) / (2 b^2) - 1/2, at each step, a and b of the step before."""
    objective = f2d.compile([text(steps), "T = 3"], scaffold=True, dims=DIMS)
    assert not objective.inputs[1:]
    x, noise = torch.randn(5, 4), torch.randn(5, 3, 2)
    q, before = objective.q_z_given_x(x), torch.zeros(5, 2)
    total = torch.zeros(())
    for step in range(3):
        p = objective.p_z_given_z(before)
        kl = (p["scale"] / q["scale"]).log() - 0.5
        kl = kl + (q["scale"] ** 2 + (q["loc"] - p["loc"]) ** 2) / (2 * p["scale"] ** 2)
        total = total + (kl.sum(1).mean() if step + 1 >= first else 0)
        before = q["loc"] + q["scale"] * noise[:, step]
    (site,) = (each.name for each in objective.program.sites if len(each.axes) == 2)
    out = objective(x=x, noise={site: noise})
    (name,) = (each for each in out.terms if "KL" in each)
    torch.testing.assert_close(out.terms[name], total)


def test_by_default_there_are_five_and_this_is_said() -> None:
    assert "T is 5" in assumed(text(r"t \ge 1"), {}, scaffold=True, dims=DIMS)


def test_t_that_is_something_else_is_no_number_of_steps() -> None:
    said = text(r"t \ge 1") + r" + E_q[T(x)]"
    with pytest.raises(f2d.FormulaError, match="F2D-0452"):
        f2d.compile(said, scaffold=True, dims=DIMS)
