"""Linear-Gaussian chains integrated exactly: the generated filter against the dense joint law of the reference."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import formula2dgm as f2d
from tests.support.agreement import assert_agrees

MOTION = r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; A z_{t-1} + b, Q)"
EMISSION = r"p(x_t|z_t) = \mathcal{N}(x_t; C z_t + d, R)"
START = r"p(z_1) = \mathcal{N}(z_1; m, P)"
CHAIN = r"p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)"


def spread(*shape: int) -> nn.Parameter:
    """A learned tensor."""
    return nn.Parameter(torch.randn(*shape, dtype=torch.float64) / 2)


def covariance(size: int) -> nn.Parameter:
    """A learned positive definite matrix."""
    root = torch.randn(size, size, dtype=torch.float64)
    return nn.Parameter(root @ root.T + 0.5 * torch.eye(size, dtype=torch.float64))


def tensors(state: int = 2, entries: int = 3) -> dict[str, object]:
    """A value for each name of the formulas."""
    torch.manual_seed(4)
    return {
        "A": spread(state, state),
        "b": spread(state),
        "C": spread(entries, state),
        "d": spread(entries),
        "m": spread(state),
        "Q": covariance(state),
        "R": covariance(entries),
        "P": covariance(state),
        "B": spread(state, 2),
        "D": spread(entries, entries),
        "sigma": nn.Parameter(torch.rand(state, dtype=torch.float64) + 0.5),
        "s": nn.Parameter(torch.tensor(0.7, dtype=torch.float64)),
        "a": nn.Parameter(torch.tensor(0.8, dtype=torch.float64)),
        "c": 1.5,
    }


def bound(formula: str, **others: object) -> dict[str, object]:
    """The tensors that a formula names, and others."""
    known = {name: value for name, value in tensors().items() if name in names_of(formula)}
    return {**known, **others}


def names_of(formula: str) -> set[str]:
    """The single letters of a formula, and sigma."""
    found = set(formula) | ({"sigma"} if "sigma" in formula else set())
    text = formula.replace(r"\mathcal", "").replace(r"\max", "").replace(r"\log", "").replace(r"\int", "")
    text = text.replace(r"\prod", "").replace(r"\sigma", "").replace(r"\mathrm{diag}", "").replace("dz", "")
    return {each for each in found if each in text or each == "sigma"}


def sequences(entries: int = 3, steps: int = 4) -> Tensor:
    return torch.randn(3, steps, entries, dtype=torch.float64)


FORMULAS = {
    "integral": [rf"\max \log \int {CHAIN} \, dz_{{1:T}}", MOTION, EMISSION, START],
    "one product": [
        r"\max \log \int p(z_1) p(x_1|z_1) \prod_{t=2}^T p(z_t|z_{t-1}) p(x_t|z_t) \, dz_{1:T}",
        MOTION,
        EMISSION,
        START,
    ],
    "marginal": [r"\max \log p(x_{1:T})", rf"p(x_{{1:T}}, z_{{1:T}}) = {CHAIN}", MOTION, EMISSION, START],
    "integral of a joint": [
        r"\max \log \int p(x_{1:T}, z_{1:T}) \, dz_{1:T}",
        rf"p(x_{{1:T}}, z_{{1:T}}) = {CHAIN}",
        MOTION,
        EMISSION,
        START,
    ],
    "from zero": [r"\max \log \int \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t) \, dz_{1:T}", MOTION, EMISSION],
    "a state before": [
        r"\max \log \int p(z_0) \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t) \, dz_{0:T}",
        MOTION,
        EMISSION,
        r"p(z_0) = \mathcal{N}(z_0; m, P)",
    ],
    "the next state": [
        r"\max \log \int p(z_1) \prod_{t=1}^{T-1} p(z_{t+1}|z_t) \prod_{t=1}^T p(x_t|z_t) \, dz_{1:T}",
        r"p(z_{t+1}|z_t) = \mathcal{N}(z_{t+1}; A z_t + b, Q)",
        EMISSION,
        START,
    ],
    "standard deviations": [
        rf"\max \log \int {CHAIN} \, dz_{{1:T}}",
        r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; A z_{t-1}, \mathrm{diag}(\sigma^2))",
        r"p(x_t|z_t) = \mathcal{N}(x_t; C z_t, s^2 I)",
        r"p(z_1) = \mathcal{N}(z_1; 0, I)",
    ],
    "numbers in place of matrices": [
        rf"\max \log \int {CHAIN} \, dz_{{1:T}}",
        r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; a z_{t-1}, 0.3 I)",
        r"p(x_t|z_t) = \mathcal{N}(x_t; c z_t, s^2 I)",
        r"p(z_1) = \mathcal{N}(z_1; 0, I)",
    ],
    "a random walk": [
        rf"\max \log \int {CHAIN} \, dz_{{1:T}}",
        r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; z_{t-1}, \mathrm{diag}(\sigma^2))",
        EMISSION,
        START,
    ],
    "independent states": [
        r"\max \log \int \prod_{t=1}^T p(z_t) p(x_t|z_t) \, dz_{1:T}",
        r"p(z_t) = \mathcal{N}(z_t; b, Q)",
        EMISSION,
    ],
    "the observation before": [
        r"\max \log \int p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t, x_{t-1}) \, dz_{1:T}",
        MOTION,
        r"p(x_t|z_t, x_{t-1}) = \mathcal{N}(x_t; C z_t + D x_{t-1}, R)",
        START,
    ],
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_chain_is_integrated_exactly(name: str) -> None:
    formula = FORMULAS[name]
    assert_agrees(formula, bound("".join(formula)), {"x": sequences()})


INPUTS = {
    "at its step": r"p(z_t|z_{t-1}, u_t) = \mathcal{N}(z_t; A z_{t-1} + B u_t, Q)",
    "one step before": r"p(z_t|z_{t-1}, u_{t-1}) = \mathcal{N}(z_t; A z_{t-1} + B u_{t-1} + b, Q)",
    "under a network": r"p(z_t|z_{t-1}, u_t) = \mathcal{N}(z_t; A z_{t-1} + f(u_t), \mathrm{diag}(g(u_t)))",
}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_move_the_state(name: str) -> None:
    motion = INPUTS[name]
    given = motion.split(" = ")[0]
    formula = [
        rf"\max \log \int p(z_1) \prod_{{t=2}}^T {given} \prod_{{t=1}}^T p(x_t|z_t) \, dz_{{1:T}}",
        motion,
        EMISSION,
        START,
    ]
    torch.manual_seed(7)
    f = nn.Linear(2, 2).double()
    g = nn.Sequential(nn.Linear(2, 2), nn.Softplus()).double()
    networks = {"f": f, "g": g} if "f(" in motion else {}
    u = torch.randn(3, 4, 2, dtype=torch.float64)
    assert_agrees(formula, bound("".join(formula), **networks), {"x": sequences(), "u": u})


def test_steps_that_are_numbers() -> None:
    formula = [
        rf"\max \log \int {CHAIN} \, dz_{{1:T}}",
        r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; a z_{t-1}, 0.3)",
        r"p(x_t|z_t) = \mathcal{N}(x_t; c z_t, s^2)",
        r"p(z_1) = \mathcal{N}(z_1; 0, 1)",
    ]
    assert_agrees(formula, bound("".join(formula)), {"x": sequences()[:, :, 0]})


def test_more_entries_of_the_state_than_are_seen() -> None:
    formula = FORMULAS["integral"]
    assert_agrees(
        formula, {name: each for name, each in tensors(4, 2).items() if name in "AbCdmQRP"}, {"x": sequences(2, 5)}
    )


def test_a_sequence_of_one_step() -> None:
    formula = FORMULAS["integral"]
    assert_agrees(formula, bound("".join(formula)), {"x": sequences(steps=1)})


def test_a_marginal_declared_as_an_integral() -> None:
    formula = [r"\max \log p(x_{1:T})", rf"p(x_{{1:T}}) = \int {CHAIN} \, dz_{{1:T}}", MOTION, EMISSION, START]
    assert_agrees(formula, bound("".join(formula)), {"x": sequences()})


def test_what_is_filtered_may_be_drawn() -> None:
    formula = [
        r"\max \mathbb{E}_{\prod_t q(a_t|x_t)}[\sum_{t=1}^T \log p(x_t|a_t) + \log p(a_{1:T}) "
        r"- \sum_{t=1}^T \log q(a_t|x_t)]",
        r"p(a_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(a_t|z_t)",
        MOTION,
        r"p(a_t|z_t) = \mathcal{N}(a_t; C z_t, R)",
        START,
    ]
    torch.manual_seed(1)
    encoder, decoder = nn.Linear(2, 3).double(), nn.Linear(3, 2).double()
    bindings = {name: each for name, each in tensors().items() if name in "AbCmQRP"}
    bindings |= {"q(a_t|x_t)": f2d.Normal(loc=encoder, scale=0.3), "p(x_t|a_t)": f2d.Normal(loc=decoder, scale=1.0)}
    assert_agrees(formula, bindings, {"x": sequences(2)})


def test_the_value_is_the_density_of_the_whole_sequence() -> None:
    """x_1 = z_1 + e_1, x_2 = z_1 + w + e_2 for a random walk of unit steps: covariances by hand."""
    formula = [
        rf"\max \log \int {CHAIN} \, dz_{{1:T}}",
        r"p(z_t|z_{t-1}) = \mathcal{N}(z_t; z_{t-1}, I)",
        r"p(x_t|z_t) = \mathcal{N}(x_t; z_t, 2 I)",
        r"p(z_1) = \mathcal{N}(z_1; 0, 3 I)",
        r"x_t \in \mathbb{R}^1; z_t \in \mathbb{R}^1",
    ]
    x = torch.tensor([[[0.5], [-1.0]]], dtype=torch.float64)
    covariance = torch.tensor([[5.0, 3.0], [3.0, 6.0]], dtype=torch.float64)
    expected = torch.distributions.MultivariateNormal(torch.zeros(2, dtype=torch.float64), covariance).log_prob(
        x[0, :, 0]
    )
    assert_close(f2d.compile(formula)(x=x).value, expected)


FACTORISED = {
    "two joints": [
        r"\max \log \int p(x_{1:T}|z_{1:T}) p(z_{1:T}) \, dz_{1:T}",
        r"p(z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1})",
        r"p(x_{1:T}|z_{1:T}) = \prod_{t=1}^T p(x_t|z_t)",
        MOTION,
        EMISSION,
        START,
    ],
    "families in place of densities": [
        r"\max \log \int \mathcal{N}(z_1; m, P) \prod_{t=2}^T \mathcal{N}(z_t; A z_{t-1} + b, Q) "
        r"\prod_{t=1}^T \mathcal{N}(x_t; C z_t + d, R) \, dz_{1:T}",
    ],
    "under an expectation over the data": [
        rf"\max \mathbb{{E}}_{{p_{{data}}(x_{{1:T}})}}[\log \int {CHAIN} \, dz_{{1:T}}]",
        MOTION,
        EMISSION,
        START,
    ],
}


@pytest.mark.parametrize("name", FACTORISED)
def test_other_ways_to_write_the_same_chain(name: str) -> None:
    x = sequences()
    values = [
        f2d.compile(each, {key: value for key, value in tensors().items() if key in "AbCdmQRP"})(x=x).value
        for each in (FORMULAS["integral"], FACTORISED[name])
    ]
    assert_close(values[1], values[0])


def test_sequences_of_their_own_lengths() -> None:
    """Value and gradients are the mean over the sequences, one by one."""
    formula = FORMULAS["integral"]
    bindings, x = bound("".join(formula)), sequences(steps=5)
    lengths = torch.tensor([5, 2, 3])
    together = f2d.compile(formula, bindings, ragged=True)(x=x, lengths=lengths).value
    objective = f2d.compile(formula, bindings)
    each = [objective(x=x[i : i + 1, :length]).value for i, length in enumerate(lengths.tolist())]
    alone = torch.stack(each).mean()
    assert_close(together, alone)
    learned = list(objective.parameters())
    assert_close(torch.autograd.grad(together, learned), torch.autograd.grad(alone, learned))


def test_a_filter_stands_beside_other_terms() -> None:
    formula = [FORMULAS["integral"][0] + r" - \lambda \sum_{t=1}^T \|x_t\|^2", MOTION, EMISSION, START]
    assert_agrees(formula, bound("".join(FORMULAS["integral"]), **{"lambda": 0.1}), {"x": sequences()})
