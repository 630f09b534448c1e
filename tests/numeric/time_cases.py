"""The programs of ``time_programs`` once more, as loops over steps that a person would write with torch alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import time_programs as programs
import torch
from networks import Gaussian, Logits
from time_networks import Ahead, Concentrations, Whole
from torch import Tensor, nn
from torch.distributions import Bernoulli, Gamma, Independent, Normal, kl_divergence

from formula2dgm.ir.program import Program

X, Z, H = 5, 3, 4
Networks = dict[str, nn.Module]
Values = dict[str, Tensor]
Terms = list[Tensor]


class Case(NamedTuple):
    """A program, its networks and parameters, data and noise; the same terms, with their signs, by hand.

    ``close``: how close gradients of generated code are to exact ones; those that torch approximates are less so.
    """

    program: Program
    networks: Networks
    data: Values
    noise: Values
    terms: Callable[[Networks, Values, Values, Values], Terms]
    parameters: Values = {}  # noqa: RUF012  (never written to)
    close: float = 1e-10


Make = Callable[[int, int], Case]


def gaussian(output: dict[str, Tensor]) -> Independent:
    return Independent(Normal(output["loc"], output["log_scale"].exp()), 1)


def standard(size: int) -> Independent:
    return Independent(Normal(torch.zeros(size), torch.ones(size)), 1)


def bernoulli(logits: Tensor) -> Independent:
    return Independent(Bernoulli(logits=logits), 1)


def at(law: Independent, noise: Tensor) -> Tensor:
    return law.base_dist.loc + law.base_dist.scale * noise


def gamma(output: dict[str, Tensor]) -> Independent:
    return Independent(Gamma(output["concentration"], output["rate"]), 1)


def drawn_gamma(law: Independent, value: Tensor) -> Tensor:
    """A draw with the gradient of its distribution function F: -(dF/da)/p in each parameter a, by differences of the
    seventh order in the concentration and exactly, -value/rate, in the rate."""
    a, rate = law.base_dist.concentration, law.base_dist.rate
    here, scaled, step = a.detach(), (value * rate).detach(), 1e-2
    weights = {1: 45 / 60, 2: -9 / 60, 3: 1 / 60}
    slope = sum(
        weight * (torch.special.gammainc(here + k * step, scaled) - torch.special.gammainc(here - k * step, scaled))
        for k, weight in weights.items()
    )
    density = law.base_dist.log_prob(value).detach().exp()
    along_a = -slope / step / density * (a - here)
    return value + along_a - value / rate.detach() * (rate - rate.detach())


def mean(numbers: list[Tensor], rows: int) -> Tensor:
    """The mean over the batch of a sum over the steps."""
    return sum(numbers, torch.zeros(rows)).mean()


def sequences(rows: int, steps: int, size: int = X) -> Tensor:
    return torch.randn(rows, steps, size)


# -- chains --------------------------------------------------------------------------------------------


def deep_markov(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, kl, before = [], [], torch.zeros(rows, Z)
        for t in range(steps):
            summary = nets["g"](data["x"][:, t:])[:, 0]
            q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t_T"](before, summary))
            kl.append(kl_divergence(q, gaussian(nets["p_z_t_given_z_t_minus_1"](before))))
            before = at(q, noise["z"][:, t])
            log_x.append(bernoulli(nets["p_x_t_given_z_t"](before)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows), -mean(kl, rows)]

    networks: Networks = {
        "g": Ahead(X, H),
        "q_z_t_given_z_t_minus_1_x_t_T": Gaussian(Z + H, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
        "p_x_t_given_z_t": Logits(Z, X),
    }
    data = {"x": torch.bernoulli(torch.full((rows, steps, X), 0.5))}
    return Case(programs.deep_markov(), networks, data, {"z": sequences(rows, steps, Z)}, terms)


def first_step(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, log_z, log_q, before = [], [], [], torch.empty(0)
        for t in range(steps):
            x = data["x"][:, t]
            if t == 0:
                q, prior = gaussian(nets["q_z_1_given_x_1"](x)), standard(Z)
            else:
                q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](before, x))
                prior = gaussian(nets["p_z_t_given_z_t_minus_1"](before))
            before = at(q, noise["z"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_z_t"](before)).log_prob(x))
            log_z.append(prior.log_prob(before))
            log_q.append(q.log_prob(before))
        return [mean(log_x, rows), mean(log_z, rows), -mean(log_q, rows)]

    networks: Networks = {
        "q_z_1_given_x_1": Gaussian(X, Z),
        "q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.first_step(), networks, data, noise, terms)


def first_divergence(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        entropy, kl, before = [], [], torch.zeros(rows, Z)
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](before, data["x"][:, t]))
            start = Independent(Normal(torch.full((rows, Z), 0.5), torch.full((rows, Z), 2.0)), 1)
            prior = gaussian(nets["p_z_t_given_z_t_minus_1"](before)) if t else start
            entropy.append(prior.entropy())
            kl.append(kl_divergence(q, prior))
            before = at(q, noise["z"][:, t])
        return [mean(entropy, rows), -mean(kl, rows)]

    networks: Networks = {
        "q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.first_divergence(), networks, data, noise, terms)


def last_step(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        draws = [torch.zeros(rows, Z)]
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](draws[-1], data["x"][:, t]))
            draws.append(at(q, noise["z"][:, t]))
        log_y = bernoulli(nets["p_y_given_z_T"](draws[-1])).log_prob(data["y"])
        return [log_y.mean(), -((draws[-2] - draws[1]) ** 2).sum(-1).mean()]

    networks: Networks = {"q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z), "p_y_given_z_T": Logits(Z, 2)}
    data = {"x": sequences(rows, steps), "y": torch.bernoulli(torch.full((rows, 2), 0.5))}
    return Case(programs.last_step(), networks, data, {"z": sequences(rows, steps, Z)}, terms)


def drawn_start(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        before = at(gaussian(nets["q_z_0_given_x_1_T"](data["x"])), noise["z_0"])
        log_x, kl = [], []
        for t in range(steps):
            x = data["x"][:, t]
            q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](before, x))
            kl.append(kl_divergence(q, gaussian(nets["p_z_t_given_z_t_minus_1"](before))))
            before = at(q, noise["z"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_z_t"](before)).log_prob(x))
        return [mean(log_x, rows), -mean(kl, rows)]

    networks: Networks = {
        "q_z_0_given_x_1_T": Whole(X, Z),
        "q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    noise = {"z_0": torch.randn(rows, Z), "z": sequences(rows, steps, Z)}
    return Case(programs.drawn_start(), networks, {"x": sequences(rows, steps)}, noise, terms)


def second_order(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, last, earlier = [], torch.zeros(rows, Z), torch.full((rows, Z), 0.5)
        for t in range(steps):
            two_ago = earlier if t >= 2 else torch.full((rows, Z), 0.5)
            q = gaussian(nets["q_z_t_given_z_t_minus_1_z_t_minus_2_x_t"](last, two_ago, data["x"][:, t]))
            earlier, last = last, at(q, noise["z"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_z_t"](last)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {
        "q_z_t_given_z_t_minus_1_z_t_minus_2_x_t": Gaussian(2 * Z + X, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.second_order(), networks, data, noise, terms)


def next_states(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        draws, after = [torch.empty(0)] * steps, torch.zeros(rows, Z)
        for t in reversed(range(steps)):
            q = gaussian(nets["q_b_t_given_b_t_1_x_t"](after, data["x"][:, t]))
            draws[t] = after = at(q, noise["b"][:, t])
        log_x = []
        for t in range(steps):
            before = draws[t - 1] if t else torch.full((rows, Z), 0.25)
            law = gaussian(nets["p_x_t_given_b_t_b_t_minus_1"](draws[t], before))
            log_x.append(law.log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {
        "q_b_t_given_b_t_1_x_t": Gaussian(Z + X, Z),
        "p_x_t_given_b_t_b_t_minus_1": Gaussian(2 * Z, X),
    }
    data, noise = {"x": sequences(rows, steps)}, {"b": sequences(rows, steps, Z)}
    return Case(programs.next_states(), networks, data, noise, terms)


def gamma_chain(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, log_s, log_q, before = [], [], [], torch.ones(rows, Z)
        for t in range(steps):
            x = data["x"][:, t]
            q, prior = (
                gamma(nets["q_s_t_given_s_t_minus_1_x_t"](before, x)),
                gamma(nets["p_s_t_given_s_t_minus_1"](before)),
            )
            before = drawn_gamma(q, noise["s"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_s_t"](before)).log_prob(x))
            log_s.append(prior.log_prob(before))
            log_q.append(q.log_prob(before))
        return [mean(log_x, rows), mean(log_s, rows), -mean(log_q, rows)]

    networks: Networks = {
        "q_s_t_given_s_t_minus_1_x_t": Concentrations(Z + X, Z),
        "p_s_t_given_s_t_minus_1": Concentrations(Z, Z),
        "p_x_t_given_s_t": Gaussian(Z, X),
    }
    noise = {"s": torch.empty(rows, steps, Z).exponential_() + 0.2}
    return Case(programs.gamma_chain(), networks, {"x": sequences(rows, steps)}, noise, terms, close=3e-3)


def particles(rows: int, steps: int, product: bool = False) -> Case:
    draws = 3

    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        weights = []
        for k in range(draws):
            weight, before = torch.zeros(rows), torch.zeros(rows, Z)
            for t in range(steps):
                x = data["x"][:, t]
                q = gaussian(nets["q_z_t_given_z_t_minus_1_x_t"](before, x))
                prior = gaussian(nets["p_z_t_given_z_t_minus_1"](before))
                before = at(q, noise["z"][k, :, t])
                log_x = gaussian(nets["p_x_t_given_z_t"](before)).log_prob(x)
                weight = weight + log_x + prior.log_prob(before) - q.log_prob(before)
            weights.append(weight)
        return [(torch.logsumexp(torch.stack(weights), 0) - torch.log(torch.tensor(float(draws)))).mean()]

    networks: Networks = {
        "q_z_t_given_z_t_minus_1_x_t": Gaussian(Z + X, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    noise = {"z": torch.randn(draws, rows, steps, Z)}
    return Case(programs.particles(product), networks, {"x": sequences(rows, steps)}, noise, terms)


def product_of_ratios(rows: int, steps: int) -> Case:
    return particles(rows, steps, product=True)
