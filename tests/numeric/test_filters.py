"""What a prefix says of a state whose paths are summed out: drawn from p(z_t|x_{1:t}), and gone on from."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, MultivariateNormal
from torch.testing import assert_close

import formula2dgm as f2d

COUNT = 40_000
LENGTHS = (4, 2)


def rows(*sizes: int) -> Tensor:
    return torch.softmax(2 * torch.randn(*sizes, dtype=torch.float64), -1)


class Markov:
    """Three states, observations of two bits; the laws of the state by going through all paths."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.first, self.moves = rows(3), rows(3, 3)
        self.bits = torch.randn(3, 2, dtype=torch.float64)
        self.x = torch.randint(2, (2, 4, 2)).double()

    def compiled(self, **options: Any) -> Any:
        statements = [
            r"p(x_{1:T}, z_{1:T}) = p(z_1) \prod_{t=2}^T p(z_t|z_{t-1}) \prod_{t=1}^T p(x_t|z_t)",
            r"\max \log p(x_{1:T})",
        ]
        bound = {
            "p(z_1)": f2d.Categorical(probs=self.first),
            "p(z_t|z_{t-1})": f2d.Categorical(probs=nn.Embedding.from_pretrained(self.moves)),
            "p(x_t|z_t)": f2d.Bernoulli(nn.Embedding.from_pretrained(self.bits)),
        }
        return f2d.compile(statements, bound, **options).double()

    def last(self, x: Tensor) -> Tensor:
        """p(z_T|x_{1:T}), of one sequence."""
        found = torch.zeros(3, dtype=torch.float64)
        for path in itertools.product(range(3), repeat=len(x)):
            weight = self.first[path[0]]
            for before, state in itertools.pairwise(path):
                weight = weight * self.moves[before, state]
            for state, seen in zip(path, x, strict=True):
                weight = weight * Bernoulli(logits=self.bits[state]).log_prob(seen).sum().exp()
            found[path[-1]] += weight
        return found / found.sum()


def frequencies(z: Tensor) -> Tensor:
    return torch.bincount(z.flatten(), minlength=3) / z.numel()


def assert_drawn_from(z: Tensor, law: Tensor) -> None:
    errors = (frequencies(z) - law).abs()
    assert bool((errors < 5 * (law * (1 - law) / z.numel()).sqrt()).all()), (frequencies(z), law)


def test_a_finite_state_is_drawn_by_the_forward_algorithm() -> None:
    chain = Markov()
    z = chain.compiled().filter(x=chain.x[:1].expand(COUNT, -1, -1))["z"]
    assert_drawn_from(z, chain.last(chain.x[0]))


def test_new_steps_go_on_from_it() -> None:
    """z_{T+1} is drawn from the matrix's row of the drawn state."""
    chain = Markov()
    z = chain.compiled().sample(T=2, x=chain.x[:1].expand(COUNT, -1, -1))["z"]
    assert_drawn_from(z[:, 0], chain.last(chain.x[0]) @ chain.moves)
    assert_drawn_from(z[:, 1], chain.last(chain.x[0]) @ chain.moves @ chain.moves)


def test_each_sequence_has_its_own_last_step() -> None:
    chain = Markov()
    x, lengths = (each.repeat_interleave(COUNT, 0) for each in (chain.x, torch.tensor(LENGTHS)))
    z = chain.compiled(ragged=True).filter(x=x, lengths=lengths)["z"]
    for position, length in enumerate(LENGTHS):
        own = z[position * COUNT : (position + 1) * COUNT]
        assert_drawn_from(own, chain.last(chain.x[position, :length]))


# -- linear-Gaussian chains ----------------------------------------------------------------------------

STATE, ENTRIES, STEPS, N = 2, 3, 4, 3


def chain_of_numbers() -> Any:
    path = Path(__file__).parents[2] / "examples" / "linear_gaussian_chain.tex"
    torch.manual_seed(3)
    o = f2d.compile(path.read_text().replace("^4", f"^{STATE}").replace("^8", f"^{ENTRIES}"), scaffold=True).double()
    with torch.no_grad():
        for each in o.parameters():
            each.add_(0.5 * torch.randn_like(each))
    return o


def conditioned(o: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of z_T given x, from the joint law of all states: a block of a conditional Gaussian."""
    with torch.no_grad():
        steps = x.shape[1]
        means, covariance = [o.m], torch.zeros(STATE * steps, STATE * steps, dtype=torch.float64)
        covariance[:STATE, :STATE] = torch.diag(o.log_P.exp())
        for t in range(1, steps):
            means.append(o.A @ means[-1] + o.b)
            own, before = slice(STATE * t, STATE * (t + 1)), slice(STATE * (t - 1), STATE * t)
            covariance[own, : STATE * t] = o.A @ covariance[before, : STATE * t]
            covariance[: STATE * t, own] = covariance[own, : STATE * t].T
            covariance[own, own] = o.A @ covariance[before, before] @ o.A.T + torch.diag(o.log_Q.exp())
        seen = torch.block_diag(*[o.C] * steps)
        total = seen @ covariance @ seen.T + torch.diag(o.log_R.exp().repeat(steps))
        gain = covariance @ seen.T @ torch.linalg.inv(total)
        mean = torch.cat(means)
        after = mean + (x.flatten(1) - seen @ mean - o.d.repeat(steps)) @ gain.T
        return after[:, -STATE:], (covariance - gain @ seen @ covariance)[-STATE:, -STATE:]


def test_a_linear_state_is_drawn_by_the_kalman_filter() -> None:
    o = chain_of_numbers()
    x = torch.randn(N, STEPS, ENTRIES, dtype=torch.float64)
    mean, covariance = conditioned(o, x)
    still = o.filter(x=x, noise={"z": torch.zeros(N, STATE, dtype=torch.float64)})["z"]
    assert_close(still, mean)
    moved = [
        o.filter(x=x, noise={"z": unit.expand(N, STATE)})["z"] - still for unit in torch.eye(STATE, dtype=torch.float64)
    ]
    root = torch.stack(moved, -1)
    assert_close(root @ root.mT, covariance.expand(N, -1, -1))
    assert_close(root[0], MultivariateNormal(mean[0], covariance).scale_tril)


def test_new_steps_go_on_from_a_linear_state() -> None:
    o = chain_of_numbers()
    x = torch.randn(N, STEPS, ENTRIES, dtype=torch.float64)
    noise = {"z": torch.randn(N, 2, STATE, dtype=torch.float64), "x": torch.randn(N, 2, ENTRIES, dtype=torch.float64)}
    last = o.filter(x=x, noise={"z": torch.randn(N, STATE, dtype=torch.float64)})["z"]
    z, seen = [last], []
    for t in range(2):
        z.append(z[-1] @ o.A.T + o.b + o.log_Q.exp().sqrt() * noise["z"][:, t])
        seen.append(z[-1] @ o.C.T + o.d + o.log_R.exp().sqrt() * noise["x"][:, t])
    made = o.sample(T=2, start={"z": last}, noise=noise)
    assert_close(made, {"z": torch.stack(z[1:], 1), "x": torch.stack(seen, 1)})


def test_a_state_of_one_number_and_a_first_state_before_the_data() -> None:
    statements = [
        r"\max \log \int p(z_0) \prod_{t=1}^T p(z_t|z_{t-1}) p(x_t|z_t) dz_{0:T}",
        r"p(z_0) = N(z_0; 0.5, 0.8)",
        r"p(z_t|z_{t-1}) = N(z_t; 0.9 z_{t-1}, 0.3)",
        r"p(x_t|z_t) = N(x_t; 2 z_t, 0.5)",
        r"z_t \in R, x_t \in R",
    ]
    o: Any = f2d.compile(statements, scaffold=True).double()
    x = torch.randn(N, STEPS, dtype=torch.float64)
    mean, variance = torch.full((N,), 0.5, dtype=torch.float64), 0.8
    for t in range(STEPS):
        mean, variance = 0.9 * mean, 0.81 * variance + 0.3
        gain = 2 * variance / (4 * variance + 0.5)
        mean, variance = mean + gain * (x[:, t] - 2 * mean), (1 - 2 * gain) * variance
    one = o.filter(x=x, noise={"z": torch.ones(N, 1, dtype=torch.float64)})["z"]
    assert_close(one.flatten(), mean + variance**0.5)
    assert o.sample(T=2, x=x)["z"].shape[:2] == (N, 2)


@pytest.mark.parametrize("wrong", [4, "4"])
def test_the_number_of_steps_is_named(wrong: Any) -> None:
    with pytest.raises(f2d.FormulaError, match="F2D-0708"):
        Markov().compiled().sample(3, wrong)
