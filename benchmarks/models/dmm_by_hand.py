"""The step of the deep Markov model, written by hand."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributions as td
from torch.nn import functional

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.replay import replayed


def sizes_of(given: Problem) -> tuple[int, int, int]:
    """Examples, steps of time, entries of z."""
    return given.sizes["batch"], given.sizes["steps"], given.sizes["z"]


def steps_of(noise: Noise | None) -> Any:
    """The noise of each step, in order."""
    return None if noise is None else iter(noise["z"].unbind(1))


def per_step_distributions(given: Problem) -> Loss:
    """As people write it: everything of a step inside the loop, with torch.distributions."""
    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"], sizes_of(given)

    def loss(noise: Noise | None) -> Tensor:
        h = nets.reader(x)
        z, total = x.new_zeros(batch, size), x.new_zeros(())
        with replayed(steps_of(noise)):
            for t in range(steps):
                prior = td.Normal(*nets.transition(z))
                posterior = td.Normal(*nets.combiner(h[:, t], z))
                z = posterior.rsample()
                emission = td.Bernoulli(logits=nets.emission(z))
                total = total + td.kl_divergence(posterior, prior).sum(-1).mean()
                total = total - emission.log_prob(x[:, t]).sum(-1).mean()
        return total

    return loss


def per_step_sampled(given: Problem) -> Loss:
    """The same with the divergence at the draws."""
    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"], sizes_of(given)

    def loss(noise: Noise | None) -> Tensor:
        h = nets.reader(x)
        z, total = x.new_zeros(batch, size), x.new_zeros(())
        with replayed(steps_of(noise)):
            for t in range(steps):
                prior = td.Normal(*nets.transition(z))
                posterior = td.Normal(*nets.combiner(h[:, t], z))
                z = posterior.rsample()
                emission = td.Bernoulli(logits=nets.emission(z))
                total = total + (posterior.log_prob(z) - prior.log_prob(z)).sum(-1).mean()
                total = total - emission.log_prob(x[:, t]).sum(-1).mean()
        return total

    return loss


def kl_normal(q_loc: Tensor, q_scale: Tensor, p_loc: Tensor, p_scale: Tensor) -> Tensor:
    """KL[q || p] of Normals, elementwise."""
    ratio = q_scale / p_scale
    return 0.5 * (ratio.square() + ((q_loc - p_loc) / p_scale).square() - 1) - ratio.log()


def per_step_plain(given: Problem) -> Loss:
    """Everything of a step inside the loop, in closed forms without distribution objects."""
    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"], sizes_of(given)

    def loss(noise: Noise | None) -> Tensor:
        h = nets.reader(x)
        z, total = x.new_zeros(batch, size), x.new_zeros(())
        for t in range(steps):
            p_loc, p_scale = nets.transition(z)
            q_loc, q_scale = nets.combiner(h[:, t], z)
            z = q_loc + q_scale * (torch.randn_like(q_loc) if noise is None else noise["z"][:, t])
            logits = nets.emission(z)
            total = total + kl_normal(q_loc, q_scale, p_loc, p_scale).sum(-1).mean()
            total = total + functional.binary_cross_entropy_with_logits(logits, x[:, t], reduction="sum") / batch
        return total

    return loss


def optimised(given: Problem) -> Loss:
    """In the loop only the combiner and the draw, time first; prior, emission and divergence once for all steps."""
    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"].transpose(0, 1).contiguous(), sizes_of(given)
    x_rows = given.data["x"]

    def loss(noise: Noise | None) -> Tensor:
        h = nets.reader(x_rows).transpose(0, 1)
        eps = torch.randn(steps, batch, size, dtype=x.dtype) if noise is None else noise["z"].transpose(0, 1)
        z, locs, scales, zs = x.new_zeros(batch, size), [], [], []
        zs.append(z)
        for h_t, eps_t in zip(h.unbind(0), eps.unbind(0), strict=True):
            loc, scale = nets.combiner(h_t, z)
            z = torch.addcmul(loc, scale, eps_t)
            locs.append(loc)
            scales.append(scale)
            zs.append(z)
        chain = torch.stack(zs)
        p_loc, p_scale = nets.transition(chain[:-1])
        divergence = kl_normal(torch.stack(locs), torch.stack(scales), p_loc, p_scale).sum()
        logits = nets.emission(chain[1:])
        return (divergence + functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")) / batch

    return loss


def opened(given: Problem) -> Loss:
    """As :func:`optimised`, with the combiner's own layers written out: one product for its two heads."""
    nets: Any = given.networks
    x, (batch, steps, size) = given.data["x"].transpose(0, 1).contiguous(), sizes_of(given)
    x_rows = given.data["x"]

    def loss(noise: Noise | None) -> Tensor:
        combiner = nets.combiner
        weight = torch.cat([combiner.loc.weight, combiner.scale.weight]).t()
        bias = torch.cat([combiner.loc.bias, combiner.scale.bias])
        h = nets.reader(x_rows).transpose(0, 1)
        eps = torch.randn(steps, batch, size, dtype=x.dtype) if noise is None else noise["z"].transpose(0, 1)
        z, heads, zs = x.new_zeros(batch, size), [], []
        zs.append(z)
        for h_t, eps_t in zip(h.unbind(0), eps.unbind(0), strict=True):
            both = 0.5 * (torch.tanh(combiner.body(z)) + h_t)
            head = torch.addmm(bias, both, weight)
            loc, raw = head.chunk(2, dim=-1)
            z = torch.addcmul(loc, functional.softplus(raw), eps_t)
            heads.append(head)
            zs.append(z)
        chain = torch.stack(zs)
        q_loc, raw = torch.stack(heads).chunk(2, dim=-1)
        p_loc, p_scale = nets.transition(chain[:-1])
        divergence = kl_normal(q_loc, functional.softplus(raw), p_loc, p_scale).sum()
        logits = nets.emission(chain[1:])
        return (divergence + functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")) / batch

    return loss
