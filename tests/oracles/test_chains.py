"""A hidden Markov model, summed over all paths of its states, in the convention of textbooks and in the library's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.oracles import oracle

HMM = oracle("pyro_hmm")

#: What Pyro's own DiscreteHMM gives: its first law is that of z_0, one transition before the first emission.
OF_THE_LIBRARY = 8.020858

STATEMENTS: list[Sequence[str]] = [
    [HMM.formula],
    [r"-\log \sum_{z_{1:T}} p(z_1) p(x_1|z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t)"],
    [r"-\log \sum_{z_1, \dots, z_T} p(z_1) \prod_{t=1}^{T-1} p(z_{t+1}|z_t) \prod_{t=1}^T p(x_t|z_t)"],
    [
        r"p(x_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)",
        r"-\log p(x_{1:T})",
    ],
    [r"-\log p(x_{1:T})"],
]


def weights() -> dict[str, nn.Parameter]:
    return {name: nn.Parameter(HMM.tensor(f"param/hmm.{name}").clone()) for name in ("pi", "A", "mu")}


def bound(tensors: dict[str, nn.Parameter], first: str = "p(z_1)") -> dict[str, object]:
    return {
        first: f2d.Categorical(logits=tensors["pi"]),
        "p(z_t|z_{t-1})": f2d.Categorical(logits=tensors["A"]),
        "p(x_t|z_t)": f2d.Normal(loc=tensors["mu"], scale=1.0),
    }


@pytest.mark.parametrize("formula", STATEMENTS, ids=lambda formula: str(formula[-1])[:40])
def test_value_and_every_gradient(formula: Sequence[str]) -> None:
    tensors = weights()
    out = f2d.compile(formula, bound(tensors))(x=HMM.tensor("input/x"))
    assert_close(out.loss.item(), HMM.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    found = {f"hmm.{name}": each.grad for name, each in tensors.items()}
    assert_close(found, HMM.gradients(), rtol=1e-10, atol=1e-10)


class Moves(nn.Module):
    """The logits of the next state, given the number of the present one."""

    def __init__(self, table: nn.Parameter):
        super().__init__()
        self.table = table

    def forward(self, state: Tensor) -> Tensor:
        return self.table[state]


class Emits(nn.Module):
    """The mean of what is seen in a state."""

    def __init__(self, means: nn.Parameter):
        super().__init__()
        self.means = means

    def forward(self, state: Tensor) -> Tensor:
        return self.means[state].unsqueeze(-1)


def test_networks_give_the_same() -> None:
    tensors = weights()
    networks = {
        "p(z_1)": f2d.Categorical(logits=tensors["pi"]),
        "p(z_t|z_{t-1})": f2d.Categorical(Moves(tensors["A"])),
        "p(x_t|z_t)": f2d.Normal(loc=Emits(tensors["mu"]), scale=1.0),
    }
    out = f2d.compile(HMM.formula, networks)(x=HMM.tensor("input/x"))
    assert_close(out.loss.item(), HMM.number("value"), rtol=1e-10, atol=1e-10)
    out.loss.backward()
    found = {f"hmm.{name}": each.grad for name, each in tensors.items()}
    assert_close(found, HMM.gradients(), rtol=1e-10, atol=1e-10)


def test_the_library_s_own_convention_is_a_formula_too() -> None:
    formula = r"-\log \sum_{z_{0:T}} p(z_0) \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)"
    out = f2d.compile(formula, bound(weights(), "p(z_0)"))(x=HMM.tensor("input/x"))
    assert_close(out.loss.item(), OF_THE_LIBRARY, rtol=1e-6, atol=1e-6)
