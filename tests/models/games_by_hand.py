"""Losses by hand of models with several players, of policies and of flows: torch alone, at given draws."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Categorical, Normal, kl_divergence
from torch.nn import functional

from tests.models.by_hand import at, bits, normal, standard


def _yes(o: Any, value: Tensor) -> Tensor:
    """The mean of the log-probability that D takes a value for the first kind."""
    return torch.sigmoid(o.D(value)).squeeze(-1).log().mean()


def _no(o: Any, value: Tensor) -> Tensor:
    return (1 - torch.sigmoid(o.D(value)).squeeze(-1)).log().mean()


def gan_judge(o: Any, b: Any, e: Any) -> Tensor:
    return -_yes(o, b.x) - _no(o, o.G(e.z))


def gan_generator(o: Any, b: Any, e: Any) -> Tensor:
    return -_yes(o, o.G(e.z))


def minimax_generator(o: Any, b: Any, e: Any) -> Tensor:
    return _no(o, o.G(e.z))


def adversarial_kl_encoder(o: Any, b: Any, e: Any) -> Tensor:
    z = at(normal(o.q_phi_z_given_x(b.x)), e["q_phi(z|x)"])
    return _yes(o, z) - _no(o, z)


def adversarial_kl_judge(o: Any, b: Any, e: Any) -> Tensor:
    z = at(normal(o.q_phi_z_given_x(b.x)), e["q_phi(z|x)#2"])
    return -_yes(o, z) - _no(o, e["p(z)"])


def wasserstein_critic(o: Any, b: Any, e: Any) -> Tensor:
    return -(o.D_w(b.x).mean() - o.D_w(o.G(e.z)).mean())


def wasserstein_generator(o: Any, b: Any, e: Any) -> Tensor:
    return -o.D_w(o.G(e.z)).mean()


def penalised_critic(o: Any, b: Any, e: Any) -> Tensor:
    made, weight = o.G(e.z).detach(), e.epsilon.unsqueeze(1)
    between = (weight * b.x + (1 - weight) * made).requires_grad_()
    (slope,) = torch.autograd.grad(o.D(between).sum(), between, create_graph=True)
    return o.D(made).mean() - o.D(b.x).mean() + 10 * ((slope.norm(dim=1) - 1) ** 2).mean()


def penalised_generator(o: Any, b: Any, e: Any) -> Tensor:
    return -o.D(o.G(e.z)).mean()


def factor_vae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_phi_z_given_x(b.x))
    z = at(q, e["q_phi(z|x)"])
    rebuilt = bits(o.p_theta_x_given_z(z)).log_prob(b.x)
    return (kl_divergence(q, standard(z)) - rebuilt).mean() + 10 * (_yes(o, z) - _no(o, z))


def factor_vae_judge(o: Any, b: Any, e: Any) -> Tensor:
    z = at(normal(o.q_phi_z_given_x(b.x)), e["q_phi(z|x)#2"])
    other = at(normal(o.q_phi_z_given_x(b.x_b)), e["q_phi(z|x)#3"])
    orders = e["z_bar"].long()
    shuffled = torch.stack([other[orders[j], j] for j in range(other.shape[1])], 1)
    return -_yes(o, z) - _no(o, shuffled)


def star_gan_judge(o: Any, b: Any, e: Any) -> Tensor:
    return -_yes(o, b.x) - _no(o, o.G(b.x, b.c_prime)) + functional.cross_entropy(o.p_C_c_given_x(b.x), b.c)


def star_gan_generator(o: Any, b: Any, e: Any) -> Tensor:
    moved = o.G(b.x, b.c_prime)
    back = (b.x - o.G(moved, b.c)).abs().sum(1).mean()
    return _no(o, moved) + functional.cross_entropy(o.p_C_c_given_x(moved), b.c_prime) + 10 * back


# -- policies ------------------------------------------------------------------------------------------


def ppo(o: Any, b: Any, e: Any) -> Tensor:
    new = Categorical(logits=o.pi_theta_a_given_s(b.s)).log_prob(b.a)
    ratio = (new - Categorical(logits=o.pi_old_a_given_s(b.s)).log_prob(b.a).detach()).exp()
    return -torch.minimum(ratio * b.A, ratio.clamp(0.8, 1.2) * b.A).mean()


def a2c_actor(o: Any, b: Any, e: Any) -> Tensor:
    policy = Categorical(logits=o.pi_theta_a_given_s(b.s))
    advantage = (b.R - o.v(b.s).squeeze(-1)).detach()
    return -(policy.log_prob(b.a) * advantage + 0.01 * policy.entropy()).mean()


def a2c_critic(o: Any, b: Any, e: Any) -> Tensor:
    return ((b.R - o.v(b.s).squeeze(-1)) ** 2).mean()


def dqn(o: Any, b: Any, e: Any) -> Tensor:
    target = b.r + 0.99 * o.Q_theta(b.s_prime).detach().max(1).values
    return ((target - o.Q_theta(b.s)[torch.arange(len(b.s)), b.a]) ** 2).mean()


def _policy(o: Any, state: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """An action, and the log-probability of it."""
    out = o.pi_phi_a_prime_given_s_prime(state)
    law = Normal(out["loc"], out["scale"])
    action = out["loc"] + out["scale"] * noise
    return action, law.log_prob(action).sum(1)


def sac_critic(o: Any, b: Any, e: Any) -> Tensor:
    with torch.no_grad():
        action, log_prob = _policy(o, b.s_prime, e.a_prime)
        target = b.r + 0.99 * (o.Q_theta(b.s_prime, action).squeeze(-1) - 0.2 * log_prob)
    return 0.5 * ((o.Q_theta(b.s, b.a).squeeze(-1) - target) ** 2).mean()


def sac_actor(o: Any, b: Any, e: Any) -> Tensor:
    action, log_prob = _policy(o, b.s, e.a)
    return -(o.Q_theta(b.s, action).squeeze(-1) - 0.2 * log_prob).mean()


# -- flows: log-determinants of the whole Jacobian, by derivatives -------------------------------------


def _volume(f: Any, x: Tensor) -> Tensor:
    """log |det df/dx| at each example."""
    rows = []
    for i in range(len(x)):
        whole = torch.autograd.functional.jacobian(
            lambda one, i=i: f(torch.cat([x[:i], one.reshape(1, *x.shape[1:]), x[i + 1 :]]))[i].flatten(),
            x[i].flatten(),
            create_graph=True,
        )
        rows.append(torch.linalg.slogdet(whole).logabsdet)
    return torch.stack(rows)


def flow(o: Any, b: Any, e: Any) -> Tensor:
    z = o.f(b.x)[0].flatten(1)
    return -(Normal(0.0, 1.0).log_prob(z).sum(1) + _volume(lambda x: o.f(x)[0], b.x)).mean()


def conditional_flow(o: Any, b: Any, e: Any) -> Tensor:
    z = o.f(b.x, b.y)[0]
    return -(Normal(0.0, 1.0).log_prob(z).sum(1) + _volume(lambda x: o.f(x, b.y)[0], b.x)).mean()


def planar_flow(o: Any, b: Any, e: Any) -> Tensor:
    start = e["z_0"]
    z = o.f(start)[0]
    log_q = Normal(0.0, 1.0).log_prob(start).sum(1) - _volume(lambda x: o.f(x)[0], start)
    ring = -0.5 * ((z.norm(dim=1) - 2) / 0.4) ** 2
    sides = (-0.5 * ((z[:, 0] - 2) / 0.6) ** 2).exp() + (-0.5 * ((z[:, 0] + 2) / 0.6) ** 2).exp()
    return -(ring + sides.log() - log_q).mean()
