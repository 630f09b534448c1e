"""Sums over all paths of a state: generated code against the reference, which goes through the paths one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

B, T, K, D, U = 3, 4, 3, 2, 2


def tensor(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, CONTROLS = tensor(B, T, D, seed=1), tensor(B, T, U, seed=2)
MARKS = torch.tensor([[0, 1, 3, 2], [2, 2, 1, 0], [3, 0, 0, 1]])


class OfState(nn.Module):
    """Rows chosen by a state, by its number or one-hot, and moved by whatever else is given."""

    def __init__(self, out: int, *sizes: int, seed: int = 0):
        super().__init__()
        self.rows = nn.Parameter(tensor(K, out, seed=seed))
        self.others = nn.ParameterList([nn.Parameter(tensor(each, out, seed=seed + 1)) for each in sizes])

    def forward(self, state: Tensor, *others: Tensor) -> Tensor:
        rows = state @ self.rows if state.is_floating_point() else self.rows[state]
        return torch.tanh(rows + sum(each @ weight for each, weight in zip(others, self.others, strict=True)))


def bound(**more: object) -> dict[str, object]:
    """Tables for the states and their moves, a network for what is seen."""
    return {
        "p(z_1)": f2d.Categorical(logits=nn.Parameter(tensor(K, seed=3))),
        "p(z_t|z_{t-1})": f2d.Categorical(logits=nn.Parameter(tensor(K, K, seed=4))),
        "p(x_t|z_t)": f2d.Normal(loc=OfState(D, seed=5), scale=0.7),
    } | more


PLAIN = r"\min -\log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)"


def test_tables_and_a_network() -> None:
    assert_agrees(PLAIN, bound(), {"x": X})


def test_one_hot_states() -> None:
    ones = {
        "p(z_1)": f2d.Categorical(logits=nn.Parameter(tensor(K, seed=3)), one_hot=True),
        "p(z_t|z_{t-1})": f2d.Categorical(OfState(K, seed=4), one_hot=True),
    }
    numbers = {"p(z_t|z_{t-1})": f2d.Categorical(OfState(K, seed=4))}
    found = assert_agrees(PLAIN, bound(**ones), {"x": X})
    assert_close(found(x=X).loss, assert_agrees(PLAIN, bound(**numbers), {"x": X})(x=X).loss)


def test_states_that_are_vectors_of_bits() -> None:
    bits = {
        "p(z_1)": f2d.Bernoulli(logits=nn.Parameter(tensor(2, seed=3))),
        "p(z_t|z_{t-1})": f2d.Bernoulli(nn.Linear(2, 2).double()),
        "p(x_t|z_t)": f2d.Normal(loc=nn.Linear(2, D).double(), scale=1.0),
    }
    assert_agrees(PLAIN, bits, {"x": X})


def test_marks_that_are_seen() -> None:
    table = {"p(y_t|z_t)": f2d.Categorical(logits=nn.Parameter(tensor(K, 4, seed=6)))}
    both = r"\max \log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t) p(y_t|z_t)"
    assert_agrees(both, bound(**table), {"x": X, "y": MARKS})


@pytest.mark.parametrize(
    "formula",
    [
        r"-\log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}, u_t) p(x_t|z_t, u_t)",
        r"-\log \sum_{z_{1:T}} p(z_1) p(x_1|z_1, u_1) \prod_{t=2}^T p(x_t|z_t, u_t) p(z_t|z_{t-1}, u_t)",
        r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=1}^{T-1} p(z_{t+1}|z_t, u_{t+1}) \prod_{s=1}^T p(x_s|z_s, u_s)",
    ],
)
def test_moves_and_what_is_seen_may_depend_on_data(formula: str) -> None:
    networks = {
        "p(z_t|z_{t-1}, u_t)": f2d.Categorical(OfState(K, U, seed=7)),
        "p(x_t|z_t, u_t)": f2d.Normal(loc=OfState(D, U, seed=8), scale=1.0),
    }
    first = {"p(z_1)": f2d.Categorical(logits=nn.Parameter(tensor(K, seed=3)))}
    objective = assert_agrees(formula, first | networks, {"x": X, "u": CONTROLS})
    forward, _, _ = objective.source.partition("def sample")
    assert forward.count("self.p_z_given_z_u(") == 1  # all steps at once; new ones are drawn one by one


@pytest.mark.parametrize(
    "formula",
    [
        r"-\log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}, u_t) p(x_t|z_t)",
        r"-\log \sum_{z_{1:T}} p(z_1|u_1) \prod_{t=2}^T p(z_t|z_{t-1}, u_t) \prod_{t=1}^T p(x_t|z_t)",
    ],
)
def test_the_first_state_may_depend_on_data(formula: str) -> None:
    given = {name: each for name, each in bound().items() if name == "p(x_t|z_t)"}
    given["p(z_1|u_1)"] = f2d.Categorical(nn.Linear(U, K).double())
    given["p(z_t|z_{t-1}, u_t)"] = f2d.Categorical(OfState(K, U, seed=7))
    assert_agrees(formula, given, {"x": X, "u": CONTROLS})


def test_what_is_seen_may_depend_on_what_was_seen_before() -> None:
    after = {"p(x_t|z_t, x_{t-1})": f2d.Normal(loc=OfState(D, D, seed=9), scale=1.0)}
    given = {name: each for name, each in bound().items() if name != "p(x_t|z_t)"}
    formula = r"-\log \sum_{z_{1:T}} \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t, x_{t-1})"
    assert_agrees(formula, given | after, {"x": X})


def test_what_is_seen_may_depend_on_two_states() -> None:
    class OfTwo(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.here, self.there = OfState(D, seed=10), OfState(D, seed=11)

        def forward(self, here: Tensor, there: Tensor) -> Tensor:
            return self.here(here) * self.there(there)

    pair = {"p(y_t|z_t, z_{t-1})": f2d.Normal(loc=OfTwo(), scale=1.0)}
    formula = r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(y_t|z_t, z_{t-1}) \prod_{t=1}^T p(x_t|z_t)"
    assert_agrees(formula, bound(**pair), {"x": X, "y": tensor(B, T, D, seed=12)})


def test_what_is_seen_from_the_second_step_on() -> None:
    """The first step's data count nowhere."""
    formula = r"-\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t)"
    objective = assert_agrees(formula, bound(), {"x": X})
    other = torch.cat([X[:, :1] + 5, X[:, 1:]], 1)
    assert_close(objective(x=other).loss, objective(x=X).loss)


def test_a_state_before_the_first_step() -> None:
    given = {name: each for name, each in bound().items() if name != "p(z_1)"}
    given["p(z_0)"] = bound()["p(z_1)"]
    assert_agrees(r"-\log \sum_{z_{0:T}} p(z_0) \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t)", given, {"x": X})


ROWS: list[Sequence[str]] = [
    [
        r"\min -\log \sum_{z_{1:T}} \mathrm{Cat}(z_1 | \pi) \prod_{t=2}^T \mathrm{Cat}(z_t | A_{z_{t-1}}) "
        r"\prod_{t=1}^T \mathcal{N}(x_t; \mu_{z_t}, \sigma^2 I)"
    ],
    [r"\min -\log \sum_{z_{1:T}} \pi_{z_1} \prod_{t=2}^T A_{z_{t-1}, z_t} \prod_{t=1}^T N(x_t; \mu_{z_t}, \sigma^2 I)"],
    [
        r"p(z_1) = \mathrm{Cat}(z_1; \pi)",
        r"p(z_s|z_{s-1}) = \mathrm{Cat}(z_s; A_{z_{s-1}})",
        r"p(x_t|z_t) = N(x_t; \mu_{z_t}, \sigma^2 I)",
        PLAIN,
    ],
]


@pytest.mark.parametrize("formula", ROWS)
def test_tensors_whose_rows_a_state_chooses(formula: Sequence[str]) -> None:
    rows = {
        "pi": nn.Parameter(tensor(K, seed=3).softmax(0)),
        "A": nn.Parameter(tensor(K, K, seed=4).softmax(1)),
        "mu": nn.Parameter(tensor(K, D, seed=5)),
        "sigma": 0.7,
    }
    objective = assert_agrees(formula, rows, {"x": X})
    tables = bound(**{"p(x_t|z_t)": f2d.Normal(loc=rows["mu"], scale=0.7)})
    assert_close(objective(x=X).loss, f2d.compile(PLAIN, tables)(x=X).loss)


def test_the_order_of_a_table_s_indices_is_the_order_of_its_dimensions() -> None:
    rows: dict[str, Tensor] = {"pi": tensor(K, seed=3).softmax(0), "A": tensor(K, K, seed=4).softmax(1)}
    rows["mu"] = nn.Parameter(tensor(K, D, seed=5))
    rest = r"\prod_{t=1}^T N(x_t; \mu_{z_t}, I)"
    plain = f2d.compile(rf"\min -\log \sum_{{z_{{1:T}}}} \pi_{{z_1}} \prod_{{t=2}}^T A_{{z_{{t-1}} z_t}} {rest}", rows)
    turned = rf"\min -\log \sum_{{z_{{1:T}}}} \pi_{{z_1}} \prod_{{t=2}}^T A_{{z_t, z_{{t-1}}}} {rest}"
    found = assert_agrees(turned, rows | {"A": rows["A"].T.contiguous()}, {"x": X})
    assert_close(found(x=X).loss, plain(x=X).loss)


def test_beside_other_terms() -> None:
    penalty = [PLAIN.replace(r"\min ", "") + r" + \lambda \|W\|^2"]
    given = bound(W=nn.Parameter(tensor(2, seed=13)))
    given["lambda"] = 0.3
    assert_agrees(penalty, given, {"x": X})


def test_under_an_expectation() -> None:
    """A latent of the whole sequence beside the states, two draws of it."""

    class OfWhole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(T * D, 2 * U).double()

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            loc, scale = self.layer(x.flatten(1)).chunk(2, -1)
            return loc, scale.exp()

    given = {name: each for name, each in bound().items() if name != "p(x_t|z_t)"}
    given |= {
        "q(w|x_{1:T})": f2d.Normal(OfWhole()),
        "p(w)": f2d.Normal(loc=0.0, scale=1.0),
        "p(x_t|z_t, w)": f2d.Normal(loc=OfState(D, U, seed=15), scale=1.0),
    }
    chain = r"\log \sum_{z_{1:T}} p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t, w)"
    formula = rf"\max E_{{q(w|x_{{1:T}})}}[{chain}] - KL[q(w|x_{{1:T}}) || p(w)]"
    assert_agrees(formula, given, {"x": X}, samples=2)


def test_lengths_of_their_own() -> None:
    """Each sequence as if it were alone."""
    lengths = torch.tensor([4, 1, 3])
    given = bound()
    objective = assert_agrees(PLAIN, given, {"x": X, "lengths": lengths}, ragged=True)
    alone = f2d.compile(PLAIN, given)
    each = [alone(x=X[i : i + 1, :count]).loss for i, count in enumerate(lengths.tolist())]
    assert_close(objective(x=X, lengths=lengths).loss, torch.stack(each).mean())


def test_a_long_chain_in_single_precision() -> None:
    objective = f2d.compile(PLAIN, bound())
    long = tensor(1, 2000, D, seed=14)
    assert_close(objective.float()(x=long.float()).loss.double(), objective.double()(x=long).loss, rtol=1e-4, atol=0)
