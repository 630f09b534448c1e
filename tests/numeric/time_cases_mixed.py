"""Several nodes of time in one program: each program, and the same as a loop that a person would write."""

from __future__ import annotations

import torch
from networks import Gaussian, Logits
from programs import BATCH
from time_builder import SEQUENCE, TIME, TimeBuilder
from time_cases import Case, H, Networks, Terms, Values, X, Z, at, bernoulli, gaussian, mean, sequences
from time_networks import Cell, Recurrent, Whole
from torch import nn
from torch.distributions import kl_divergence

from formula2dgm.ir import nodes as ir
from formula2dgm.ir.axes import Axis
from formula2dgm.ir.program import Hyperparameter, Program

DRAWS = 2


def _sampled_states() -> Program:
    """K trajectories from K drawn starts, each with a state of its own, over summaries of the whole sequence."""
    b = TimeBuilder("E[1/K sum_k sum_t log p(x_t|h_t^k)]")
    k = Axis("sample", "k", "K")
    x = b.data("x", SEQUENCE, support="real")
    start = b.draw(b.law("q(z_0|x_{1:T})", "Normal", [b.sequence(x)]), "z_0", (k,))
    summary = b.steps(b.output("rnn", [b.sequence(x)], 0, outputs=2))
    before = b.previous("z", start, more=(k,))
    z = b.draw(b.law("q(z_t|z_{t-1},b_t)", "Normal", [before, summary]), "z", (k,))
    h = b.state("h", b.output("f", [z, b.previous("h", more=(k,))]), H)
    log_x = b.log(b.law("p(x_t|h_t)", "Normal", [h]), x)
    name = "log p(x_t|h_t^k)"
    term = b.term(name, b.mean(b.make(ir.Reduce, "mean", k, b.sum(log_x, TIME))))
    return b.program(term, hypers=(Hyperparameter("K", DRAWS, whole=True),))


def sampled_states(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        x, q_0, summary = data["x"], gaussian(nets["q_z_0_given_x_1_T"](data["x"])), nets["rnn"](data["x"])[0]
        log_x = []
        for k in range(DRAWS):
            z, h = at(q_0, noise["z_0"][k]), torch.zeros(rows, H)
            for t in range(steps):
                z = at(gaussian(nets["q_z_t_given_z_t_minus_1_b_t"](z, summary[:, t])), noise["z"][k, :, t])
                h = nets["f"](z, h)
                log_x.append(gaussian(nets["p_x_t_given_h_t"](h)).log_prob(x[:, t]) / DRAWS)
        return [mean(log_x, rows)]

    networks: Networks = {
        "q_z_0_given_x_1_T": Whole(X, Z),
        "rnn": nn.GRU(X, H, batch_first=True, bidirectional=True),
        "q_z_t_given_z_t_minus_1_b_t": Gaussian(Z + 2 * H, Z),
        "f": Cell(Z + H, H),
        "p_x_t_given_h_t": Gaussian(H, X),
    }
    noise = {"z_0": torch.randn(DRAWS, rows, Z), "z": torch.randn(DRAWS, rows, steps, Z)}
    return Case(_sampled_states(), networks, {"x": sequences(rows, steps)}, noise, terms)


def _one_loop_after_another() -> Program:
    """A chain over the step before and the step after of another one; what follows reads all its steps, or a prefix."""
    b = TimeBuilder("E_{q(z_t|z_{t-1},d_{t-1},d_{t+1})}[log p(y|z_{1:T}) + sum_t log p(x_t|z_{1:t})]")
    x, y = b.data("x", SEQUENCE, support="real"), b.data("y", support="binary")
    d = b.state("d", b.output("f", [x, b.previous("d")]), H)
    args = [b.previous("z"), b.previous("d"), b.shifted(d, 1, 0.5)]
    z = b.draw(b.sized(b.law("q(z_t|z_{t-1},d_{t-1},d_{t+1})", "Normal", args), Z), "z")
    label = b.law("p(y|w)", "Bernoulli", [b.output("g", [b.sequence(z)])])
    p = b.law("p(x_t|z_{1:t})", "Normal", [b.prefix(z)])
    return b.program(
        b.term("log p(y|z_{1:T})", b.mean(b.log(label, y))), b.over_time("log p(x_t|z_{1:t})", b.log(p, x))
    )


class Summary(Whole):
    """One vector of a whole sequence."""

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return super().forward(given)["loc"]


def one_loop_after_another(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        x, d = data["x"], [torch.zeros(rows, H)]
        for t in range(steps):
            d.append(nets["f"](x[:, t], d[-1]))
        d.append(torch.full((rows, H), 0.5))
        z, log_x = [torch.zeros(rows, Z)], []
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_z_t_minus_1_d_t_minus_1_d_t_1"](z[-1], d[t], d[t + 2]))
            z.append(at(q, noise["z"][:, t]))
            every = nets["p_x_t_given_z_1_t"](torch.stack(z[1:], 1))
            law = gaussian({name: each[:, -1] for name, each in every.items()})
            log_x.append(law.log_prob(x[:, t]))
        label = bernoulli(nets["p_y_given_w"](nets["g"](torch.stack(z[1:], 1))))
        return [label.log_prob(data["y"]).mean(), mean(log_x, rows)]

    networks: Networks = {
        "f": Cell(X + H, H),
        "q_z_t_given_z_t_minus_1_d_t_minus_1_d_t_1": Gaussian(Z + 2 * H, Z),
        "g": Summary(Z, H),
        "p_y_given_w": Logits(H, 2),
        "p_x_t_given_z_1_t": Recurrent(Z, X),
    }
    networks["g"].log_scale.requires_grad_(False)
    data = {"x": sequences(rows, steps), "y": torch.bernoulli(torch.full((rows, 2), 0.5))}
    return Case(_one_loop_after_another(), networks, data, {"z": sequences(rows, steps, Z)}, terms)


def _first_of_a_state() -> Program:
    """A state that is read off y at the first step, and of itself afterwards; bits that read their last value."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},h_t)}[log p(x_t|z_t) - log q(z_t|z_{t-1},h_t)]")
    x, y = b.data("x", SEQUENCE, support="real"), b.data("y", support="real")
    following = b.output("f", [b.previous("h"), x])
    h = b.state("h", b.make(ir.FirstStep, b.output("g", [y]), following, TIME), H)
    q = b.sized(b.law("q(z_t|z_{t-1},h_t)", "Bernoulli", [b.previous("z"), h]), Z)
    z = b.draw(q, "z", noise="value")
    return b.program(
        b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)),
        b.over_time("log q(z_t|z_{t-1},h_t)", b.log(q, z), -1),
    )


def first_of_a_state(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, log_q, h, before = [], [], torch.empty(0), torch.zeros(rows, Z)
        for t in range(steps):
            x, z = data["x"][:, t], noise["z"][:, t]
            h = nets["f"](h, x) if t else nets["g"](data["y"])
            log_q.append(bernoulli(nets["q_z_t_given_z_t_minus_1_h_t"](before, h)).log_prob(z))
            log_x.append(gaussian(nets["p_x_t_given_z_t"](z)).log_prob(x))
            before = z
        return [mean(log_x, rows), -mean(log_q, rows)]

    networks: Networks = {
        "f": Cell(H + X, H),
        "g": Cell(2, H),
        "q_z_t_given_z_t_minus_1_h_t": Logits(Z + H, Z),
        "p_x_t_given_z_t": Gaussian(Z, X),
    }
    data = {"x": sequences(rows, steps), "y": torch.randn(rows, 2)}
    noise = {"z": torch.bernoulli(torch.full((rows, steps, Z), 0.5))}
    return Case(_first_of_a_state(), networks, data, noise, terms)


def _apart_from_the_first() -> Program:
    """The first divergence by itself and those from 2 on in a window; a state that reads the step after the next."""
    b = TimeBuilder("E[KL_1 + sum_{t=2}^T KL_t]")
    x = b.data("x", SEQUENCE, support="real")
    s = b.state("s", b.output("f", [b.previous("s", 0.25, lag=-2), x]), H)
    before = b.previous("z")
    q = b.sized(b.law("q(z_t|z_{t-1},s_t)", "Normal", [before, s]), Z)
    z = b.draw(q, "z")
    kl = b.kl(q, b.law("p(z_t|z_{t-1})", "Normal", [before]))
    later = b.make(ir.Window, b.make(ir.Mul, (b.make(ir.Index, TIME, 1), kl)), TIME, 2, 0)
    count = b.make(ir.Size, TIME)
    average = b.make(ir.Div, b.sum(later, TIME), count)
    return b.program(
        b.term("KL_1", b.mean(b.carrying(b.at_step(kl, 1), z))),
        b.term("sum_{t=2}^T KL_t", b.mean(b.carrying(average, z))),
        maximize=False,
    )


def apart_from_the_first(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        states = [torch.full((rows, H), 0.25)] * (steps + 2)
        for t in reversed(range(steps)):
            states[t] = nets["f"](states[t + 2], data["x"][:, t])
        kl, before = [], torch.zeros(rows, Z)
        for t in range(steps):
            q = gaussian(nets["q_z_t_given_z_t_minus_1_s_t"](before, states[t]))
            kl.append((t + 1) * kl_divergence(q, gaussian(nets["p_z_t_given_z_t_minus_1"](before))))
            before = at(q, noise["z"][:, t])
        return [kl[0].mean(), mean(kl[1:], rows) / steps]

    networks: Networks = {
        "f": Cell(H + X, H),
        "q_z_t_given_z_t_minus_1_s_t": Gaussian(Z + H, Z),
        "p_z_t_given_z_t_minus_1": Gaussian(Z, Z),
    }
    data, noise = {"x": sequences(rows, steps)}, {"z": sequences(rows, steps, Z)}
    return Case(_apart_from_the_first(), networks, data, noise, terms)


def _drawn_everywhere() -> Program:
    """Draws that depend on nothing before them, along time, carried by a sum: a random walk beside the data."""
    b = TimeBuilder("sum_t log p(x_t|w_t), w_t = w_{t-1} + e_t")
    x = b.data("x", SEQUENCE, support="real")
    e = b.draw(b.standard("p(e_t)", (X,)), "e", (BATCH, TIME))
    w = b.state("w", b.make(ir.Add, (b.previous("w", b.at_step(x, 1)), e)), X)
    return b.program(b.over_time("log p(x_t|w_t)", b.log(b.law("p(x_t|w_t)", "Normal", [w]), x)))


def drawn_everywhere(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, w = [], data["x"][:, 0]
        for t in range(steps):
            w = w + noise["e"][:, t]
            log_x.append(gaussian(nets["p_x_t_given_w_t"](w)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {"p_x_t_given_w_t": Gaussian(X, X)}
    data, noise = {"x": sequences(rows, steps)}, {"e": sequences(rows, steps)}
    return Case(_drawn_everywhere(), networks, data, noise, terms)


def _rest_of_the_sequence() -> Program:
    """One network of z_{t-1} and of the rest of the sequence, in a loop that runs forwards; u_t has a rest of its
    own."""
    b = TimeBuilder("sum_t E_{q(z_t|z_{t-1},x_{t:T},u_t)}[log p(x_t|z_t)]")
    x, u = b.data("x", SEQUENCE, support="real"), b.data("u", SEQUENCE, support="real")
    args = [b.previous("z"), b.prefix(x, backward=True), u]
    z = b.draw(b.sized(b.law("q(z_t|z_{t-1},x_{t:T},u_t)", "Normal", args), Z), "z")
    return b.program(b.over_time("log p(x_t|z_t)", b.log(b.law("p(x_t|z_t)", "Normal", [z]), x)))


class FromTheEnd(Recurrent):
    """A GRU that runs from the last step to the first over what comes after z, which is read as it is."""

    def forward(self, z: torch.Tensor, *given: torch.Tensor) -> dict[str, torch.Tensor]:
        h = self.rnn(torch.cat(given, dim=-1).flip(1))[0].flip(1)
        h = torch.tanh(h + torch.nn.functional.pad(z, (0, H - Z)))
        return {"loc": self.loc(h), "log_scale": 0.3 * torch.tanh(self.log_scale(h))}


def rest_of_the_sequence(rows: int, steps: int) -> Case:
    def terms(nets: Networks, data: Values, noise: Values, _: Values) -> Terms:
        log_x, z = [], torch.zeros(rows, Z)
        for t in range(steps):
            rest = data["x"][:, t:], data["u"][:, t:]
            output = nets["q_z_t_given_z_t_minus_1_x_t_T_u_t"](z.unsqueeze(1).expand(rows, steps - t, Z), *rest)
            z = at(gaussian({name: each[:, 0] for name, each in output.items()}), noise["z"][:, t])
            log_x.append(gaussian(nets["p_x_t_given_z_t"](z)).log_prob(data["x"][:, t]))
        return [mean(log_x, rows)]

    networks: Networks = {"q_z_t_given_z_t_minus_1_x_t_T_u_t": FromTheEnd(X + 2, Z), "p_x_t_given_z_t": Gaussian(Z, X)}
    data = {"x": sequences(rows, steps), "u": sequences(rows, steps, 2)}
    return Case(_rest_of_the_sequence(), networks, data, {"z": sequences(rows, steps, Z)}, terms)
