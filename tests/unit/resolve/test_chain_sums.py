"""Which sums are over all paths of a state, and what is refused of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

import formula2dgm as f2d
from tests.support.small import assumed, codes

SPACES = [r"z_t \in \{1, \dots, 4\}", r"x_t \in \mathbb{R}^2"]
JOINT = r"p(x_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)"


def tables(states: int = 3, first: str = "p(z_1)", moves: object = None) -> dict[str, object]:
    return {
        first: f2d.Categorical(logits=torch.zeros(states)),
        "p(z_t|z_{t-1})": moves or f2d.Categorical(logits=torch.zeros(3, 3)),
        "p(x_t|z_t)": f2d.Normal(loc=torch.zeros(3, 2), scale=1.0),
    }


ONE_STEP = r"-\log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)"


def test_the_first_state_has_a_law_of_its_own() -> None:
    assert "p(z_t|z_{t-1}) at the first step is p(z_1): there is no step before it" in assumed(ONE_STEP, tables())
    assert "z_0" not in assumed(ONE_STEP, tables())


@pytest.mark.parametrize(
    "formula, code",
    [
        (r"-\log \sum_{z_{1:T}} p(z_1) p(x_T|z_T) \prod_{t=2}^T p(z_t|z_{t-1})", "F2D-0451"),
        (r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^{T-1} p(x_t|z_t)", "F2D-0451"),
        (r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=3}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)", "F2D-0451"),
        (r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)", "F2D-0451"),
        (r"-\log \sum_{z_{1:T}} \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t)", "F2D-0450"),
        (r"-\log \sum_{z_{1:T}} \sum_{s_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)", "F2D-0451"),
        (r"\max \sum_{z_{1:T}, s_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)", "F2D-0451"),
        (r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1})", "F2D-0452"),
    ],
)
def test_what_is_no_chain_is_refused(formula: str, code: str) -> None:
    assert codes(formula, tables()) == [code]


def test_a_chain_without_a_first_law_is_refused() -> None:
    assert codes(ONE_STEP, {name: each for name, each in tables().items() if name != "p(z_1)"}) == ["F2D-0450"]


def test_states_of_two_sizes_are_refused() -> None:
    """Four states that move by a table of three."""
    assert codes(ONE_STEP, tables(4)) == ["F2D-0453"]
    one_hot = f2d.Categorical(torch.nn.Linear(3, 3), one_hot=True)
    assert codes(ONE_STEP, tables(moves=one_hot)) == ["F2D-0454"]


@pytest.mark.parametrize(
    "formula",
    [
        [JOINT, r"\max \log p(x_{1:T})"],
        [JOINT, r"\max E_{p_{data}(x_{1:T})}[\log p(x_{1:T})]"],
        [JOINT, r"p(x_{1:T}) = \sum_{z_{1:T}} p(x_{1:T}, z_{1:T})", r"\max \log p(x_{1:T})"],
        [
            r"z_1 \sim \mathrm{Cat}(\pi)",
            r"z_t \sim \mathrm{Cat}(A_{z_{t-1}})",
            r"x_t \sim N(\mu_{z_t}, \sigma_{z_t}^2 I)",
            r"\max \log p(x_{1:T})",
        ],
        [r"\max \log \sum_{z_{1:T}} \pi_{z_1} \prod_{t=2}^T A_{z_{t-1}, z_t} \prod_{t=1}^T p(x_t|z_t)"],
        [r"\max \log \sum_{z_{1:T}} \pi_{z_1} \prod_{t=2}^T A_{z_{t-1} z_t} \prod_{t=1}^T p(x_t|z_t)"],
    ],
)
def test_from_the_formula_alone(formula: Sequence[str]) -> None:
    """Every learned tensor and network has a gradient: none is left out of the sum."""
    objective = f2d.compile([*formula, *SPACES], scaffold=True)
    assert "chain_log_sum" in objective.source
    objective(objective.example_batch(3)).loss.backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in objective.parameters())


def test_without_a_space_nothing_says_how_many_states_there_are() -> None:
    sum_ = r"\max \log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T \mathrm{Cat}(z_t | A_{z_{t-1}}) \prod_{t=1}^T p(x_t|z_t)"
    assert codes([sum_, SPACES[1]], {}, scaffold=True) == ["F2D-0455"]
