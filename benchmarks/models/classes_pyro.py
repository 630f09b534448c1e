"""The step of the exact sum over classes in Pyro: TraceEnum_ELBO, with the class enumerated in the guide."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from benchmarks.contest import Loss, Noise, Problem
from benchmarks.replay import replayed


def pyro_enumerated(given: Problem) -> Loss:
    """The class is enumerated in parallel; the divergence of z is taken at its draws."""
    import pyro
    import pyro.distributions as dist
    from pyro.infer import TraceEnum_ELBO, config_enumerate

    nets: Any = given.networks
    name, elbo = f"classes_{id(nets)}", TraceEnum_ELBO(max_plate_nesting=1)
    data, batch, size, classes = given.data["x"], given.sizes["batch"], given.sizes["z"], given.sizes["y"]

    def model(x: Tensor) -> None:
        pyro.module(f"{name}_decoder", nets.decoder)
        with pyro.plate("batch", batch):
            y = pyro.sample("y", dist.Categorical(logits=x.new_zeros(batch, classes)))
            prior = dist.Normal(x.new_zeros(batch, size), x.new_ones(batch, size))
            z = pyro.sample("z", prior.to_event(1))
            pyro.sample("x", dist.Bernoulli(logits=nets.decoder(y.expand(z.shape[:-1]), z)).to_event(1), obs=x)

    @config_enumerate  # type: ignore[untyped-decorator]
    def guide(x: Tensor) -> None:
        pyro.module(f"{name}_classifier", nets.classifier)
        pyro.module(f"{name}_encoder", nets.encoder)
        with pyro.plate("batch", batch):
            y = pyro.sample("y", dist.Categorical(logits=nets.classifier(x)))
            y = y.expand(classes, batch)
            pyro.sample("z", dist.Normal(*nets.encoder(x.expand(classes, *x.shape), y)).to_event(1))

    def loss(noise: Noise | None) -> Tensor:
        with replayed(None if noise is None else iter([noise["z"]])):
            found: Tensor = elbo.differentiable_loss(model, guide, data) / batch
        return found

    return loss
