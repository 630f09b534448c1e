"""Networks of whole sequences: what is read of them at a step, and which are refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from formula2dgm.library import sequences as s

X = torch.arange(24.0).reshape(8, 3)


def late(x: Tensor) -> Tensor:
    """Sums up to the step before each one."""
    return x.cumsum(1) - x


def backwards(x: Tensor) -> Tensor:
    return x.flip(1).cumsum(1).flip(1)


def test_one_step_of_what_a_network_returned() -> None:
    assert s.at_step(X, 1, 2).tolist() == X[:, 2].tolist()
    found = s.at_step({"loc": X, "all": [X, 2 * X], "scale": torch.tensor(3.0), "df": 4.0}, 1, 1)
    assert found["loc"].equal(X[:, 1]) and found["df"] == 4.0 and found["scale"] == 3.0
    assert isinstance(found["all"], tuple) and found["all"][1].equal(2 * X[:, 1])
    vector = torch.ones(2)  # it has no dimension 1: the same at every step
    assert s.at_step(vector, 1, 0) is vector
    assert s.at_step(vector, 0, 1) == 1.0


@pytest.mark.parametrize(("low", "high"), [(0, 3), (2, 4), (-1, 1)])
def test_lengths_are_numbers_of_steps(low: int, high: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 3, but lie between {low} and {high}"):
        s.check_lengths(torch.tensor([high, low, 2] if low < 2 < high else [high, low]), 3)


def test_lengths_from_one_to_all_steps() -> None:
    s.check_lengths(torch.tensor([1, 3]), 3)


@pytest.mark.parametrize("backward", [False, True])
def test_a_network_that_never_reads_the_newest_step_is_refused(backward: bool) -> None:
    """It is masked by itself: given its values one step late, it would be two steps late."""
    reads, misses = (backwards, lambda x: backwards(x) - x) if backward else (lambda x: x.cumsum(1), late)
    s.check_causal("f", reads, 1, X, backward=backward, moved=0)
    s.check_causal("f", misses, 1, X, backward=backward)
    where, settings = ("after", ", backward=True") if backward else ("before", "")
    with pytest.raises(ValueError) as refused:
        s.check_causal("f", misses, 1, X, backward=backward, moved=0)
    assert f"reads entries {where} each one, but never the one right {where} it" in str(refused.value)
    assert f"f2d.Masked(network{settings})" in str(refused.value)


def test_few_sequences_may_happen_not_to_react() -> None:
    s.check_causal("f", late, 1, X[:7], moved=0)
    s.check_causal("f", torch.zeros_like, 1, X, moved=0)  # nothing is read at all


def test_which_of_the_values_is_late() -> None:
    s.check_causal("f", lambda x, y: late(x) + y.cumsum(1), 1, X, X, moved=1)
    with pytest.raises(ValueError, match="right before it"):
        s.check_causal("f", lambda x, y: late(x) + y.cumsum(1), 1, X, X, moved=0)


def test_values_by_name_and_a_state_without_steps() -> None:
    def network(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x.cumsum(1) + y, x.sum(1)

    s.check_causal("f", network, 1, X, X, first=True, inputs=("y", "x"))
    with pytest.raises(ValueError, match="but it returned shape"):
        s.check_causal("f", network, 1, X, X, inputs=("y", "x"))
    with pytest.raises(ValueError, match="depends on later ones"):
        s.check_causal("f", lambda x, y: x.cumsum(1) + backwards(y), 1, X, X, inputs=("y", "x"))


def test_a_network_that_is_random_meets_the_same_numbers_twice() -> None:
    state = torch.get_rng_state()
    s.check_causal("f", lambda x: x.cumsum(1) * torch.rand(()), 1, X)
    assert torch.get_rng_state().equal(state)


def test_axes_before_time_are_examples() -> None:
    x = X.reshape(2, 4, 3)
    s.check_causal("f", lambda x: x.cumsum(1), 2, x)
    with pytest.raises(ValueError, match="depends on later ones"):
        s.check_causal("f", backwards, 2, x)
