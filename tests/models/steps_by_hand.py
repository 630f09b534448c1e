"""Losses by hand of models of sequences: loops over steps, with torch and torch.distributions alone, at given draws."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.distributions import kl_divergence

from tests.models.by_hand import around, at, bits, normal


def dmm(o: Any, b: Any, e: Any) -> Tensor:
    h, z, total = o.RNN(b.x), torch.zeros(len(b.x), 3), 0.0
    for t in range(b.x.shape[1]):
        q = normal(o.q_z_given_h_z(h[:, t], z))
        total = total + kl_divergence(q, normal(o.p_z_given_z(z)))
        z = at(q, e.z[:, t])
        total = total - bits(o.p_x_given_z(z)).log_prob(b.x[:, t])
    return total.mean()


def dmm_bound(o: Any, b: Any, e: Any) -> Tensor:
    code, z, total = o.q_z_given_z_x_code_of_x(b.x), torch.zeros(len(b.x), 3), 0.0
    for t in range(b.x.shape[1]):
        q, prior = normal(o.q_z_given_z_x(z, code[:, t])), normal(o.p_z_given_z(z))
        z = at(q, e.z[:, t])
        total = total + bits(o.p_x_given_z(z)).log_prob(b.x[:, t]) - kl_divergence(q, prior)
    return -total.mean()


def cart_pole(o: Any, b: Any, e: Any) -> Tensor:
    h, z, total = o.RNN(b.x), torch.zeros(len(b.x), 3), 0.0
    for t in range(b.x.shape[1]):
        q, prior = normal(o.p_z_given_h_z_u(h[:, t], z, b.u[:, t])), normal(o.p_z_given_z_u(z, b.u[:, t]))
        z = at(q, e.z[:, t])
        total = total + kl_divergence(q, prior) - around(o.g(z)).log_prob(b.x[:, t])
    return total.mean()


def vrnn(o: Any, b: Any, e: Any) -> Tensor:
    h, total = torch.zeros(len(b.x), 4), 0.0
    for t in range(b.x.shape[1]):
        x = o.phi_x(b.x[:, t])
        q = normal(o.q_z_given_x_h(x, h))
        z = at(q, e.z[:, t])
        total = total + kl_divergence(q, normal(o.p_z_given_h(h)))
        total = total - bits(o.g(o.phi_z(z), h)).log_prob(b.x[:, t])
        h = o.f(x, o.phi_z(z), h)
    return total.mean()


def td_vae(o: Any, b: Any, e: Any) -> Tensor:
    beliefs, belief = [], torch.zeros(len(b.x), 4)
    for t in range(b.x.shape[1]):
        belief = o.f(belief, b.x[:, t])
        beliefs.append(belief)
    total = 0.0
    for t in range(b.x.shape[1] - 1):
        later = normal(o.p_b_z_tilde_given_b(beliefs[t + 1]))
        after = at(later, e.z_tilde[:, t])
        q = normal(o.q_z_given_z_tilde_b_b(after, beliefs[t], beliefs[t + 1]))
        before = at(q, e.z[:, t])
        total = total + kl_divergence(q, normal(o.p_b_z_tilde_given_b(beliefs[t]))) + later.log_prob(after)
        total = total - bits(o.p_d_x_given_z_tilde(after)).log_prob(b.x[:, t + 1])
        total = total - normal(o.p_z_tilde_given_z(before)).log_prob(after)
    return total.mean()


def gqn(o: Any, b: Any, e: Any) -> Tensor:
    r = sum(o.phi(b.x[:, m], b.v[:, m]) for m in range(b.x.shape[1]))
    h, c, g, d, u = (torch.zeros(len(r), 4) for _ in range(5))
    total = 0.0
    for step in range(3):
        h, c = o.e(b.x_q, b.v_q, r, g, u, h, c)
        q = normal(o.q_z_given_h(h))
        total = total + kl_divergence(q, normal(o.pi_z_given_g(g)))
        g, d = o.a(b.v_q, r, at(q, e.z[:, step]), g, d)
        u = u + o.Delta(g)
    return (total - around(o.mu(u), 0.7).log_prob(b.x_q)).mean()


def newtonian_vae(o: Any, b: Any, e: Any) -> Tensor:
    steps, tau = b.I.shape[1], 0.1
    laws = [normal(o.q_x_given_I(b.I[:, t])) for t in range(steps)]
    x = [at(law, e.x[:, t]) for t, law in enumerate(laws)]
    total = 0.0
    for t in range(1, steps - 1):
        v = (x[t] - x[t - 1]) / tau
        w = v + tau * (x[t] + v + b.u[:, t])  # A, B and C are 1
        moved = around(x[t] + tau * w, 0.001)
        expected = at(moved, e.x_hat[:, t])
        total = total + kl_divergence(laws[t + 1], moved) - around(o.g(expected), 0.01).log_prob(b.I[:, t + 1])
    return total.mean() / steps


def dreamer_world_model(o: Any, b: Any, e: Any) -> Tensor:
    h, s, a = torch.zeros(len(b.o), 4), torch.zeros(len(b.o), 3), torch.zeros(len(b.o), 2)
    total = 0.0
    for t in range(b.o.shape[1]):
        h = o.f(h, s, a)
        q = normal(o.q_s_given_h_o(h, b.o[:, t]))
        s, a = at(q, e.s[:, t]), b.a[:, t]
        reward = torch.distributions.Normal(o.p_r_given_h_s(h, s), 1.0).log_prob(b.r[:, t])
        rate = kl_divergence(q, normal(o.p_s_given_h(h))).clamp(min=3)
        total = total - around(o.p_o_given_h_s(h, s)).log_prob(b.o[:, t]) - reward + rate
    return total.mean()


def mrssm(o: Any, b: Any, e: Any) -> Tensor:
    h, s, a = torch.zeros(len(b.o), 4), torch.zeros(len(b.o), 3), torch.zeros(len(b.o), 2)
    total = 0.0
    for t in range(b.o.shape[1]):
        h = o.f(h, s, a)
        q = normal(o.q_s_given_h_o_w(h, b.o[:, t], b.w[:, t]))
        s, a = at(q, e.s[:, t]), b.a[:, t]
        seen = around(o.p_o_given_h_s(h, s)).log_prob(b.o[:, t])
        heard = around(o.p_w_given_h_s(h, s)).log_prob(b.w[:, t])
        total = total - seen - heard + kl_divergence(q, normal(o.p_s_given_h(h))).clamp(min=3)
    return total.mean()


def dreamer_actor(o: Any, b: Any, e: Any) -> Tensor:
    """The returns by their recursion from the last step, which the formula writes as a sum of temporal differences."""
    rows, steps = e.z.shape[:2]
    h, z, a = torch.zeros(rows, 4), torch.zeros(rows, 3), torch.zeros(rows, 2)
    rewards, values = [], []
    for t in range(steps):
        h = o.f(h, z, a)
        z = at(normal(o.p_z_given_h(h)), e.z[:, t])
        a = at(normal(o.pi_phi_a_given_h_z(h, z)), e.a[:, t])
        rewards.append(o.r(h, z).squeeze(-1))
        values.append(o.v(h, z).squeeze(-1))
    total, returned = 0.0, values[-1]
    for t in reversed(range(steps - 1)):
        returned = rewards[t] + 0.99 * (0.05 * values[t + 1] + 0.95 * returned)
        total = total + returned
    return -total.mean()


def hrssm(o: Any, b: Any, e: Any) -> Tensor:
    rows, codes = len(b.x), o.RNN(b.x)
    h, g, z, s = torch.zeros(rows, 4), torch.zeros(rows, 4), torch.zeros(rows, 3), torch.zeros(rows, 3)
    total = 0.0
    for t in range(b.x.shape[1]):
        code = codes[:, t]
        logits, prior = torch.logit(o.a(code)), torch.logit(o.b(g))
        relaxed = torch.sigmoid((logits + torch.logit(e.m_tilde[:, t])) / 0.5)
        m = (relaxed + ((relaxed > 0.5).to(relaxed.dtype) - relaxed).detach()).unsqueeze(1)
        h = m * o.f(h, z) + (1 - m) * h
        upper = normal(o.q_z_hat_given_h_e(h, code))
        total = total + m.squeeze(1) * kl_divergence(upper, normal(o.p_z_hat_given_h(h)))
        z = m * at(upper, e.z_hat[:, t]) + (1 - m) * z
        g = m * o.u(h, z) + (1 - m) * o.w(g, s, z)
        lower = normal(o.q_s_given_g_e(g, code))
        total = total + kl_divergence(lower, normal(o.p_s_given_g(g)))
        s = at(lower, e.s[:, t])
        total = total - around(o.p_x_given_g_s(g, s)).log_prob(b.x[:, t])
        for sign, weight in ((1, logits), (-1, prior)):
            law = torch.distributions.RelaxedBernoulli(torch.tensor(0.5), logits=weight)
            total = total + sign * law.log_prob(relaxed)
    return total.mean()
