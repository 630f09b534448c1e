"""Losses by hand of models of one step: torch and torch.distributions alone, at given draws.

Each takes the objective, whose networks it calls, the batch and the noise.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, Independent, Normal, kl_divergence
from torch.nn import functional


def normal(out: Any) -> Independent:
    """The Normal of what a network returns: its location and its scale, in this order."""
    loc, scale = out.values()
    return Independent(Normal(loc, scale), 1)


def bits(logits: Tensor) -> Independent:
    return Independent(Bernoulli(logits=logits), 1)


def around(loc: Tensor, scale: float = 1.0) -> Independent:
    return Independent(Normal(loc, scale), 1)


def standard(like: Tensor) -> Independent:
    return around(torch.zeros_like(like))


def at(law: Independent, noise: Tensor) -> Tensor:
    return law.base_dist.loc + law.base_dist.scale * noise


def vae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x(b.x))
    rate = kl_divergence(q, standard(e.z))
    return (rate - bits(o.p_x_given_z(at(q, e.z))).log_prob(b.x)).mean()


def vi(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x(b.x))
    z = at(q, e.z)
    return -(bits(o.p_x_given_z(z)).log_prob(b.x) + standard(z).log_prob(z) - q.log_prob(z)).mean()


def cvae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x_y(b.x, b.y))
    return (kl_divergence(q, standard(e.z)) - bits(o.p_x_given_z_y(at(q, e.z), b.y)).log_prob(b.x)).mean()


def hierarchical_vi(o: Any, b: Any, e: Any) -> Tensor:
    q_a, q_z = normal(o.q_a_given_x(b.x)), normal(o.q_z_given_x(b.x))
    a, z = at(q_a, e.a), at(q_z, e.z)
    model = bits(o.p_x_given_a(a)).log_prob(b.x) + normal(o.p_a_given_z(z)).log_prob(a) + standard(z).log_prob(z)
    return -(model - q_a.log_prob(a) - q_z.log_prob(z)).mean()


def _pictures_and_classes(o: Any, b: Any, z: Tensor) -> Tensor:
    return bits(o.p_x_given_z(z)).log_prob(b.x) + Categorical(logits=o.p_y_given_z(z)).log_prob(b.y)


def jmvae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x_y(b.x, b.y))
    others = (standard(e.z), normal(o.q_z_given_x(b.x)), normal(o.q_z_given_y(b.y)))
    return (sum(kl_divergence(q, each) for each in others) - _pictures_and_classes(o, b, at(q, e.z))).mean()


def _expert(*laws: Independent) -> Independent:
    """The Normal whose density is the product of a standard Normal's and of these."""
    precision = 1 + sum(each.base_dist.scale**-2 for each in laws)
    loc = sum(each.base_dist.loc * each.base_dist.scale**-2 for each in laws) / precision
    return Independent(Normal(loc, precision**-0.5), 1)


def jmvae_poe(o: Any, b: Any, e: Any) -> Tensor:
    q_x, q_y = normal(o.q_z_given_x(b.x)), normal(o.q_z_given_y(b.y))
    q = _expert(q_x, q_y)
    rate = sum(kl_divergence(q, each) for each in (standard(e.z), q_x, q_y))
    return (rate - _pictures_and_classes(o, b, at(q, e.z))).mean()


def mvae(o: Any, b: Any, e: Any) -> Tensor:
    q_x, q_y = normal(o.q_z_given_x(b.x)), normal(o.q_z_given_y(b.y))
    q = _expert(q_x, q_y)
    prior = standard(q.base_dist.loc)
    x = bits(o.p_x_given_z(at(q_x, e["q(z|x)"]))).log_prob(b.x)
    y = Categorical(logits=o.p_y_given_z(at(q_y, e["q(z|y)"]))).log_prob(b.y)
    both = _pictures_and_classes(o, b, at(q, e["q(z|x, y)"]))
    return (sum(kl_divergence(each, prior) for each in (q, q_x, q_y)) - both - x - y).mean()


def m2_enumerated(o: Any, b: Any, e: Any) -> Tensor:
    q_y = Categorical(logits=o.q_y_given_x(b.x))
    total = torch.zeros(len(b.x))
    for y in range(4):
        label = torch.full((len(b.x),), y)
        q_z = normal(o.q_z_given_x_y(b.x, label))
        z = at(q_z, e.z[y])
        bound = bits(o.p_x_given_z_y(z, label)).log_prob(b.x) - kl_divergence(q_z, standard(z))
        total = total + q_y.probs[:, y] * (bound - torch.log(torch.tensor(4.0)) - q_y.logits[:, y])
    return -total.mean()


def _discrepancy(p: Tensor, q: Tensor, variance: float) -> Tensor:
    """The unbiased squared maximum mean discrepancy, kernel by kernel."""
    n = len(p)

    def k(u: Tensor, v: Tensor) -> Tensor:
        return torch.exp(-((u - v) ** 2).sum() / (2 * variance))

    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    within = sum(k(p[i], p[j]) + k(q[i], q[j]) for i, j in pairs) / (n * (n - 1))
    return within - 2 * sum(k(u, v) for u in p for v in q) / n**2


def mmd_vae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x(b.x))
    sites = [key for key in e if key.startswith("q(z")]
    z = at(q, e[sites[0]])
    codes, prior = at(q, e[sites[-1]]), e["p(z)"]
    return -bits(o.p_x_given_z(z)).log_prob(b.x).mean() + _discrepancy(codes, prior, 1.5)


def gmm(o: Any, b: Any, e: Any) -> Tensor:
    weights, scales = torch.softmax(o.pi_logits, 0), o.log_sigma.exp()
    components = [w * around(m, s).log_prob(b.x).exp() for w, m, s in zip(weights, o.mu, scales, strict=True)]
    return -torch.log(sum(components)).mean()


def gmm_vae(o: Any, b: Any, e: Any) -> Tensor:
    q = normal(o.q_z_given_x(b.x))
    z = at(q, e.z)
    weights, scales = torch.softmax(o.pi_logits, 0), o.log_sigma.exp()
    prior = sum(w * around(m, s).log_prob(z).exp() for w, m, s in zip(weights, o.mu, scales, strict=True))
    return -(bits(o.p_x_given_z(z)).log_prob(b.x) - q.log_prob(z) + prior.log()).mean()


def classifier(o: Any, b: Any, e: Any) -> Tensor:
    return functional.cross_entropy(o.p_y_given_x(b.x), b.y)


def vib(o: Any, b: Any, e: Any) -> Tensor:
    code = normal(o.p_z_given_x(b.x))
    labels = functional.cross_entropy(o.q_y_given_z(at(code, e.z)), b.y)
    return labels + 1e-3 * kl_divergence(code, standard(e.z)).mean()


def iwae(o: Any, b: Any, e: Any) -> Tensor:
    return -_weighted(o, b, e.z).mean()


def miwae(o: Any, b: Any, e: Any) -> Tensor:
    return -torch.stack([_weighted(o, b, each).mean() for each in e.z]).mean()


def _weighted(o: Any, b: Any, noise: Tensor) -> Tensor:
    """The log of the mean of the weights of K draws, one number for each example."""
    q, weights = normal(o.q_z_given_x(b.x)), []
    for eps in noise:
        z = at(q, eps)
        weights.append(bits(o.p_x_given_z(z)).log_prob(b.x) + standard(z).log_prob(z) - q.log_prob(z))
    return torch.stack(weights).exp().mean(0).log()


def mine(o: Any, b: Any, e: Any) -> Tensor:
    joint = o.T(b.x, b.y).squeeze(-1).mean()
    crossed = o.T(b.x, b.y[e.y]).squeeze(-1)
    return -(joint - crossed.exp().mean().log())


def dpo(o: Any, b: Any, e: Any) -> Tensor:
    policy = torch.log_softmax(o.pi_theta_y_given_x(b.x), -1)
    frozen = torch.log_softmax(o.pi_ref_y_given_x(b.x), -1).detach()
    rows = torch.arange(len(b.x))
    ratio = policy - frozen
    return -functional.logsigmoid(0.5 * (ratio[rows, b.y_w] - ratio[rows, b.y_l])).mean()


def autoregressive(o: Any, b: Any, e: Any) -> Tensor:
    before = torch.cat([torch.zeros(len(b.x), 1), b.x[:, :-1]], 1)
    logits = o.p_theta_x_given_x(before)
    return functional.binary_cross_entropy_with_logits(logits, b.x, reduction="none").sum(1).mean()


def score(o: Any, b: Any, e: Any) -> Tensor:
    noised = b.x + 0.3 * e["x_tilde"]
    return 0.5 * ((o.s_theta(noised) + e["x_tilde"] / 0.3) ** 2).sum(1).mean()


def energy(o: Any, b: Any, e: Any) -> Tensor:
    x = e["x_tilde_0"]
    for k in range(5):
        x = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(o.E_theta(x).sum(), x)
        x = x - 0.05 * slope + 0.1**0.5 * e.omega[:, k]
    return o.E_theta(b.x).mean() - o.E_theta(x.detach()).mean()


def diffusion(o: Any, b: Any, e: Any) -> Tensor:
    kept = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 100), 0)[e.t.long() - 1].unsqueeze(1)
    noised = kept.sqrt() * b.x_0 + (1 - kept).sqrt() * e.epsilon
    return ((e.epsilon - o.epsilon_theta(noised, e.t)) ** 2).sum(1).mean()


def m2(o: Any, b: Any, e: Any) -> Tensor:
    """The relaxed class has the density of a Concrete variable (Maddison et al. 2017)."""
    logits = o.pi(b.x_u).log()
    label = torch.distributions.RelaxedOneHotCategorical(torch.tensor(0.1), logits=logits)
    y_u = torch.softmax((logits + e.y_u.log()) / 0.1, -1)
    bounds = []
    for x, y, noise in ((b.x_u, y_u, e["q(z|x, y)"]), (b.x, b.y, e["q(z|x, y)#2"])):
        q = normal(o.q_z_given_x_y(x, y))
        z = at(q, noise)
        bounds.append(bits(o.p_x_given_z_y(z, y)).log_prob(x) + standard(z).log_prob(z) - q.log_prob(z))
    unlabelled = (bounds[0] - label.log_prob(y_u)).mean()
    return -unlabelled - bounds[1].mean() + 470 * functional.nll_loss(o.pi(b.x).log(), b.y)
