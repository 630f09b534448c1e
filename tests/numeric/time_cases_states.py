"""Carried states, whole sequences and prefixes of ``time_programs``, as loops that a person would write."""

from __future__ import annotations

import time_programs as programs
import torch
from networks import Gaussian, Logits
from time_cases import Case, H, Networks, Terms, Values, X, Z, at, bernoulli, gaussian, mean, sequences, standard
from time_networks import Cell, Recurrent, Whole, WholeSteps
from torch import nn
from torch.distributions import kl_divergence


def variational_rnn(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, kl, h = [], [], torch.zeros(rows, H)
        for t in range(steps):
            x = data["x"][:, t]
            q = gaussian(nets["q_z_t_given_x_t_h_t_minus_1"](x, h))
            z = at(q, noise["z"][:, t])
            kl.append(kl_divergence(q, gaussian(nets["p_z_t_given_h_t_minus_1"](h))))
            log_x.append(gaussian(nets["p_x_t_given_z_t_h_t_minus_1"](z, h)).log_prob(x))
            h = nets["f"](nets["phi"](x, z), h)
        return [mean(log_x, rows), -mean(kl, rows)]

    networks: Networks = {
        "q_z_t_given_x_t_h_t_minus_1": Gaussian(X + H, Z),
        "p_z_t_given_h_t_minus_1": Gaussian(H, Z),
        "p_x_t_given_z_t_h_t_minus_1": Gaussian(Z + H, X),
        "phi": Cell(X + Z, 6),
        "f": nn.GRUCell(6, H),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.variational_rnn(), networks, data, noise, terms)


def learned_start(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, _: Values, parameters: Values) -> Terms:
        log_x, h = [], parameters["h_0"].expand(rows, H)
        for t in range(steps):
            log_x.append(gaussian(nets["p_x_t_given_h_t_minus_1"](h)).log_prob(data["x"][:, t]))
            h = nets["f"](h, data["x"][:, t])
        return [mean(log_x, rows)]

    networks: Networks = {"f": Cell(H + X, H), "p_x_t_given_h_t_minus_1": Gaussian(H, X)}
    start = {"h_0": nn.Parameter(torch.randn(H))}
    return Case(programs.learned_start(), networks, {"x": sequences(rows, steps)}, {}, terms, start)


def lstm_pair(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, *_: Values) -> Terms:
        log_x, h, c = [], torch.zeros(rows, H), torch.zeros(rows, H)
        for t in range(steps):
            log_x.append(gaussian(nets["p_x_t_given_h_t_minus_1"](h)).log_prob(data["x"][:, t]))
            h, c = nets["cell"](data["x"][:, t], (h, c))
        return [mean(log_x, rows)]

    networks: Networks = {"cell": nn.LSTMCell(X, H), "p_x_t_given_h_t_minus_1": Gaussian(H, X)}
    return Case(programs.lstm_pair(), networks, {"x": sequences(rows, steps)}, {}, terms)


def stochastic_rnn(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, parameters: Values) -> Terms:
        forwards, d, earlier = [], parameters["d_0"].expand(rows, H), torch.zeros(rows, X)
        for t in range(steps):
            d = nets["f"](earlier, d)
            earlier = data["x"][:, t]
            forwards.append(d)
        backwards, a = [], parameters["a_0"].expand(rows, H)
        for t in reversed(range(steps)):
            a = nets["g"](data["x"][:, t], forwards[t], a)
            backwards.insert(0, a)
        log_x, kl, z = [], [], torch.zeros(rows, Z)
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_z_t_minus_1_a_t"](z, backwards[t]))
            kl.append(kl_divergence(q, gaussian(nets["p_z_t_given_z_t_minus_1_d_t"](z, forwards[t]))))
            z = at(q, noise["z"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_z_t_d_t"](z, forwards[t])).log_prob(data["x"][:, t]))
        return [mean(log_x, rows), -mean(kl, rows)]

    networks: Networks = {
        "f": Cell(X + H, H),
        "g": Cell(X + 2 * H, H),
        "q_z_t_given_z_t_minus_1_a_t": Gaussian(Z + H, Z),
        "p_z_t_given_z_t_minus_1_d_t": Gaussian(Z + H, Z),
        "p_x_t_given_z_t_d_t": Gaussian(Z + H, X),
    }
    starts = {"d_0": nn.Parameter(torch.randn(H)), "a_0": nn.Parameter(torch.randn(H))}
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.stochastic_rnn(), networks, data, noise, terms, starts)


def drawing(rows: int, steps: int, said: bool = True) -> Case:
    """``said``: the number of steps is a number, not a hyperparameter."""

    def terms(nets: Networks, data: Values, noise: Values, parameters: Values) -> Terms:
        x, kl = data["x"], []
        c, d, e = (parameters[name].expand(rows, -1) for name in ("c_0", "d_0", "e_0"))
        for t in range(steps):
            e = nets["enc"](x, x - torch.sigmoid(c), e, d)
            q = gaussian(nets["q_z_t_given_e_t"](e))
            kl.append(kl_divergence(q, standard(Z)))
            d = nets["dec"](at(q, noise["z"][:, t]), d)
            c = c + nets["write"](d)
        return [bernoulli(c).log_prob(x).mean(), -mean(kl, rows)]

    networks: Networks = {
        "enc": Cell(2 * X + 2 * H, H),
        "dec": Cell(Z + H, H),
        "write": Logits(H, X),
        "q_z_t_given_e_t": Gaussian(H, Z),
    }
    sizes = {"c_0": X, "d_0": H, "e_0": H}
    starts = {name: nn.Parameter(torch.randn(size)) for name, size in sizes.items()}
    data = {"x": torch.bernoulli(torch.full((rows, X), 0.5))}
    program = programs.drawing(steps if said else "T")
    return Case(program, networks, data, {"z": sequences(rows, steps, Z)}, terms, starts)


def canvas_from_zero(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, *_: Values) -> Terms:
        log_x, c = [], torch.zeros(rows, H)
        for t in range(steps):
            c = c + nets["write"](data["x"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_c_t"](c)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {"write": Cell(X, H), "p_x_t_given_c_t": Gaussian(H, X)}
    return Case(programs.canvas_from_zero(), networks, {"x": sequences(rows, steps)}, {}, terms)


# -- no recurrence: shifts, windows, whole sequences, prefixes -----------------------------------------


def window(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, *_: Values) -> Terms:
        x, network = data["x"], nets["p_x_t_given_x_t_minus_1_x_t_1"]
        inner = range(1, steps - 1)
        return [mean([gaussian(network(x[:, t - 1], x[:, t + 1])).log_prob(x[:, t]) for t in inner], rows)]

    networks: Networks = {"p_x_t_given_x_t_minus_1_x_t_1": Gaussian(2 * X, X)}
    return Case(programs.window(), networks, {"x": sequences(rows, steps)}, {}, terms)


class Bidirectional(nn.GRU):
    """torch's own, in both directions."""

    def __init__(self, inputs: int, hidden: int):
        super().__init__(inputs, hidden, batch_first=True, bidirectional=True)


def sequence_vae(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        q_w = gaussian(nets["q_w_given_x_1_T"](data["x"]))
        w, states = at(q_w, noise["w"]), nets["rnn"](data["x"])[0]
        log_x, kl = [], []
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_b_t"](states[:, t]))
            kl.append(kl_divergence(q, standard(Z)))
            law = gaussian(nets["p_x_t_given_z_t_w"](at(q, noise["z"][:, t]), w))
            log_x.append(law.log_prob(data["x"][:, t]))
        return [mean(log_x, rows), -kl_divergence(q_w, standard(2)).mean(), -mean(kl, rows)]

    networks: Networks = {
        "q_w_given_x_1_T": Whole(X, 2),
        "rnn": Bidirectional(X, H),
        "q_z_t_given_b_t": Gaussian(2 * H, Z),
        "p_x_t_given_z_t_w": Gaussian(Z + 2, X),
    }
    noise = {"w": torch.randn(rows, 2), "z": sequences(rows, steps, Z)}
    return Case(programs.sequence_vae(), networks, {"x": sequences(rows, steps)}, noise, terms)


def law_of_steps(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        every = nets["q_z_1_T_given_x_1_T"](data["x"])
        log_x, entropy = [], []
        for t in range(steps):
            q = gaussian({name: each[:, t] for name, each in every.items()})
            entropy.append(q.entropy())
            law = gaussian(nets["p_x_t_given_z_t"](at(q, noise["z"][:, t])))
            log_x.append(law.log_prob(data["x"][:, t]))
        return [mean(log_x, rows), mean(entropy, rows)]

    networks: Networks = {"q_z_1_T_given_x_1_T": WholeSteps(X, Z), "p_x_t_given_z_t": Gaussian(Z, X)}
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.law_of_steps(), networks, data, noise, terms)


def autoregression(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, *_: Values) -> Terms:
        x, u, y = data["x"], data["u"], data["y"]
        log_x = []
        for t in range(steps):
            past = torch.cat([torch.zeros(rows, 1, X), x[:, :t]], dim=1)
            output = nets["p_x_t_given_x_t_u_t_y"](past, u[:, : t + 1], y.unsqueeze(1).expand(rows, t + 1, 2))
            log_x.append(gaussian({name: each[:, -1] for name, each in output.items()}).log_prob(x[:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {"p_x_t_given_x_t_u_t_y": Recurrent(X + 3 + 2, X)}
    data = {"x": sequences(rows, steps), "u": sequences(rows, steps, 3), "y": torch.randn(rows, 2)}
    return Case(programs.autoregression(), networks, data, {}, terms)


def prefix_of_draws(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, past = [], torch.zeros(rows, 1, Z)
        for t in range(steps):
            summary = nets["g"](past)[0][:, -1]
            z = at(gaussian(nets["q_z_t_given_z_t_x_t"](summary, data["x"][:, t])), noise["z"][:, t])
            past = torch.cat([past, z.unsqueeze(1)], dim=1)
            log_x.append(gaussian(nets["p_x_t_given_z_t"](z)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {
        "g": nn.GRU(Z, H, batch_first=True),
        "q_z_t_given_z_t_x_t": Gaussian(H + X, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(programs.prefix_of_draws(), networks, data, noise, terms)
