"""Generated code against torch.distributions, written out by hand: values and gradients at the same noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import programs
import pytest
import torch
from networks import Gaussian, Logits
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, Normal, OneHotCategorical, kl_divergence

from formula2dgm.codegen import generate
from formula2dgm.ir.program import Program
from formula2dgm.ir.verify import verify
from formula2dgm.passes import run_passes
from formula2dgm.runtime.loader import build

BATCH, X, Z, Y = 5, 6, 3, 2
Networks = dict[str, nn.Module]
Values = dict[str, Tensor]


class Case(NamedTuple):
    """A program, its networks, data and noise, and the same mathematics by hand: the terms and the value."""

    program: Program
    networks: Networks
    data: Values
    noise: Values
    expected: Callable[[Networks, Values, Values], tuple[Values, Tensor]]


def gaussian(output: dict[str, Tensor], event: int = 1) -> Independent:
    return Independent(Normal(output["loc"], output["log_scale"].exp()), event)


def bernoulli(logits: Tensor) -> Independent:
    return Independent(Bernoulli(logits=logits), 1)


def standard(size: int) -> Independent:
    return Independent(Normal(torch.zeros(size), torch.ones(size)), 1)


def at(law: Independent, noise: Tensor) -> Tensor:
    return law.base_dist.loc + law.base_dist.scale * noise


def bits(*shape: int) -> Tensor:
    return torch.bernoulli(torch.full(shape, 0.5))


def each_row(network: nn.Module, *inputs: Tensor) -> Tensor:
    """A network on every draw, one draw at a time."""
    return torch.stack([network(*row) for row in zip(*inputs, strict=True)])


# -- the cases -----------------------------------------------------------------------------------------


def beta_vae() -> Case:
    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        q = gaussian(nets["q_z_given_x"](data["x"]))
        log_p = bernoulli(nets["p_x_given_z"](at(q, noise["z"]))).log_prob(data["x"]).mean()
        kl = kl_divergence(q, standard(Z)).mean()
        return {"log p(x|z)": log_p, "KL[q(z|x) || p(z)]": kl}, log_p - 4 * kl

    networks: Networks = {"q_z_given_x": Gaussian(X, Z), "p_x_given_z": Logits(Z, X)}
    return Case(programs.beta_vae(), networks, {"x": bits(BATCH, X)}, {"z": torch.randn(BATCH, Z)}, expected)


def ratio_elbo() -> Case:
    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        q = gaussian(nets["q_z_given_x"](data["x"]))
        z = at(q, noise["z"])
        log_p = bernoulli(nets["p_x_given_z"](z)).log_prob(data["x"])
        value = (log_p + standard(Z).log_prob(z) - q.log_prob(z)).mean()
        return {"log(p(x|z) * p(z) / q(z|x))": value}, value

    networks: Networks = {"q_z_given_x": Gaussian(X, Z), "p_x_given_z": Logits(Z, X)}
    return Case(programs.ratio_elbo(), networks, {"x": bits(BATCH, X)}, {"z": torch.randn(BATCH, Z)}, expected)


def iwae() -> Case:
    draws = 5

    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        q = gaussian(nets["q_z_given_x"](data["x"]))
        weights = []
        for k in range(draws):
            z = at(q, noise["z"][k])
            log_p = bernoulli(nets["p_x_given_z"](z)).log_prob(data["x"])
            weights.append(torch.exp(log_p + standard(Z).log_prob(z) - q.log_prob(z)))
        value = torch.log(sum(weights) / draws).mean()
        return {"log(1/K * sum_{k=1}^K p(x|z_k) * p(z_k) / q(z_k|x))": value}, value

    networks: Networks = {"q_z_given_x": Gaussian(X, Z), "p_x_given_z": Logits(Z, X)}
    noise = {"z": torch.randn(draws, BATCH, Z)}
    return Case(programs.iwae(), networks, {"x": bits(BATCH, X)}, noise, expected)


def hierarchical() -> Case:
    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        q1 = gaussian(nets["q_z_1_given_x"](data["x"]))
        z1 = at(q1, noise["z_1"])
        q2 = gaussian(nets["q_z_2_given_z_1"](z1))
        z2 = at(q2, noise["z_2"])
        log_x = gaussian(nets["p_x_given_z_1"](z1)).log_prob(data["x"]).mean()
        log_z1 = gaussian(nets["p_z_1_given_z_2"](z2)).log_prob(z1).mean()
        kl, entropy = kl_divergence(q2, standard(Y)).mean(), q1.entropy().mean()
        terms = {
            "log p(x|z_1)": log_x,
            "KL[q(z_2|z_1) || p(z_2)]": kl,
            "H[q(z_1|x)]": entropy,
            "log p(z_1|z_2)": log_z1,
        }
        return terms, log_x - kl + entropy + log_z1

    networks: Networks = {
        "q_z_1_given_x": Gaussian(X, Z),
        "q_z_2_given_z_1": Gaussian(Z, Y),
        "p_x_given_z_1": Gaussian(Z, X),
        "p_z_1_given_z_2": Gaussian(Y, Z),
    }
    noise = {"z_1": torch.randn(BATCH, Z), "z_2": torch.randn(BATCH, Y)}
    return Case(programs.hierarchical(), networks, {"x": torch.randn(BATCH, X)}, noise, expected)


def conditional() -> Case:
    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        x, y = data["x"], data["y"]
        q, prior = gaussian(nets["q_z_given_x_y"](x, y)), gaussian(nets["p_z_given_y"](y))
        log_p = bernoulli(nets["p_x_given_z_y"](at(q, noise["z"]), y)).log_prob(x).mean()
        kl = kl_divergence(q, prior).mean()
        return {"KL[q(z|x,y) || p(z|y)]": kl, "log p(x|z,y)": log_p}, kl - log_p

    networks: Networks = {
        "q_z_given_x_y": Gaussian(X + Y, Z),
        "p_z_given_y": Gaussian(Y, Z),
        "p_x_given_z_y": Logits(Z + Y, X),
    }
    data = {"x": bits(BATCH, X), "y": torch.randn(BATCH, Y)}
    return Case(programs.conditional(), networks, data, {"z": torch.randn(BATCH, Z)}, expected)


def default_samples() -> Case:
    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        q = gaussian(nets["q_z_given_x"](data["x"]))
        draws = [at(q, each) for each in noise["z"]]
        log_p = sum(bernoulli(nets["p_x_given_z"](z)).log_prob(data["x"]).mean() for z in draws) / len(draws)
        kl = kl_divergence(q, standard(Z)).mean()
        return {"log p(x|z)": log_p, "KL[q(z|x) || p(z)]": kl}, log_p - kl

    networks: Networks = {"q_z_given_x": Gaussian(X, Z), "p_x_given_z": Logits(Z, X)}
    return Case(programs.default_samples(4), networks, {"x": bits(BATCH, X)}, {"z": torch.randn(4, BATCH, Z)}, expected)


def enumerated() -> Case:
    classes = 4

    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        x = data["x"]
        qy = OneHotCategorical(logits=nets["q_y_given_x"](x))
        total = torch.zeros(BATCH)
        for k in range(classes):
            y = torch.eye(classes)[k].expand(BATCH, classes)
            z = at(gaussian(nets["q_z_given_x_y"](x, y)), noise["z"][k])
            log_p = bernoulli(nets["p_x_given_z_y"](z, y)).log_prob(x)
            total = total + qy.probs[:, k] * (log_p - qy.log_prob(y))
        return {"bound": total.mean()}, total.mean()

    networks: Networks = {
        "q_y_given_x": Logits(X, classes),
        "q_z_given_x_y": Gaussian(X + classes, Z),
        "p_x_given_z_y": Logits(Z + classes, X),
    }
    noise = {"z": torch.randn(classes, BATCH, Z)}
    return Case(programs.enumerated(), networks, {"x": bits(BATCH, X)}, noise, expected)


def markov() -> Case:
    steps = 4

    def expected(nets: Networks, data: Values, noise: Values) -> tuple[Values, Tensor]:
        log_x = log_p = log_q = torch.zeros(BATCH)
        before = torch.zeros(BATCH, Z)
        for t in range(steps):
            x = data["x"][:, t]
            q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](before, x))
            z = at(q, noise["z"][:, t])
            log_x = log_x + gaussian(nets["p_x_t_given_z_t"](z)).log_prob(x)
            log_p = log_p + gaussian(nets["p_z_t_given_z_t_minus_1"](before)).log_prob(z)
            log_q = log_q + q.log_prob(z)
            before = z
        terms = {
            "log p(x_t|z_t)": log_x.mean(),
            "log p(z_t|z_{t-1})": log_p.mean(),
            "log q(z_t|z_{t-1},x_t)": log_q.mean(),
        }
        return terms, (log_x + log_p - log_q).mean()

    networks: Networks = {
        "q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
    }
    data = {"x": torch.randn(BATCH, steps, X)}
    return Case(programs.markov(), networks, data, {"z": torch.randn(BATCH, steps, Z)}, expected)


CASES = [beta_vae, ratio_elbo, iwae, hierarchical, conditional, default_samples, enumerated, markov]


# -- what is compared ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", CASES)
def test_values_and_gradients_are_those_of_torch_distributions(make: Callable[[], Case]) -> None:
    case = make()
    program = verify(case.program)
    objective = build(program, generate(run_passes(program, debug=True)), case.networks)
    terms, value = case.expected(case.networks, case.data, case.noise)
    found = objective(**case.data, noise=case.noise)

    torch.testing.assert_close(found.value, value)
    torch.testing.assert_close(found.loss, -value if program.objectives[0].maximize else value)
    assert list(found.terms) == list(terms)
    for name, term in terms.items():
        torch.testing.assert_close(found.terms[name], term.detach())
        assert not found.terms[name].requires_grad and not found.contributions[name].requires_grad
    torch.testing.assert_close(sum(found.contributions.values()), found.value.detach())

    parameters = [each for network in case.networks.values() for each in network.parameters()]
    wanted = torch.autograd.grad(value, parameters)
    for ours, theirs in zip(torch.autograd.grad(found.value, parameters), wanted, strict=True):
        assert theirs.abs().max() > 0
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("make", CASES)
def test_passes_keep_the_value(make: Callable[[], Case]) -> None:
    case = make()
    plain = build(case.program, generate(case.program), case.networks)
    passed = build(case.program, generate(run_passes(case.program)), case.networks)
    torch.testing.assert_close(plain(**case.data, noise=case.noise).value, passed(**case.data, noise=case.noise).value)


@pytest.mark.parametrize("make", CASES)
def test_fresh_noise_has_the_shape_of_given_noise(make: Callable[[], Case]) -> None:
    case = make()
    objective = build(case.program, generate(run_passes(case.program)), case.networks)
    drawn = objective.example_noise(**case.data)
    assert {name: each.shape for name, each in drawn.items()} == {name: each.shape for name, each in case.noise.items()}
    first, second = objective(**case.data), objective(**case.data)
    assert not torch.equal(first.value, second.value), "noise that is not given is fresh at every call"


def test_noise_of_fewer_axes_is_shared_by_the_missing_ones() -> None:
    case = iwae()
    objective = build(case.program, generate(run_passes(case.program)), case.networks)
    shared = torch.randn(Z)
    everywhere = shared.expand(5, BATCH, Z)
    torch.testing.assert_close(
        objective(**case.data, noise={"z": shared}).value, objective(**case.data, noise={"z": everywhere}).value
    )


def test_a_hyperparameter_can_be_given_with_each_call() -> None:
    case = beta_vae()
    objective = build(case.program, generate(run_passes(case.program)), case.networks)
    terms = objective(**case.data, noise=case.noise).terms
    for beta in (0.0, 2.5, torch.tensor(0.5)):
        value = objective(**case.data, noise=case.noise, beta=beta).value
        torch.testing.assert_close(value.detach(), terms["log p(x|z)"] - beta * terms["KL[q(z|x) || p(z)]"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_that_of_data_and_parameters(dtype: torch.dtype) -> None:
    case = iwae()
    objective = build(case.program, generate(run_passes(case.program)), case.networks).to(dtype)
    assert objective(x=case.data["x"].to(dtype)).loss.dtype == dtype
