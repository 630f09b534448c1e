"""The step of the deep Markov model in Pyro, after the tutorial of Pyro's authors."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.models.dmm_by_hand import sizes_of, steps_of
from benchmarks.replay import replayed


def closed(given: Problem) -> Loss:
    """TraceMeanField_ELBO: divergences in closed form at each site."""
    from pyro.infer import TraceMeanField_ELBO

    return _elbo(given, TraceMeanField_ELBO(), checked=True)


def unchecked(given: Problem) -> Loss:
    """The same with Pyro's and torch.distributions' validation switched off."""
    from pyro.infer import TraceMeanField_ELBO

    return _elbo(given, TraceMeanField_ELBO(), checked=False)


def sampled(given: Problem) -> Loss:
    """Trace_ELBO: log-densities at the draws."""
    from pyro.infer import Trace_ELBO

    return _elbo(given, Trace_ELBO(), checked=True)


def _elbo(given: Problem, elbo: Any, checked: bool) -> Loss:
    import pyro
    import pyro.distributions as dist

    nets: Any = given.networks
    name, (batch, steps, size) = f"dmm_{id(nets)}", sizes_of(given)

    def model(x: Tensor) -> None:
        pyro.module(name, nets)
        z = x.new_zeros(batch, size)
        with pyro.plate("batch", batch):
            for t in pyro.markov(range(steps)):
                z = pyro.sample(f"z_{t}", dist.Normal(*nets.transition(z)).to_event(1))
                pyro.sample(f"x_{t}", dist.Bernoulli(logits=nets.emission(z)).to_event(1), obs=x[:, t])

    def guide(x: Tensor) -> None:
        pyro.module(name, nets)
        h, z = nets.reader(x), x.new_zeros(batch, size)
        with pyro.plate("batch", batch):
            for t in pyro.markov(range(steps)):
                z = pyro.sample(f"z_{t}", dist.Normal(*nets.combiner(h[:, t], z)).to_event(1))

    def loss(noise: Noise | None) -> Tensor:
        # Only the guide draws; the model's sites are replayed from its trace.
        with replayed(steps_of(noise)), pyro.validation_enabled(checked):
            found: Tensor = elbo.differentiable_loss(model, guide, given.data["x"]) / batch
        return found

    return loss
